"""Exports that are asked for wrongly, or disturbed while they run; and disks that are really full."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import loaded
import okireports
from conftest import absent
from handed_out import PERIOD, SAY, centre, files, journal, manifest
from killed_export import ASKED
from okireports.errors import BadOption, DeliveryError, Refused
from okireports.faces import Center

ACME, BOLT = "0001-Acme", "0002-Bolt"
ROOM = 8 << 20  # bytes of the small disk


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """A centre that no test changes."""
    return centre(tmp_path_factory.mktemp("mishaps") / "centre")


@pytest.fixture
def own(usual: Center, tmp_path: Path) -> Center:
    """A centre of a test's own."""
    shutil.copytree(usual.path, tmp_path / "centre")
    return okireports.open(tmp_path / "centre", now=loaded.NOW)


def export(center: Center, to: Any, login: str = "max", **more: Any) -> Any:
    return center.viewer(login).export(to, **{"period": PERIOD, "tables": "calls"} | more)


# Asked for wrongly


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"projects": []}, "No project is asked for"),
        ({"projects": 1.5}, "is no name"),
        ({"tables": None}, r"tables=None cannot be read: give a name, or a list"),
        ({"tables": [["calls"]]}, r"\['calls'\] is no name: tables"),
        ({"formats": None}, "formats=None"),
        ({"formats": [7]}, "7 is no name: formats"),
        ({"reports": 5}, "reports=5"),
        ({"reports": {"call_log": {"limit": 1}}}, "reports={'call_log'"),  # the options would be lost
        ({"reports": [("call_log", {3: 1})]}, "by the names of options"),
        ({"options": [1]}, r"options=\[1\] cannot be read"),
        ({"language": ["en"]}, "no language"),
    ],
)
def test_what_cannot_be_understood_is_said(usual: Center, tmp_path: Path, given: dict[str, Any], why: str) -> None:
    with pytest.raises(BadOption, match=why):
        export(usual, tmp_path / "out", **given)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("dest", ["", None, 5, b"out", "a\0b", "s3://[key:secret@x/y", "s3://a\uff03key:secret@x/y"])
