"""The command that looks whether a centre is whole: the pointer, every file, the change log, and what lies about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

import okireports
from okireports.cli.terminal import Center, bar, complain, say
from okireports.disk import Folder, last_load
from okireports.disk.segments import sha256
from okireports.disk.sweep import controls, number


@dataclass(frozen=True)
class Listed:
    """A segment as the control file lists it."""

    file: str
    bytes: int
    sha256: str


def doctor(center: Center) -> None:
    """Look whether a centre is whole: every file and its checksum, the change log, and leftovers. Changes nothing."""
    opened = okireports.open(center)
    folder, current = opened.folder, opened.folder.current()
    say(f"CURRENT: generation {current.generation}, {current.control.name}")
    segments, debris = listed(folder)
    with bar(len(segments)) as step:
        problems = list(damage(folder, segments, step))
    say(f"segments: {len(segments):,} files, {sum(s.bytes for s in segments):,} bytes: {verdict(problems)}")
    chain = opened.audit.verify()
    say(f"change log: {verdict(chain)}")
    key = list(secret(folder))
    say(f"SECRET: {verdict(key)}")
    if debris:
        say(f"leftovers: {len(debris)} of a writer that was stopped, or of one that is at work; the next one clears:")
        for path in debris:
            say(f"  {path.relative_to(folder.path)}")
    for problem in (found := [*problems, *chain, *key]):
        complain(problem)
    if found:
        raise typer.Exit(1)
    say(f"{center} is whole.")


def verdict(problems: list[str]) -> str:
    """How a part is, in words."""
    return f"{len(problems)} problems" if len(problems) > 1 else "1 problem" if problems else "whole"


def listed(folder: Folder) -> tuple[list[Listed], list[Path]]:
    """The segments that count, and the files that nothing names: of one and the same state."""
    with folder.reading() as reading:
        rows = reading.con.execute("SELECT file, bytes, sha256 FROM control.segments ORDER BY file").fetchall()
        kept = reading.con.execute("SELECT file FROM control.retired").fetchall()
        newest, generation = last_load(reading.con), reading.current.generation
    named = {folder.path / file for file, *_ in (*rows, *kept)}
    debris = [path for path in folder.stores.glob("*/*") if path not in named]
    debris += [path for path in folder.rejects.glob("*.parquet") if path.stem.isdigit() and int(path.stem) > newest]
    debris += [path for path in controls(folder) if number(path) > generation]
    debris += [path for path in (folder.upcoming, folder.work) if path.exists()]
    return [Listed(*row) for row in rows], sorted(debris)


def damage(folder: Folder, segments: list[Listed], step: Callable[..., None]) -> Iterator[str]:
    """What is wrong with the segments, in words."""
    for segment in segments:
        path = folder.path / segment.file
        step(segment.file, 1)
        try:
            size = path.stat().st_size
            if size != segment.bytes:
                yield f"{path} has {size:,} bytes instead of {segment.bytes:,}. Restore it from a backup."
            elif sha256(path) != segment.sha256:
                yield f"{path} was altered: its checksum is another one. Restore it from a backup."
        except OSError as error:
            yield f"{path} cannot be read ({error.strerror}). Restore it from a backup."


def secret(folder: Folder) -> Iterator[str]:
    """Is the key of contact keys there, and its owner's alone? What it says is not looked at."""
    try:
        mode = folder.secret.stat().st_mode
    except OSError as error:
        yield f"{folder.secret} cannot be found ({error.strerror}). Restore it from a backup: loads need it."
        return
    if mode & 0o077:
        yield f"{folder.secret} can be read by others: chmod 600 {folder.secret}"
