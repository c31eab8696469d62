"""A signed POST of the manifest: whoever has the key can tell that it is ours, which delivery it is, and of when.

The signature is HMAC-SHA256 over the delivery's id, the timestamp and the body, with full stops between; see
docs/schedules.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from okireports.schedule.post import NoSecret, Post
from okireports.schedule.smtp import Later, Never, text

PASSING = (408, 425, 429)  # answers of a server that is busy; any other 4xx stays
WHOLE = 2.0  # times the patience for one answer: a server that says a letter now and then keeps nobody for longer


class Unmoved(urllib.request.HTTPRedirectHandler):
    """A redirect is not followed: what was signed for one address does not go to another."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


def signature(key: str, id: str, timestamp: str, body: bytes) -> str:
    """What the header `X-Okireports-Signature` says."""
    made = hmac.new(key.encode(), f"{id}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"


def post_manifest(url: str, manifest: Mapping[str, Any], post: Post, *, id: str, at: datetime) -> str:
    """Send the manifest; gives what the server answered.

    Args:
        url: where to.
        manifest: what the run made.
        post: the settings, which say where the key is and how long an answer is waited for.
        id: of this delivery; the same whenever it is sent again.
        at: naive UTC.

    Raises:
        Later: it cannot be reached or is busy, or there is no key.
        Never: it answers that it does not take it.
    """
    try:
        key = post.key
    except NoSecret as error:
        raise Later(str(error)) from None
    body = json.dumps(manifest, default=str, ensure_ascii=False, sort_keys=True).encode()
    timestamp = str(int(at.replace(tzinfo=UTC).timestamp()))
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "okireports",
        "X-Okireports-Delivery": id,
        "X-Okireports-Timestamp": timestamp,
        "X-Okireports-Signature": signature(key, id, timestamp, body),
    }
    code, reason = answered(urllib.request.Request(url, body, headers, method="POST"), float(post.timeout_s))
    if 200 <= code < 300:
        return f"{code} {reason}"
    told = f"The webhook answered {code} {reason}"
    raise Never(told) if 300 <= code < 500 and code not in PASSING else Later(told)


def answered(request: urllib.request.Request, patience: float) -> tuple[int, str]:
    """The status that a server answers with, and its words.

    Raises:
        Later: it cannot be reached, or does not answer in time.
    """
    told: list[tuple[int, str] | str] = []

    def ask() -> None:
        try:
            with urllib.request.build_opener(Unmoved).open(request, timeout=patience) as answer:
                told.append((answer.status, text(answer.reason)))
        except urllib.error.HTTPError as error:
            told.append((error.code, text(error.reason)))
            error.close()
        except (OSError, HTTPException, ValueError) as error:
            told.append(text(str(error) or type(error).__name__))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(WHOLE * patience)
    said = told[0] if told else f"no whole answer within {WHOLE * patience:g} seconds"
    if isinstance(said, str):
        raise Later(f"The webhook cannot be reached: {said}")
    return said