def test_what_is_no_place_is_said_by_both(usual: Center, dest: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for ask in (lambda: export(usual, dest), lambda: okireports.verify(dest)):
        with pytest.raises(BadOption) as told:
            ask()
        assert "secret" not in str(told.value)


def test_a_name_that_no_disk_takes_is_said(usual: Center, tmp_path: Path) -> None:
    with pytest.raises(DeliveryError, match="File name too long"):
        export(usual, tmp_path / ("x" * 300))
    with pytest.raises(DeliveryError, match="it is no export"):
        okireports.verify(tmp_path / ("x" * 300))


@pytest.mark.parametrize("address", ["http://key:secret@127.0.0.1:1", "ftp://host", "https://", "http://[x"])
def test_an_address_of_a_server_that_is_none_is_said(
    usual: Center, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", address)
    with pytest.raises(BadOption, match="AWS_ENDPOINT_URL") as told:
        export(usual, "s3://exports/x")
    assert "secret" not in str(told.value)


def test_projects_can_be_what_is_read_only_once(own: Center, tmp_path: Path) -> None:
    """They are looked at again where an export begins anew."""
    forgotten = []

    def step(name: str, advance: int = 0) -> None:
        if advance and not forgotten:
            forgotten.append(own.forget("+48220000101", **SAY))

    made = export(own, tmp_path / "out", projects=(name for name in ("Acme", "Bolt")), step=step)
    assert forgotten and [p.name for p in made.projects] == ["Acme", "Bolt"]


# Rights that are not there, or no longer


def test_a_digest_that_she_may_not_have_is_left_out_and_told(own: Center, tmp_path: Path) -> None:
    own.roles.create("Reader", copy="Supervisor", reports=("call_log",), **SAY)
    own.users.create("rita", role="Reader", projects=["Acme"], **SAY)
    made = export(own, tmp_path / "out", "rita", digest=True)
    (folder,) = made.projects
    assert {f.what for f in folder.files} == {"calls"}
    assert folder.left_out == ("digest.html: rita may run none of the reports of which a digest is made.",)
    assert [e["path"] for e in manifest(tmp_path / "out")["left_out"]] == [f"{ACME}/digest.html"]
    assert json.loads(journal(own)[-1]["after"])["digest"] is False
    with pytest.raises(Refused, match="may run none of the reports"):
        export(own, tmp_path / "alone", "rita", tables=(), digest=True)
    assert not (tmp_path / "alone").exists() and journal(own)[-1]["action"] == "refused"


def test_a_right_that_goes_meanwhile_ends_the_export(own: Center, tmp_path: Path) -> None:
    own.roles.create("Caller", copy="Supervisor", **SAY)
    own.users.create("cora", role="Caller", projects=["Acme", "Bolt"], **SAY)

    def step(name: str, advance: int = 0) -> None:
        if advance:
            own.roles.change("Caller", take=("see_phone_numbers",), **SAY)

    with pytest.raises(Refused, match="has changed while it was exported: repeat"):
        export(own, tmp_path / "out", "cora", tables=["calls", "contacts"], formats="csv", step=step)
    assert not [name for name in files(tmp_path / "out") if name.startswith(BOLT)]
    export(own, tmp_path / "new", "cora", tables="calls")
    assert okireports.verify(tmp_path / "new").whole


@pytest.mark.parametrize("repeated", [False, True])
def test_of_whom_the_centre_forgets_meanwhile_nothing_stays_that_is_not_made_anew(
    own: Center, tmp_path: Path, repeated: bool
) -> None:
    """She is all that was in a file, made now or found there; another of that name is not made again."""
    forgotten = []

    def step(name: str, advance: int = 0) -> None:
        if advance and not forgotten:
            forgotten.append(own.forget("+48220000103", **SAY))

    july = {"period": "2025-07", "projects": "Acme", "tables": ["calls", "contacts"], "formats": "csv"}
    if repeated:
        export(own, tmp_path / "out", **july)
    made = export(own, tmp_path / "out", step=step, **july)
    assert forgotten and made.additional == ()
    assert not [name for name, said in files(tmp_path / "out").items() if b"0000103" in said or b"Alan" in said]


# Repeated


def test_a_digest_is_not_made_anew_because_time_goes_on(usual: Center, tmp_path: Path) -> None:
    asked = {"tables": (), "digest": True, "period": "2025-06-02", "projects": "Acme"}
    export(usual, tmp_path / "out", **asked)
    later = okireports.open(usual.path, now=loaded.NOW + timedelta(hours=5))
    assert not [f for p in export(later, tmp_path / "out", **asked).projects for f in p.files if f.made]


def test_what_is_left_out_stands_in_one_order(usual: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from okireports.export import workbook

    monkeypatch.setattr(workbook, "_ROWS", 0)
    export(usual, tmp_path / "out", tables=["recordings", "calls"], projects="Acme", formats="xlsx")
    left = [entry["path"] for entry in manifest(tmp_path / "out" / ACME)["left_out"]]
    assert left == sorted(left) and len(left) == 4


# What else lies there


@pytest.mark.parametrize("name", ["manifest.json", f"{ACME}/queue_summary.csv", f"{ACME}/manifest.json"])
@pytest.mark.parametrize("what", ["folder", "pipe"])
def test_what_is_no_file_is_neither_waited_for_nor_taken_for_one(
    usual: Center, tmp_path: Path, name: str, what: str
) -> None:
    to = tmp_path / "out"
    usual.viewer("max").export(to, **ASKED)
    (to / name).unlink()
    make = {"folder": os.mkdir, "pipe": os.mkfifo}[what]
    make(to / name)
    if name == "manifest.json":
        with pytest.raises(DeliveryError, match="holds no manifest"):
            okireports.verify(to)
    else:
        assert name in {*okireports.verify(to).changed, *okireports.verify(to).missing}
    if what == "folder":
        with pytest.raises(okireports.OkiReportsError, match=name):  # which one it is
            usual.viewer("max").export(to, **ASKED)
        assert (to / name).is_dir()
    else:
        usual.viewer("max").export(to, **ASKED)
        assert okireports.verify(to).whole


def test_a_file_that_cannot_be_read_is_not_called_changed(
    usual: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to = tmp_path / "out"
    usual.viewer("max").export(to, **ASKED)

    def broken(file: Any) -> tuple[int, str]:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as disk:
        disk.setattr("okireports.delivery.manifest.checksum", broken)
        with pytest.raises(DeliveryError, match=r"calls/2025-06\.csv cannot be read \(Input/output error\)"):
            okireports.verify(to)
    assert okireports.verify(to).whole


@pytest.mark.parametrize("said", [b"[" * 200_000, b'{"a":' * 200_000])
def test_a_manifest_that_leads_astray_is_none(usual: Center, tmp_path: Path, said: bytes) -> None:
    (tmp_path / "manifest.json").write_bytes(said)
    for ask in (lambda: okireports.verify(tmp_path), lambda: usual.viewer("max").export(tmp_path, **ASKED)):
        with pytest.raises(DeliveryError, match="is no manifest of an export"):
            ask()
    assert set(files(tmp_path)) == {"manifest.json"}


def test_a_manifest_that_names_a_file_twice_is_none(usual: Center, tmp_path: Path) -> None:
    to = tmp_path / "out"
    usual.viewer("max").export(to, **ASKED)
    said = manifest(to)
    said["files"] += [said["files"][0] | {"sha256": "0" * 64}]
    (to / "manifest.json").write_text(json.dumps(said))
    with pytest.raises(DeliveryError, match="was altered"):
        okireports.verify(to)


def test_a_link_that_appears_meanwhile_in_the_place_of_the_folder_is_not_followed(
    usual: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, outside, real = tmp_path / "out", tmp_path / "outside", os.access
    outside.mkdir()

    def swapped(path: Any, mode: int) -> bool:
        to.rmdir()
        to.symlink_to(outside)
        return real(path, mode)

    monkeypatch.setattr(os, "access", swapped)
    with pytest.raises(DeliveryError):
        export(usual, to)
    assert list(outside.iterdir()) == []


def test_two_that_make_the_folder_at_once_do_not_stumble(
    usual: Center, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    to, real = tmp_path / "out", Path.mkdir

    def late(path: Path, *given: Any, **more: Any) -> None:
        if path == to and not to.exists():
            os.mkdir(to, 0o700)  # the other was quicker
        real(path, *given, **more)

    monkeypatch.setattr(Path, "mkdir", late)
    export(usual, to)
    assert okireports.verify(to).whole


# CSV


def test_the_rule_against_formulas_can_be_undone(own: Center, tmp_path: Path) -> None:
    names = ["'=1+1", "''@x", "\uff1d1+1", "'quoted'", "plain", "=1"]
    lines = [
        loaded.call(f"q-{n}", "2025-06-05T10:00:00Z", f"Acme sales,+4822000100{n},{name}")
        for n, name in enumerate(names)
    ]
    loaded.load(own, {"calls": loaded.calls(*lines, columns="queue,phone,contact_name")})
    export(own, tmp_path / "out", tables="contacts", formats="csv", projects="Acme")
    with (tmp_path / "out" / ACME / "contacts" / "all.csv").open(newline="", encoding="utf-8") as file:
        written = {row["name"] for row in csv.DictReader(file)}
    assert {"''=1+1", "'''@x", "'\uff1d1+1", "'quoted'", "plain", "'=1"} <= written


# A disk that is full


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk on which there is little room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        absent(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


@pytest.mark.parametrize(
    ("format", "share"), [("csv", 0.0), ("csv", 0.6), ("parquet", 0.3), ("xlsx", 0.3), ("json", 0.6), ("html", 0.6)]
)
def test_on_a_full_disk_nothing_is_there_by_half(
    usual: Center, tmp_path: Path, small: Path, format: str, share: float
) -> None:
    """There is room for a share of what is to be written; once there is more, the export goes on."""
    asked = ASKED | {"formats": [format], "tables": ["calls"] if format != "html" else ()}
    usual.viewer("max").export(tmp_path / "whole", **asked)
    whole, to, ballast = files(tmp_path / "whole"), small / "out", small / "ballast"
    to.mkdir()
    room = os.statvfs(small)
    needed = sum(-(-len(said) // room.f_frsize) for said in whole.values())  # blocks
    ballast.write_bytes(b"x" * (room.f_bavail - int(needed * share)) * room.f_frsize)
    with pytest.raises(DeliveryError, match=r"There is no room left\. Make some"):
        usual.viewer("max").export(to, **asked)
    there = {name: said for name, said in files(to).items() if not name.endswith(".unfinished")}
    assert there.items() <= whole.items() and "manifest.json" not in there
    ballast.unlink()
    usual.viewer("max").export(to, **asked)
    assert files(to) == whole
