"""What a folder that is no centre, a damaged one and a full disk are told: a clear error, and nothing half-done."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import growing
import killed
import okireports
from okireports import audit
from okireports.disk import Folder
from okireports.errors import (
    BadOption,
    CenterError,
    DamagedCenter,
    NewerFormat,
    NotACenter,
    Refused,
)
from okireports.faces import Center

HERE = Path(__file__).parent
WHY = {"actor": "admin", "reason": "a test"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Like `center`, for tests that work on copies."""
    path = tmp_path_factory.mktemp("kept")
    made = growing.make(path)
    made.load(growing.day(path, 0, wrong=1))
    return made


# Bad folders


def unusable(path: Path) -> Iterator[Callable[[], object]]:
    """What people do with a centre."""
    center = Center(Folder(path), lambda: growing.NOW)
    yield lambda: okireports.open(path)
    yield lambda: center.viewer("boss")
    yield lambda: growing.summary(center.viewer("boss"))
    yield lambda: center.load(HERE)
    yield lambda: growing.touch(center, 1)
    yield lambda: center.users.frame
    yield lambda: center.rollback(**WHY)


def test_no_centre(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder").mkdir()
    says = r"is not a centre: it holds no file CURRENT|is no centre and no extract"
    for name in ("file", "folder", "nothing"):
        for action in unusable(tmp_path / name):
            with pytest.raises(NotACenter, match=says):
                action()
    assert list((tmp_path / "folder").iterdir()) == []
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "garbage", "[]", "null", "3", "{}", '{"format": 1}', '{"format": 1, "generation": null, "bytes": 1}'),
        *('{"format": 1, "generation": 99, "bytes": 1}', '{"format": 1, "generation": Infinity, "bytes": 1}'),
        *('{"format": "x", "generation": 3}', '{"format": 1, "generation": "../3", "bytes": 1}', "\ud800"),
    ],
)
def test_a_pointer_that_says_nothing(kept: Center, tmp_path: Path, text: str) -> None:
    center = growing.copy(kept, tmp_path)
    center.folder.pointer.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = growing.files(center)
    for action in unusable(center.path):
        with pytest.raises(DamagedCenter, match=r"CURRENT (cannot be read|points at)"):
            action()
    assert growing.files(center) == before


def test_a_pointer_that_is_a_folder(kept: Center, tmp_path: Path) -> None:
    center = growing.copy(kept, tmp_path)
    center.folder.pointer.unlink()
    center.folder.pointer.mkdir()
    for action in unusable(center.path):
        with pytest.raises(DamagedCenter, match="CURRENT cannot be read"):
            action()


@pytest.mark.parametrize(
    "text", ['{"format": 2}', '{"format": 2, "generation": 3, "bytes": 1}', '{"format": 99, "state": []}']
)
def test_a_newer_format(kept: Center, tmp_path: Path, text: str) -> None:
    center = growing.copy(kept, tmp_path)
    center.folder.pointer.write_text(text)
    for action in unusable(center.path):
        with pytest.raises(NewerFormat, match="Install a newer okireports"):
            action()


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999, 1.001])
def test_a_control_file_of_another_length(kept: Center, tmp_path: Path, share: float) -> None:
    center = growing.copy(kept, tmp_path)
    control = center.folder.current().control
    whole = control.read_bytes()
    control.write_bytes((whole + bytes(len(whole)))[: int(share * len(whole))])
    for action in unusable(center.path):
        with pytest.raises(DamagedCenter, match="truncated or altered"):
            action()


def test_a_control_file_that_is_no_database(kept: Center, tmp_path: Path) -> None:
    """Of the right length and without a sense: neither who reads nor who writes is told to free space."""
    center = growing.copy(kept, tmp_path)
    control = center.folder.current().control
    control.write_bytes(bytes(control.stat().st_size))
    before = growing.files(center)
    *asked, back = list(unusable(center.path))[1:]
    for action in (*asked, back):
        with pytest.raises(DamagedCenter, match=rf"{control.name}.* cannot be opened.*[Rr]estore it from a backup"):
            action()
    assert growing.files(center) == before


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999, 1.001, None])
def test_a_segment_of_another_length_or_gone(kept: Center, tmp_path: Path, share: float | None) -> None:
    """Beta's file is damaged: who sees Alpha only is not concerned."""
    center = growing.copy(kept, tmp_path)
    (name,) = growing.segments(center, 2)
    path = center.path / name
    whole = path.read_bytes()
    path.unlink()
    if share is not None:
        path.write_bytes((whole + bytes(len(whole)))[: int(share * len(whole))])
    assert growing.summary(center.viewer("anna")) == growing.expected(1, beta=False)
    with pytest.raises(DamagedCenter, match=r"calls.2025-06.*(truncated or altered|not there)"):
        growing.said(center)
    before = growing.files(center)
    with pytest.raises(CenterError, match=r"calls.2025-06"):
        center.load(growing.day(tmp_path, 1))
    assert growing.files(center) == before
    growing.touch(center, 1)


