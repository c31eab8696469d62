"""Schedules whose files go to object storage: against a real server that speaks S3, on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

import growing
import okireports
import posting
import servers
from posting import WHY, Clock, Mailbox, attached, daily, posted, schedules, states

DEST = "s3://reports/daily"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the storage is."""
    with servers.storage() as found:
        yield found


@pytest.fixture
def storage(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The storage's file system, with an empty bucket."""
    return servers.bucket(address, monkeypatch.setenv, "reports")


def names(storage: Any) -> list[str]:
    """What lies in the bucket, without the schedule's own folder."""
    listed = storage.get_file_info(fs.FileSelector("reports/daily", recursive=True, allow_not_found=True))
    return sorted(info.path.split("/", 3)[3] for info in listed if info.type == fs.FileType.File)


def test_files_go_to_a_bucket(storage: Any, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the storage does not answer it is waited for; a mail names the place of what it cannot carry.

    Before it is tried again boss loses Beta: what the first attempt had made of it goes.
    """
    clock = Clock()
    clock.to("2025-06-02 12:00")
    center = okireports.open(posting.made(tmp_path, days=1).path, now=clock)
    box = Mailbox(fault=lambda stage, to, content: "450 come again" if stage == "rcpt" else None)
    with posting.served(box) as port:
        posted(center, port, limit_mb="0.0001")
        daily(center, recipients=["boss"], destinations=[DEST])
        clock.to("2025-06-03 06:30")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{servers.free_port()}")
        assert states(center.schedules.run_due()) == ["waiting"]
        reason = schedules(center).history()["reason"].iloc[0]
        assert "the storage does not do it" in reason and "very-secret" not in reason
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        clock.to("2025-06-03 06:31")
        assert states(center.schedules.run_due()) == ["waiting"] and box.taken == []
        run = "2025-06-03T043000Z"
        own = [f"{run}/{name}" for name in ("0001-Alpha/manifest.json", "0001-Alpha/queue_summary.csv")]
        assert {*own, f"{run}/0002-Beta/queue_summary.csv", f"{run}/manifest.json"} <= {*names(storage)}
        center.projects.remove_member("Beta", "boss", **WHY)
        box.fault = lambda stage, to, content: None
        clock.to("2025-06-03 06:33")
        assert states(center.schedules.run_due()) == ["done"]
    assert names(storage) == [*own, f"{run}/manifest.json"]
    message = next(m for m in box.messages if "Alpha" in m["Subject"])
    (place,) = (line.split()[-1] for line in message.get_content().splitlines() if DEST in line)
    assert attached(message) == {} and place.endswith(f"{run}/0001-Alpha") and "Ask" not in message.get_content()
    assert okireports.verify(place).whole and okireports.verify(place.rpartition("/")[0]).whole
    kept = b"".join(path.read_bytes() for path in center.path.rglob("*") if path.is_file())
    assert b"very-secret" not in kept and growing.query(center, "SELECT state FROM control.runs") == [("done",)]
