"""The commands that hand out folders, and look whether what lies there is whole."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import okireports
from okireports.cli.asking import Several, ViewerReason, value_of
from okireports.cli.centre import pairs
from okireports.cli.terminal import Center, Engine, LakeAt, bar, complain, say

SHOWN = 5  # names of files that are told


def several(name: str, what: str) -> Any:
    """An option that can be given several times, in the singular or the plural."""
    return typer.Option(f"--{name}", f"--{name}s", help=f"{what} Can be given several times.", show_default=False)


def export(
    center: Center,
    viewer: Annotated[str, typer.Option(help="Whose: a folder for each project of which she is a member.")],
    to: Annotated[str, typer.Option(metavar="DEST", help="A folder, or s3://bucket/prefix.")],
    period: Annotated[
        str, typer.Option(help="2025-06, 'last week' ..., or FROM..TO (the day TO is left out).")
    ] = "last month",
    project: Annotated[Several, several("project", "One of her projects; default: all of them.")] = None,
    report: Annotated[Several, several("report", "A report, or '*' for all.")] = None,
    table: Annotated[Several, several("table", "A table of facts, or '*' for all.")] = None,
    format: Annotated[
        Several, several("format", "parquet (default), csv, xlsx, json, html, png, svg; commas between.")
    ] = None,
    option: Annotated[
        Several,
        typer.Option(metavar="NAME=VALUE", help="An option, for all reports that have it.", show_default=False),
    ] = None,
    digest: Annotated[bool, typer.Option("--digest", help="A page about each project as well.")] = False,
    language: Annotated[str, typer.Option(help="en or pl.")] = "en",
    reason: ViewerReason = None,
    engine: Engine = None,
    lake: LakeAt = None,
) -> None:
    """Hand out reports and facts of a viewer's projects: a folder each, with a manifest. It is written down.

    The right export is needed. Repeated, an export that was broken off goes on where it stopped.
    """
    first, until, end = period.partition("..")
    formats = [word.strip() for given in format or ["parquet"] for word in given.split(",") if word.strip()]
    options = {key: value_of(key, text) for key, text in pairs(option or (), "--option").items()}
    asking = okireports.open(center, engine=engine, lake=lake).viewer(viewer, reason=reason)
    with bar(len(project) if project else len(asking.projects)) as step:
        made = asking.export(
            to,
            period=(first.strip(), end.strip()) if until else period,
            projects=project or None,
            reports=report or (),
            tables=table or (),
            formats=formats,
            options=options,
            digest=digest,
            language=language,
            step=step,
        )
    for folder in made.projects:
        new = sum(file.made for file in folder.files)
        there = f", {len(folder.files) - new} of them were there" if new < len(folder.files) else ""
        say(f"{folder.path}: {len(folder.files)} files{there}, {sum(file.bytes for file in folder.files):,} bytes")
        for left in folder.left_out:
            say(f"  left out: {left}")
    say(f"Wrote {made.path}: {made.manifest['period']['words']}, for {made.manifest['viewer']}.")
    if made.additional:
        say(f"Beside it lies what is no part of it: {some(made.additional)}")


def verify(
    dest: Annotated[str, typer.Argument(metavar="DEST", help="What was exported, or one project's folder of it.")],
) -> None:
    """Compare an export with its manifest: every file is read. Ends with 1 where one is missing or changed."""
    found = okireports.verify(dest)
    for what, names in (("missing", found.missing), ("changed", found.changed), ("additional", found.additional)):
        if names:
            say(f"{what}: {some(names)}")
    if not found.whole:
        complain(f"{found.path} is not what its manifest says; make the export anew.")
        raise typer.Exit(1)
    say(f"{found.path} is whole: {found.files} files.")


def some(names: tuple[str, ...]) -> str:
    """The first of some names, and how many more there are."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"