@pytest.mark.parametrize("what", ["control", "segment"])
@pytest.mark.parametrize("seed", range(12))
def test_altered_bytes_never_give_another_answer(kept: Center, tmp_path: Path, what: str, seed: int) -> None:
    """Of the same length, but with other bytes somewhere: the right answer, or a clear error."""
    center = growing.copy(kept, tmp_path)
    (name,) = growing.segments(center, 2)
    path = center.folder.current().control if what == "control" else center.path / name
    content = bytearray(path.read_bytes())
    rng = random.Random(seed)
    at = rng.randrange(len(content) - 2000)
    content[at : at + 2000] = rng.randbytes(2000)
    path.write_bytes(content)
    try:
        assert growing.said(center) == growing.expected(1)
    except DamagedCenter as error:
        assert "damaged" in str(error) or "cannot be opened" in str(error)
    before = growing.files(center)
    try:
        center.load(growing.day(tmp_path, 1))
        assert growing.said(center) == growing.expected(2)
    except DamagedCenter:
        assert growing.files(center) == before


# A full disk


def limits(kept: Center) -> list[int]:
    """Lengths at which no file can grow further: before, in and after the control file, and within the segments."""
    control = kept.folder.current().control.stat().st_size
    return [0, 100, 5_000, 20_000, 70_000, 200_000, control - 1, control, control + 20_000, control + 40_000]


@pytest.mark.parametrize("number", range(10))
def test_a_full_disk(kept: Center, tmp_path: Path, number: int) -> None:
    """No file may grow beyond a limit: nothing is changed, nothing is left, and it works once there is room."""
    center = growing.copy(kept, tmp_path)
    files = growing.day(tmp_path, 1, each=400, wrong=3)
    before = growing.files(center)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits(kept)[number], hard))
    try:
        with pytest.raises(CenterError, match=r"could not be written .* Nothing was changed; free space"):
            center.load(files)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert growing.files(center) == before
    assert not center.folder.work.exists()
    assert growing.said(center) == growing.expected(1)
    assert center.load(files).rows_loaded == 400 * (growing.ALPHA + growing.BETA)
    assert growing.files(center) == growing.named(center)


def test_no_space_at_every_step(kept: Center, tmp_path: Path) -> None:
    """The file system refuses the n-th step: the old state without debris, or the new one."""
    files = growing.day(tmp_path, 1, wrong=3)
    outcomes = []
    for step in range(1, 100):
        center = growing.copy(kept, tmp_path / str(step))
        before = growing.files(center)
        with pytest.MonkeyPatch.context() as patch:
            refused = refuse(patch, step)
            try:
                center.load(files)
            except CenterError as error:
                outcomes.append("changed" if "did not confirm" in str(error) else "refused")
            else:
                outcomes.append("loaded")
        if outcomes[-1] == "refused":
            assert growing.files(center) == before, step
        else:
            assert growing.said(center) == growing.expected(2)
        center.load(files)
        assert growing.said(center) == growing.expected(2)
        assert growing.files(center) == growing.named(center), step
        if not refused:
            break
        shutil.rmtree(tmp_path / str(step))
    assert outcomes[0] == "refused"
    assert outcomes[-1] == "loaded"
    assert outcomes == sorted(outcomes, key=["refused", "changed", "loaded"].index)  # once it is published it stays
    assert outcomes.count("refused") > 15


def refuse(patch: pytest.MonkeyPatch, step: int) -> list[str]:
    """Let the n-th step of `killed.SYSTEM` and `killed.TORN` find no space; the list says which it was."""
    count, refused = [0], []

    def failing(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            count[0] += 1
            if count[0] == step:
                refused.append(name)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*args, **kwargs)

        return call

    for owner, name in (*killed.SYSTEM, *killed.TORN):
        patch.setattr(owner, name, failing(name, getattr(owner, name)))
    return refused


# What is missing or closed


def test_the_secret(kept: Center, tmp_path: Path) -> None:
    """Without it nothing is loaded, for the same people would get other keys; reports do not need it."""
    center = growing.copy(kept, tmp_path)
    secret = center.folder.secret.read_text()
    assert len(secret) == 64
    before = growing.files(center)
    for text in ("", "short", secret + "x", None):
        center.folder.secret.unlink()
        if text is not None:
            center.folder.secret.write_text(text)
        with pytest.raises(DamagedCenter, match=r"SECRET cannot be used .* Restore it from a backup"):
            center.load(growing.day(tmp_path, 1))
        assert growing.files(center) | {"SECRET"} == before
        assert growing.said(center) == growing.expected(1)
    center.folder.secret.write_text(secret + "\n")
    center.load(growing.day(tmp_path, 1))


