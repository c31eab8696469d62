"""Files behind a URL: fetched to the disk piece by piece, then read like any others.

`http` and `https` need nothing more; `s3`, `gs` and `abfs` go through Arrow's own file systems, which find keys, region
and endpoint where the clouds' tools do (`AWS_PROFILE`, `AWS_ENDPOINT_URL`, ...) or in the URL
(`s3://bucket/folder?region=eu-central-1&endpoint_override=...`). What a URL carries beside the place (a key, a
signature) is never repeated in a message or in the record of a load.
"""

from __future__ import annotations

import http.client
import shutil
from base64 import b64encode
from pathlib import Path, PurePosixPath
from typing import Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import pyarrow as pa
from pyarrow import fs

from okireports.errors import LoadError
from okireports.sources.feed import Scratch

WEB = ("http", "https")
CLOUDS = ("s3", "gs", "gcs", "abfs", "abfss")
_PIECE = 1 << 20
_PATIENCE = 60  # seconds without a byte


class Bytes(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int = ..., /) -> bytes:
        """The next bytes, b"" at the end."""


def is_url(path: str) -> bool:
    """Is this a place that `fetch` knows to reach?"""
    return "://" in path and urlsplit(path).scheme.lower() in (*WEB, *CLOUDS)


def fetch(url: str, scratch: Scratch) -> Path:
    """A file, or a folder of files, copied from a URL.

    Raises:
        LoadError: nothing there, no right to read it, or a connection that breaks.
    """
    place = plain(url)
    target = scratch.folder() / "fetched"
    target.mkdir()
    try:
        return _web(url, place, target) if urlsplit(url).scheme.lower() in WEB else _cloud(url, place, target)
    except HTTPError as error:
        error.close()  # it is the answer, with its connection
        raise _broken(place, f"the server says {error.code} {error.reason}") from error
    except URLError as error:
        raise _broken(place, str(getattr(error, "reason", error))) from error
    except (OSError, http.client.HTTPException, pa.ArrowException) as error:
        raise _broken(place, str(error).splitlines()[0] if str(error) else type(error).__name__) from error


def plain(url: str) -> str:
    """A URL without user, password, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _broken(place: str, why: str) -> LoadError:
    return LoadError(f"The file cannot be fetched: {why}.", file=place, hint="Check the address and the right to it.")


def _web(url: str, place: str, target: Path) -> Path:
    name = PurePosixPath(unquote(urlsplit(url).path)).name
    if not name or "\0" in name:
        raise LoadError("This address names no file.", file=place, hint="Give one that ends in, say, calls.csv.")
    with urlopen(_request(url), timeout=_PATIENCE) as source:
        _copy(source, target / name)
        promised = source.headers.get("Content-Length")
    have = (target / name).stat().st_size
    if promised and int(promised) != have:
        raise _broken(place, f"the connection broke after {have:,} of {int(promised):,} bytes")
    return target / name


def _request(url: str) -> Request:
    """User and password of the URL go where the web wants them."""
    parts = urlsplit(url)
    who, _, host = parts.netloc.rpartition("@")
    made = Request(parts._replace(netloc=host, fragment="").geturl(), headers={"User-Agent": "okireports"})
    if who:
        made.add_unredirected_header("Authorization", f"Basic {b64encode(unquote(who).encode()).decode()}")
    return made


def _cloud(url: str, place: str, target: Path) -> Path:
    files, path = fs.FileSystem.from_uri(url)
    path = path.rstrip("/")
    info = files.get_file_info(path)
    if info.type == fs.FileType.File:
        with files.open_input_stream(path) as source:
            _copy(source, target / info.base_name)
        return target / info.base_name
    found = files.get_file_info(fs.FileSelector(path, recursive=True, allow_not_found=True))
    inside = [f.path for f in found if f.type == fs.FileType.File]
    if not inside:
        raise LoadError("There is nothing at this address.", file=place)
    for one in inside:
        parts = PurePosixPath(one.removeprefix(path).lstrip("/")).parts
        if ".." in parts:
            raise _broken(place, f"the name {one!r} leads out of it")
        copy = target.joinpath(*parts)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with files.open_input_stream(one) as source:
            _copy(source, copy)
    return target


def _copy(source: Bytes, target: Path) -> None:
    with target.open("wb") as out:
        shutil.copyfileobj(source, out, _PIECE)
