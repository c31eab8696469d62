"""Object storage that speaks S3: an object appears whole when it has been sent, so nothing there is renamed.

The keys, and where the storage is, come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION and,
where it is not Amazon's, AWS_ENDPOINT_URL.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import SplitResult, urlsplit

from pyarrow import fs

from okireports.delivery.target import checksum, telling, told
from okireports.errors import BadOption, DeliveryError

CONNECT, REQUEST = 10, 60  # seconds to wait for an answer
ATTEMPTS = 3


@dataclass(frozen=True)
class Bucket:
    """A prefix in a bucket."""

    path: str
    base: str  # bucket/prefix
    storage: Any  # pyarrow's file system

    @classmethod
    def at(cls, address: str) -> Bucket:
        """The place that s3://bucket/prefix means.

        Raises:
            BadOption: it names no bucket, or more than a place.
        """
        base = base_of(address)
        return cls(f"s3://{base}", base, storage())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """See whether the bucket answers.

        Raises:
            DeliveryError: it does not.
        """
        with answering(self.path):
            bucket = self.base.partition("/")[0]
            if self.storage.get_file_info(bucket).type == fs.FileType.NotFound:
                raise DeliveryError(f"{self.path}: there is no such bucket, or not for these keys.")
        yield

    def open(self, name: str) -> IO[bytes]:
        """Open an object for reading."""
        with answering(self.path):
            if self.storage.get_file_info(self._key(name)).type == fs.FileType.File:
                stream: IO[bytes] = self.storage.open_input_stream(self._key(name))
                return stream
        raise FileNotFoundError(name)

    def put(self, name: str, save: Callable[[Path], object]) -> tuple[int, str]:
        """Let a file be written here, and send it."""
        with telling(tempfile.gettempdir()), tempfile.TemporaryDirectory(prefix="okireports-") as folder:  # its owner's
            path = Path(folder, name.rpartition("/")[2])
            save(path)
            with path.open("rb") as file:
                found = checksum(file)
            with answering(self.path):
                fs.copy_files(str(path), self._key(name), fs.LocalFileSystem(), self.storage)
            return found

    def write(self, name: str, said: bytes) -> tuple[int, str]:
        """Put a small object there."""
        return self.put(name, lambda path: path.write_bytes(said))

    def append(self, name: str, line: bytes) -> None:
        """An object takes no further lines: what was made of a project counts once its manifest is there."""

    def remove(self, name: str) -> None:
        """Take an object away."""
        with answering(self.path):
            if self.storage.get_file_info(self._key(name)).type == fs.FileType.File:
                self.storage.delete_file(self._key(name))

    def clear(self) -> None:
        """Nothing is there by half."""

    def names(self) -> Iterator[str]:
        """The names of all objects."""
        with answering(self.path):
            listed = self.storage.get_file_info(fs.FileSelector(self.base, recursive=True, allow_not_found=True))
        for info in sorted(listed, key=lambda info: str(info.path)):
            if info.type == fs.FileType.File:
                yield str(info.path).removeprefix(f"{self.base}/")

    def _key(self, name: str) -> str:
        return f"{self.base}/{name}"


def base_of(address: str) -> str:
    """The bucket and prefix that s3://bucket/prefix means, with a slash between.

    Raises:
        BadOption: it names no bucket, or more than a place.
    """
    said = split(address, "An address")
    if "@" in said.netloc or said.query or said.fragment:
        raise BadOption("s3://bucket/prefix names a place and nothing else; keys come from the environment.")
    parts = [said.netloc, *filter(None, said.path.split("/"))]
    if not said.netloc or {".", ".."} & set(parts):
        raise BadOption(f"{address!r} is no place in object storage; write s3://bucket/prefix.")
    return "/".join(parts)


def storage() -> Any:
    """The file system that the environment names.

    Raises:
        BadOption: it names none that there can be.
    """
    given: dict[str, Any] = {"connect_timeout": CONNECT, "request_timeout": REQUEST}
    given["retry_strategy"] = fs.AwsStandardS3RetryStrategy(max_attempts=ATTEMPTS)
    if endpoint := os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"):
        said = split(endpoint if "://" in endpoint else f"https://{endpoint}", "AWS_ENDPOINT_URL")
        if said.scheme not in ("http", "https") or not said.netloc or "@" in said.netloc:
            raise BadOption("AWS_ENDPOINT_URL is an address such as https://storage.example.com, without keys.")
        given |= {"endpoint_override": said.netloc, "scheme": said.scheme}
    return fs.S3FileSystem(**given)


def split(address: str, what: str) -> SplitResult:
    """An address in its parts.

    Raises:
        BadOption: it is none; it is not repeated, for it may hold keys.
    """
    try:
        return urlsplit(address)
    except ValueError:
        raise BadOption(
            f"{what} cannot be read: a place is written s3://bucket/prefix, a server https://name."
        ) from None


@contextmanager
def answering(path: str) -> Iterator[None]:
    """Say what the storage says.

    Raises:
        DeliveryError: it is not there, or refuses.
    """
    try:
        yield
    except OSError as error:
        raise DeliveryError(
            f"{path}: the storage does not do it ({told(error)}). Look at the keys, the bucket and AWS_ENDPOINT_URL; "
            "then repeat the export, which goes on where it stopped."
        ) from error