def test_without_a_journal_nobody_sees_everything(kept: Center, tmp_path: Path) -> None:
    """Others are answered; whoever sees everything must leave a trace."""
    center = growing.copy(kept, tmp_path)
    shutil.rmtree(center.folder.journal)
    center.folder.journal.write_text("not a folder")
    assert growing.summary(center.viewer("boss")) == growing.expected(1)
    with pytest.raises(Refused, match=r"must be written to .*journal, which cannot be done .*it is refused"):
        center.viewer("admin", reason="audit of May").report("queue_summary", period=growing.YEAR)


READ_ONLY = """
import os, sys, growing, okireports
center = okireports.open(sys.argv[1], now=growing.NOW)
assert growing.summary(center.viewer("boss")) == growing.expected(1)
assert center.viewer("admin", reason="audit").report("queue_summary", period=growing.YEAR).arrow.num_rows == 2
for path in [center.path, *center.path.rglob("*")]:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    path.chmod(0o500 if path.is_dir() else 0o400)
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
assert growing.summary(center.viewer("boss")) == growing.expected(1)
for action in (
    lambda: center.viewer("admin", reason="audit").report("queue_summary", period=growing.YEAR),
    lambda: center.load(sys.argv[2]),
    lambda: center.users.create("x", actor="admin", reason="x"),
):
    try:
        action()
    except okireports.OkiReportsError as error:
        print(type(error).__name__, error)
"""


def test_a_read_only_folder_can_be_read(kept: Center, tmp_path: Path) -> None:
    """As root, whom no mode stops, the process becomes nobody first."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        center = growing.copy(kept, Path(folder))
        path = os.pathsep.join([str(HERE), str(HERE.parent), os.environ.get("PYTHONPATH", "")])
        command = [sys.executable, "-W", "error", "-c", READ_ONLY, str(center.path), str(growing.day(Path(folder), 1))]
        done = subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": path}, cwd="/", check=False
        )
        for made in (center.path, *center.path.rglob("*")):
            made.chmod(0o700)
    assert done.returncode == 0, done.stderr
    refused, load, change = done.stdout.splitlines()
    assert refused.startswith("Unwritten This read must be written to")
    assert "cannot be written" in load
    assert "cannot be written" in change
    assert "Nothing was changed" in load


# Making one


def test_a_folder_that_is_taken(tmp_path: Path, kept: Center) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("mine")
    before = growing.files(kept)
    for path in (tmp_path / "taken", kept.path):
        with pytest.raises(CenterError, match=r"is not empty. Choose a new folder"):
            okireports.create(path)
    with pytest.raises(CenterError):
        okireports.create(tmp_path / "taken" / "file")
    with pytest.raises(CenterError, match="cannot be made"):
        okireports.create(tmp_path / "taken" / "file" / "below")
    assert (tmp_path / "taken" / "file").read_text() == "mine"
    assert growing.files(kept) == before
    (tmp_path / "empty").mkdir()
    okireports.create(tmp_path / "empty")


def test_a_centre_that_could_not_be_made_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(CenterError, match="could not be written"):
        patch.setattr(audit, "close", full)
        okireports.create(tmp_path / "center")
    assert list((tmp_path / "center").iterdir()) == []
    okireports.create(tmp_path / "center")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"timezone": "Europe/Warszawa"}, "Europe/Warszawa"),
        ({"currency": "zł"}, "ISO 4217"),
        ({"currency": "pln"}, "ISO 4217"),
        ({"security": "none"}, "improved"),
        ({"goal": "80"}, "between 0 and 1"),
        ({"goal": "nan"}, "between 0 and 1"),
        ({"week_start": "7"}, "between 0 and 6"),
        ({"week_start": "1.5"}, "whole number"),
        ({"week_start": ""}, "no number"),
        ({"answer_within_s": "inf"}, "between 0 and"),
        ({"short_abandon_s": "-1"}, "between 0 and"),
        ({"formula": "shrt"}, "short"),
        ({"calling_code": "+48"}, "digits"),
        ({"gaol": "0.8"}, "Did you mean 'goal'"),
    ],
)
def test_wrong_settings_make_no_centre(tmp_path: Path, options: dict[str, str], words: str) -> None:
    with pytest.raises(okireports.OkiReportsError, match=words.replace("+", r"\+")) as raised:
        okireports.create(tmp_path / "center", **options)
    assert not (tmp_path / "center").exists()
    if "goal" in options:
        assert isinstance(raised.value, BadOption)
