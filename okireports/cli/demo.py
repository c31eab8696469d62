"""The command that makes an invented centre and shows all that can be asked of it."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer

import okireports
from okireports import invention, report, run
from okireports.cli.terminal import bar, say, show
from okireports.disk import Folder
from okireports.disk.sweep import controls
from okireports.disk.writer import locked
from okireports.errors import CenterError
from okireports.invention.places import PROJECTS

SUFFIXES = ("parquet", "csv", "html")
MOST = 1_000  # rows of a log, in runs and files
REASON = "demo"


@dataclass(frozen=True)
class Asked:
    """One report of one viewer: its rows and seconds, and the files that were made of it, project by project."""

    viewer: str
    everything: bool
    report: str
    rows: int
    seconds: float
    files: int = 0
    bytes: int = 0
    writing: float = 0.0


def demo(
    center: Annotated[Path, typer.Argument(metavar="CENTER", help="A new or empty folder.", show_default=False)],
    calls: Annotated[int, typer.Option(help="How many calls.")] = 200_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same rows.")] = 1,
    until: Annotated[str, typer.Option(help="The last day.")] = "2026-06-30",
    out: Annotated[
        Path | None,
        typer.Option(help="Run every report for every viewer, and write files per project there.", show_default=False),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace a demo centre that is there, without asking.")
    ] = False,
) -> None:
    """Make an invented call centre: six projects, sixty operators, every table filled."""
    frame = invention.planned(calls, seed, until)  # before anything is removed
    replace(Folder(center), force)
    began = perf_counter()
    with bar() as step:
        made = okireports.demo(center, calls=calls, seed=seed, until=until, progress=step)
    say(f"{center}: {calls:,} calls from {frame.first_day} to {frame.until} in {perf_counter() - began:.0f} s.")
    if out is None:
        say(f"Viewers: {', '.join(invention.VIEWERS)} (admin has to give a --reason). For example:")
        say(f"okireports report {center} service_level --viewer sara --period {frame.until:%Y-%m} --by day")
        return
    viewers = [made.viewer(login, reason=REASON if login == invention.ADMIN else None) for login in invention.VIEWERS]
    with bar(sum(steps(viewer) for viewer in viewers)) as step:
        asked = [line for viewer in viewers for line in ask(viewer, period(frame.first_day, frame.until), out, step)]
    summarise(viewers, asked, out)


def replace(folder: Folder, force: bool) -> None:
    """Remove a centre that is there, if it is a demo and nothing else lies in its folder.

    Raises:
        CenterError: it is not, or nobody says that it may go.
    """
    if not folder.pointer.exists():
        return
    there = okireports.open(folder.path)
    invented = set(there.projects.frame["project"]) == {project.name for project in PROJECTS}
    if not (invented and set(invention.VIEWERS) <= set(there.users.frame["login"])):
        raise CenterError(f"{folder.path} holds a centre that is no demo; it stays. Choose another folder.")
    parts = {folder.pointer, folder.upcoming, folder.lock, folder.secret, *controls(folder)}
    parts |= {folder.stores, folder.journal, folder.rejects, folder.work}
    if others := sorted(path.name for path in folder.path.iterdir() if path not in parts):
        raise CenterError(f"{folder.path} also holds {', '.join(others)}; it stays. Choose another folder.")
    if not force and not (sys.stdin.isatty() and typer.confirm(f"Replace the demo centre in {folder.path}?")):
        raise CenterError(f"{folder.path} holds a demo centre already; --force replaces it.")
    with locked(folder, 2.0):
        folder.pointer.unlink()
        for path in parts:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def period(first: date, until: date) -> str | tuple[str, str]:
    """The last month of the demo: a whole one, or the last thirty days."""
    month = until.replace(day=1)
    after = until + timedelta(days=1)
    if after.day == 1 and first <= month:
        return f"{until:%Y-%m}"
    return max(first, after - timedelta(days=30)).isoformat(), after.isoformat()


def writes(viewer: okireports.Viewer) -> bool:
    """Does a viewer get files here? Those with the right to export do; who sees everything only looks."""
    scope = run.look(viewer.viewing())
    return scope.may("export") and not scope.everything


def steps(viewer: okireports.Viewer) -> int:
    """How many steps a viewer takes: her reports, and those of each of her projects."""
    return len(viewer.reports) * (1 + (len(viewer.projects) if writes(viewer) else 0))


def ask(
    viewer: okireports.Viewer, span: str | tuple[str, str], out: Path, step: Callable[..., None]
) -> Iterator[Asked]:
    """Run all reports of a viewer, over all her projects and then, for files, in the scope of each of them."""
    scope = run.look(viewer.viewing())
    projects = scope.projects if writes(viewer) else ()
    for name in viewer.reports["name"]:
        options = {"limit": MOST} if "limit" in report.find(name).options else {}
        began = perf_counter()
        rows = viewer.report(name, period=span, **options).arrow.num_rows
        seconds = perf_counter() - began
        step(f"{viewer.login}: {name}", 1)
        began, sizes = perf_counter(), []
        for project in projects:
            folder = out / viewer.login / f"{project.id:04d}-{safe(project.name)}"
            folder.mkdir(parents=True, exist_ok=True)
            result = viewer.report(name, period=span, projects=[project.id], **options)
            sizes += [result.save(folder / f"{name}.{suffix}").stat().st_size for suffix in SUFFIXES]
            step(f"{viewer.login}: {name}, {project.name}", 1)
        yield Asked(viewer.login, scope.everything, name, rows, seconds, len(sizes), sum(sizes), perf_counter() - began)


def safe(name: str) -> str:
    """A name as part of a folder's, on any system; the id before it keeps two alike apart."""
    return re.sub(r"[^\w-]+", "_", name).strip("_")[:40]


def summarise(viewers: list[okireports.Viewer], asked: list[Asked], out: Path) -> None:
    """Print what was run, how many rows it gave, and how long it took."""
    say("")
    heads = ("viewer", "report", "rows", "seconds", "files")
    show(
        heads,
        [(a.viewer, a.report, f"{a.rows:,}", f"{a.seconds:.2f}", a.files or "") for a in asked],
        right=heads[2:],
    )
    say("")
    for viewer in viewers:
        if not any(a.viewer == viewer.login for a in asked):
            say(f"{viewer.login} may run none of these reports.")
    empty = [a.report for a in asked if a.everything and not a.rows]
    say(f"Empty for {invention.ADMIN}: {', '.join(empty)}." if empty else f"No report is empty for {invention.ADMIN}.")
    files, size = sum(a.files for a in asked), sum(a.bytes for a in asked)
    say(f"{len(asked)} reports in {sum(a.seconds for a in asked):.1f} s (logs: their newest {MOST:,} rows).")
    say(f"{files} files, {size / 1e6:.1f} MB, in {sum(a.writing for a in asked):.1f} s, under {out}.")
