"""A signed POST of the manifest: whoever has the key can tell that it is ours, and of now.

The signature is HMAC-SHA256 over the timestamp, a full stop and the body; see docs/schedules.md.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import UTC, datetime
from http.client import HTTPException
from typing import Any

from okireports.schedule.post import NoSecret, Post
from okireports.schedule.smtp import Later, Never, text

PASSING = (408, 425, 429)  # answers of a server that is busy; any other 4xx stays


class Unmoved(urllib.request.HTTPRedirectHandler):
    """A redirect is not followed: what was signed for one address does not go to another."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        """Follow nothing."""


def signature(key: str, timestamp: str, body: bytes) -> str:
    """What the header `X-Okireports-Signature` says."""
    made = hmac.new(key.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
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
        "X-Okireports-Signature": signature(key, timestamp, body),
    }
    request = urllib.request.Request(url, body, headers, method="POST")
    try:
        with urllib.request.build_opener(Unmoved).open(request, timeout=float(post.timeout_s)) as answer:
            return f"{answer.status} {text(answer.reason)}"
    except urllib.error.HTTPError as error:
        told = f"The webhook answered {error.code} {text(error.reason)}"
        final = 300 <= error.code < 500 and error.code not in PASSING
        raise (Never(told) if final else Later(told)) from None
    except (OSError, HTTPException) as error:
        raise Later(f"The webhook cannot be reached: {text(str(error) or type(error).__name__)}") from None
