"""Where exports go, exports that are broken off and repeated, and what `verify` finds."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import loaded
import okireports
from handed_out import SAY, centre, files, manifest
from killed_export import ASKED
from killer import Killer
from okireports.errors import BadOption, DeliveryError, NewerFormat
from okireports.faces import Center

ACME, BOLT = "0001-Acme", "0002-Bolt"
EACH = 1 if int(os.environ.get("WORLDS") or 0) > 50 else 7  # of so many steps, one is tried; a long run tries each


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre that no test changes."""
    return centre(tmp_path_factory.mktemp("places") / "centre")


@pytest.fixture(scope="module")
def whole(usual: Center, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export that nothing disturbed."""
    to = tmp_path_factory.mktemp("whole") / "out"
    usual.viewer("max").export(to, **ASKED)
    return to


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    started = Killer("killed_export.py")
    yield started
    started.close()


def made(exported: Any) -> list[str]:
    """The files that an export made, and did not find there."""
    return [f"{Path(p.path).name}/{f.path}" for p in exported.projects for f in p.files if f.made]


# Broken off, and repeated


def test_killed_at_any_step_it_leaves_nothing_by_half_and_is_repeated(
    usual: Center, whole: Path, killer: Killer, tmp_path: Path
) -> None:
    wanted = files(whole)
    step, killed, went_on = 1, 0, 0
    while True:
        to = tmp_path / str(step)
        said = killer.ask(center=usual.path, to=to, step=step)
        if not said["killed"]:
            assert files(to) == wanted and said["steps"] < step
            break
        killed += 1
        there = files(to) if to.is_dir() else {}
        shown = {name: text for name, text in there.items() if not name.rpartition("/")[2].startswith(".")}
        assert shown.items() <= wanted.items(), step  # each is whole, or is not there
        assert ("manifest.json" in shown) <= (shown == wanted), step
        for folder in (ACME, BOLT):
            if f"{folder}/manifest.json" in shown:
                assert okireports.verify(to / folder).whole
        again = usual.viewer("max").export(to, **ASKED)
        assert files(to) == wanted, step  # what was left under other names is gone, too
        went_on += len(made(again)) < 6
        shutil.rmtree(to)
        step += EACH
    assert killed > 60 // EACH and went_on > killed // 3


def test_repeated_it_makes_nothing_that_is_there(usual: Center, whole: Path, tmp_path: Path) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    before = {p: p.stat().st_mtime_ns for p in to.rglob("*.csv")}
    assert made(usual.viewer("max").export(to, **ASKED)) == []
    assert {p: p.stat().st_mtime_ns for p in to.rglob("*.csv")} == before and len(before) == 5
    assert files(to) == files(whole)


@pytest.mark.parametrize("what", ["changed", "missing", "link"])
def test_what_is_not_as_it_was_is_made_anew(usual: Center, whole: Path, tmp_path: Path, what: str) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    path, other = to / ACME / "queue_summary.csv", tmp_path / "other"
    shutil.copy(path, other)
    text = path.read_bytes()
    path.unlink()
    if what == "changed":
        path.write_bytes(text[:-3] + b"9\r\n")
    elif what == "link":
        path.symlink_to(other)
    assert made(usual.viewer("max").export(to, **ASKED)) == [f"{ACME}/queue_summary.csv"]
    assert files(to) == files(whole) and not path.is_symlink() and other.read_bytes() == text


def test_another_state_viewer_or_question_makes_it_anew(usual: Center, whole: Path, tmp_path: Path) -> None:
    own = okireports.open(shutil.copytree(usual.path, tmp_path / "centre"), now=loaded.NOW)
    to = shutil.copytree(whole, tmp_path / "out")
    assert made(own.viewer("max").export(to, **ASKED)) == []
    own.projects.change("Bolt", description="nothing of a report", **SAY)
    everything = [f"{folder}/{name}" for folder in (ACME, BOLT) for name in manifest_files(whole / folder)]
    assert made(own.viewer("max").export(to, **ASKED)) == everything
    own.users.create("moe", role="Supervisor", projects=["Acme", "Bolt"], **SAY)
    assert made(own.viewer("moe").export(to, **ASKED)) == everything
    asked = ASKED | {"period": ("2025-06-01", "2025-07-15")}
    own.viewer("moe").export(to, **ASKED)
    assert set(made(own.viewer("moe").export(to, **asked))) == set(everything)
    assert made(own.viewer("moe").export(to, **asked | {"language": "pl"})) == [
        f"{folder}/queue_summary.csv" for folder in (ACME, BOLT)
    ]


def manifest_files(folder: Path) -> list[str]:
    return [entry["path"] for entry in manifest(folder)["files"]]


def test_what_an_earlier_export_made_stays_and_is_told(usual: Center, whole: Path, tmp_path: Path) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    (to / "notes.txt").write_text("mine")
    again = usual.viewer("max").export(to, **ASKED | {"tables": (), "projects": "Acme"})
    earlier = {name for name in files(whole) if "calls/" in name or name.startswith(BOLT)}
    assert set(again.additional) == {*earlier, "notes.txt"}
    found = okireports.verify(to)
    assert found.whole and set(found.additional) == {*earlier, "notes.txt"}
    assert okireports.verify(to / BOLT).whole


def test_a_project_that_was_renamed_has_another_folder(usual: Center, whole: Path, tmp_path: Path) -> None:
    own = okireports.open(shutil.copytree(usual.path, tmp_path / "centre"), now=loaded.NOW)
    own.projects.rename("Acme", "Apex", **SAY)
    to = shutil.copytree(whole, tmp_path / "out")
    again = own.viewer("max").export(to, **ASKED)
    assert [Path(p.path).name for p in again.projects] == ["0001-Apex", BOLT]
    assert all(name.startswith(ACME) for name in again.additional) and again.additional


# Folders


def test_files_and_folders_are_their_owners_only(usual: Center, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        usual.viewer("max").export(tmp_path / "out", **ASKED)
    finally:
        os.umask(old)
    modes = {p: p.stat().st_mode & 0o777 for p in (tmp_path / "out", *(tmp_path / "out").rglob("*"))}
    assert {mode for p, mode in modes.items() if p.is_file()} == {0o600}
    assert {mode for p, mode in modes.items() if p.is_dir()} == {0o700}


Place = Callable[[Center, Path], Path]
PLACES: dict[str, tuple[Place, str]] = {
    "a link": (lambda c, p: link(p / "link", p), "is a link"),
    "a dangling link": (lambda c, p: link(p / "link", p / "nowhere"), "is a link"),
    "a file": (lambda c, p: wrote(p / "file"), "is a file"),
    "in no folder": (lambda c, p: p / "no" / "such", "There is no folder"),
    "the centre": (lambda c, p: c.path, "lies in the centre"),
    "in the centre": (lambda c, p: c.path / "out", "lies in the centre"),
    "in the centre by a link": (lambda c, p: link(p / "door", c.folder.stores) / "out", "lies in the centre"),
    "around the centre": (lambda c, p: c.path.parent, "lies in the centre or around it"),
    "read-only": (lambda c, p: Path("/sys/okireports"), "cannot be written by you"),
}


def link(path: Path, to: Path) -> Path:
    path.symlink_to(to)
    return path


def wrote(path: Path) -> Path:
    path.write_text("mine")
    return path


@pytest.mark.parametrize("what", PLACES)
def test_a_place_that_does_not_do_is_refused(usual: Center, tmp_path: Path, what: str) -> None:
    place, why = PLACES[what]
    to = place(usual, tmp_path)
    before = files(usual.path.parent), files(tmp_path)
    with pytest.raises(DeliveryError, match=why):
        usual.viewer("max").export(to, **ASKED)
    told = (files(usual.path.parent), files(tmp_path))
    assert [{n for n in said if "journal" not in n} for said in told] == [
        {n for n in said if "journal" not in n} for said in before
    ]


@pytest.mark.parametrize(
    "address", ["ftp://host/x", "sftp://host/x", "s3://", "s3://key:secret@bucket/x", "s3://b/../c"]
)
def test_an_address_that_is_no_place_is_refused(usual: Center, address: str) -> None:
    with pytest.raises(BadOption) as told:
        usual.viewer("max").export(address, **ASKED)
    assert "secret" not in str(told.value)


def test_a_link_in_the_place_of_a_folder_leads_nothing_out(usual: Center, tmp_path: Path) -> None:
    out, outside = tmp_path / "out", tmp_path / "outside"
    (out / ACME).mkdir(parents=True)
    outside.mkdir()
    (out / ACME / "calls").symlink_to(outside)
    with pytest.raises(DeliveryError, match="is a link"):
        usual.viewer("max").export(out, **ASKED)
    assert list(outside.iterdir()) == []


def test_a_manifest_of_something_else_is_not_replaced(usual: Center, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"name": "an app"}')
    with pytest.raises(DeliveryError, match="no manifest of an export"):
        usual.viewer("max").export(tmp_path, **ASKED)
    assert files(tmp_path) == {"manifest.json": b'{"name": "an app"}'}


def test_two_exports_do_not_write_to_one_place(usual: Center, tmp_path: Path) -> None:
    said = []

    def step(name: str, advance: int = 0) -> None:
        with pytest.raises(DeliveryError, match="Another export is writing") as told:
            usual.viewer("max").export(tmp_path / "out", **ASKED)
        said.append(str(told.value))

    usual.viewer("max").export(tmp_path / "out", **ASKED | {"step": step})
    assert said and okireports.verify(tmp_path / "out").whole


@pytest.mark.parametrize("limit", [100, 900, 3000])
def test_a_full_disk_leaves_nothing_by_half(usual: Center, whole: Path, tmp_path: Path, limit: int) -> None:
    """No file may grow beyond a limit; once there is room it goes on."""
    to, asked = tmp_path / "out", ASKED | {"formats": ["csv", "parquet", "json"]}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    journal = usual.folder.journal
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(okireports.OkiReportsError, match=r"no room left|must be written"):
            usual.viewer("max").export(to, **asked)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert journal.is_dir() and "manifest.json" not in files(to)
    assert not [name for name in files(to) if name.endswith(".part")]
    usual.viewer("max").export(to, **asked)
    found = okireports.verify(to)
    assert found.whole and not found.additional
    assert {n: t for n, t in files(to).items() if n.endswith(".csv")} == {
        n: t for n, t in files(whole).items() if n.endswith(".csv")
    }


# What verify finds


def test_it_finds_what_is_missing_changed_and_additional(whole: Path, tmp_path: Path) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    (to / ACME / "calls" / "2025-06.csv").unlink()
    (to / BOLT / "queue_summary.csv").write_bytes(b"x")
    (to / BOLT / ".hidden").write_bytes(b"x")
    (to / ACME / "more").symlink_to(tmp_path)
    found = okireports.verify(to)
    assert (found.files, found.whole) == (7, False)
    assert found.missing == (f"{ACME}/calls/2025-06.csv",)
    assert found.changed == (f"{BOLT}/queue_summary.csv",)
    assert found.additional == (f"{ACME}/more", f"{BOLT}/.hidden")
    assert okireports.verify(to / BOLT).changed == ("queue_summary.csv",)


def test_a_link_is_not_the_file(whole: Path, tmp_path: Path) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    path = to / ACME / "queue_summary.csv"
    shutil.copy(path, tmp_path / "same")
    path.unlink()
    path.symlink_to(tmp_path / "same")
    assert okireports.verify(to).changed == (f"{ACME}/queue_summary.csv",)


@pytest.mark.parametrize("path", ["../../secret", "/etc/passwd", "a/../../b", "", "a//b", "..\\x", 7])
def test_a_manifest_that_names_what_is_not_below_it_is_none(whole: Path, tmp_path: Path, path: object) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    said = manifest(to)
    said["files"][0]["path"] = path
    (to / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(DeliveryError, match="was altered"):
        okireports.verify(to)


@pytest.mark.parametrize(
    "said", [b"", b"{", b"[]", b"null", b'{"schema": 1}', b"\xff\xfe", b'{"files": 3, "schema": "1"}']
)
def test_a_manifest_that_cannot_be_read_is_said(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(said)
    with pytest.raises(DeliveryError, match="no manifest of an export"):
        okireports.verify(tmp_path)


def test_a_newer_manifest_asks_for_a_newer_okireports(whole: Path, tmp_path: Path) -> None:
    to = shutil.copytree(whole, tmp_path / "out")
    (to / "manifest.json").write_text(json.dumps(manifest(to) | {"schema": 2}))
    with pytest.raises(NewerFormat, match="schema 2"):
        okireports.verify(to)


def test_without_a_manifest_it_says_why(whole: Path, tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(DeliveryError, match=re.escape("no export")):
            okireports.verify(path)
    to = shutil.copytree(whole, tmp_path / "out")
    (to / "manifest.json").rename(to / ".unfinished")
    with pytest.raises(DeliveryError, match="was not finished; repeat it"):
        okireports.verify(to)
