"""Exports to object storage: against a real server that speaks S3, on this machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pyarrow import fs

import okireports
import servers
from commands import refused, run
from handed_out import centre, files
from killed_export import ASKED
from okireports.delivery import bucket
from okireports.errors import DeliveryError
from okireports.faces import Center

ROOT = "s3://exports/acme/june"


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre that no test changes."""
    return centre(tmp_path_factory.mktemp("bucket") / "centre")


@pytest.fixture(scope="module")
def whole(usual: Center, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of an export to a folder."""
    to = tmp_path_factory.mktemp("whole") / "out"
    usual.viewer("max").export(to, **ASKED)
    return files(to)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Where the server is."""
    with servers.storage() as found:
        yield found


@pytest.fixture
def storage(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server's file system, with an empty bucket; keys and address are in the environment."""
    return servers.bucket(address, monkeypatch.setenv, "exports")


def objects(storage: Any) -> dict[str, bytes]:
    """All objects below the place, by name."""
    found = {}
    for info in storage.get_file_info(fs.FileSelector("exports", recursive=True)):
        if info.type == fs.FileType.File:
            with storage.open_input_stream(info.path) as stream:
                found[info.path.removeprefix("exports/acme/june/")] = stream.read()
    return found


def test_it_is_what_a_folder_would_hold(usual: Center, whole: dict[str, bytes], storage: Any) -> None:
    made = usual.viewer("max").export(ROOT, **ASKED)
    assert objects(storage) == whole
    assert [p.path for p in made.projects] == [f"{ROOT}/0001-Acme", f"{ROOT}/0002-Bolt"]
    for place, count in ((ROOT, 7), (f"{ROOT}/0002-Bolt", 2)):
        found = okireports.verify(place)
        assert (found.whole, found.files, found.additional) == (True, count, ())


def test_repeated_it_sends_only_what_is_not_there(usual: Center, whole: dict[str, bytes], storage: Any) -> None:
    usual.viewer("max").export(ROOT, **ASKED)
    with storage.open_output_stream("exports/acme/june/0001-Acme/queue_summary.csv") as stream:
        stream.write(whole["0001-Acme/queue_summary.csv"][:-2] + b"x\n")
    storage.delete_file("exports/acme/june/0002-Bolt/calls/2025-06.csv")
    found = okireports.verify(ROOT)
    assert found.changed == ("0001-Acme/queue_summary.csv",) and found.missing == ("0002-Bolt/calls/2025-06.csv",)
    again = usual.viewer("max").export(ROOT, **ASKED)
    made = [(p.id, f.path) for p in again.projects for f in p.files if f.made]
    assert made == [(1, "queue_summary.csv"), (2, "calls/2025-06.csv")]
    assert objects(storage) == whole


@pytest.mark.parametrize("last", range(1, 11, 3))
def test_broken_off_it_leaves_no_manifest_and_goes_on(
    usual: Center, whole: dict[str, bytes], storage: Any, monkeypatch: pytest.MonkeyPatch, last: int
) -> None:
    """The connection is gone before the n-th object is sent."""
    sent, real = [], bucket.fs.copy_files

    def failing(*given: Any) -> None:
        sent.append(given[1])
        if len(sent) >= last:
            raise OSError("AWS Error NETWORK_CONNECTION during PutObject operation: curlCode: 52")
        real(*given)

    with monkeypatch.context() as broken:
        broken.setattr(bucket.fs, "copy_files", failing)
        with pytest.raises(DeliveryError, match="NETWORK_CONNECTION"):
            usual.viewer("max").export(ROOT, **ASKED)
    there = {name: said for name, said in objects(storage).items() if not name.endswith(".unfinished")}
    assert there.items() <= whole.items() and "manifest.json" not in there
    with pytest.raises(DeliveryError, match="holds no manifest"):
        okireports.verify(ROOT)
    usual.viewer("max").export(ROOT, **ASKED)
    assert objects(storage) == whole


def test_what_goes_wrong_is_said_without_keys(
    usual: Center, storage: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(DeliveryError, match=r"no such bucket") as told:
        usual.viewer("max").export("s3://elsewhere/x", **ASKED)
    assert "very-secret" not in str(told.value)
    with socket.socket() as free:  # nobody listens here
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(DeliveryError, match=r"the storage does not do it") as told:
            usual.viewer("max").export(ROOT, **ASKED)
    assert "very-secret" not in str(told.value)
    journal = [p.read_text("utf-8") for p in usual.folder.journal.iterdir()]
    assert not [said for said in journal if "very-secret" in said]


def test_the_commands_take_an_address(usual: Center, storage: Any) -> None:
    words = ("--viewer", "max", "--period", "2025-06", "--report", "queue_summary", "--format", "csv")
    assert f"Wrote {ROOT}: " in run("export", usual.path, *words, "--to", ROOT).stdout
    assert f"{ROOT} is whole: 4 files." in run("verify", ROOT).stdout
    assert "holds no manifest.json" in refused("verify", "s3://exports/nothing")
