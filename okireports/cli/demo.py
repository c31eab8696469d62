"""The command that makes an invented centre and shows all that can be asked of it."""

from __future__ import annotations

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

FORMATS = ("parquet", "csv", "html")
MOST = 1_000  # rows of a log, in runs and files
REASON = "demo"


@dataclass(frozen=True)
class Asked:
    """One report of one viewer: its rows and seconds."""

    viewer: str
    everything: bool
    report: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class Written:
    """What was handed out to one viewer."""

    files: int
    bytes: int
    seconds: float


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
    able = [viewer for viewer in viewers if writes(viewer)]
    span = period(frame.first_day, frame.until)
    with bar(sum(len(viewer.reports) for viewer in viewers) + sum(len(viewer.projects) for viewer in able)) as step:
        asked = [line for viewer in viewers for line in ask(viewer, span, step)]
        out.mkdir(parents=True, exist_ok=True)
        written = [hand_out(viewer, span, out / viewer.login, step) for viewer in able]
    summarise(viewers, asked, written, out)


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
    parts |= {folder.stores, folder.journal, folder.rejects, folder.runs, folder.work}
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


def options(name: str) -> dict[str, int]:
    """With what a report is run here."""
    return {"limit": MOST} if "limit" in report.find(name).options else {}


def ask(viewer: okireports.Viewer, span: str | tuple[str, str], step: Callable[..., None]) -> Iterator[Asked]:
    """Run all reports of a viewer, over all her projects."""
    scope = run.look(viewer.viewing())
    for name in viewer.reports["name"]:
        began = perf_counter()
        rows = viewer.report(name, period=span, **options(name)).arrow.num_rows
        yield Asked(viewer.login, scope.everything, name, rows, perf_counter() - began)
        step(f"{viewer.login}: {name}", 1)


def hand_out(viewer: okireports.Viewer, span: str | tuple[str, str], to: Path, step: Callable[..., None]) -> Written:
    """Export all reports of a viewer, and her calls, in a folder for each of her projects, with a digest."""
    began = perf_counter()
    made = viewer.export(
        to,
        period=span,
        reports=[(name, options(name)) for name in viewer.reports["name"]],
        tables=["calls"],
        formats=FORMATS,
        digest=True,
        step=step,
    )
    files = [file for folder in made.projects for file in folder.files]
    return Written(len(files), sum(file.bytes for file in files), perf_counter() - began)


def summarise(viewers: list[okireports.Viewer], asked: list[Asked], written: list[Written], out: Path) -> None:
    """Print what was run, how many rows it gave, and how long it took."""
    say("")
    heads = ("viewer", "report", "rows", "seconds")
    show(heads, [(a.viewer, a.report, f"{a.rows:,}", f"{a.seconds:.2f}") for a in asked], right=heads[2:])
    say("")
    for viewer in viewers:
        if not any(a.viewer == viewer.login for a in asked):
            say(f"{viewer.login} may run none of these reports.")
    empty = [a.report for a in asked if a.everything and not a.rows]
    say(f"Empty for {invention.ADMIN}: {', '.join(empty)}." if empty else f"No report is empty for {invention.ADMIN}.")
    files, size = sum(w.files for w in written), sum(w.bytes for w in written)
    say(f"{len(asked)} reports in {sum(a.seconds for a in asked):.1f} s (logs: their newest {MOST:,} rows).")
    say(f"{files} files, {size / 1e6:.1f} MB, in {sum(w.seconds for w in written):.1f} s, under {out}.")
