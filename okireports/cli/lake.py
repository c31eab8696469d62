"""The commands about lakes: the facts as Parquet, for engines that are spread over machines."""

from __future__ import annotations

from typing import Annotated

import typer

import okireports
from okireports.cli.terminal import Center, bar, say

lake = typer.Typer(help="Lakes: the facts as Parquet, over which Spark runs the reports.", no_args_is_help=True)


@lake.command()
def sync(
    center: Center,
    dest: Annotated[
        str,
        typer.Argument(metavar="DEST", help="A folder of its own, or s3://bucket/prefix.", show_default=False),
    ],
) -> None:
    """Bring a lake up to date: only what changed is written, and it counts all at once.

    Repeat it after each load. After an erasure or a correction nothing is read from the lake until it is synced.
    """
    with bar() as step:
        made = okireports.open(center).lake.sync(dest, progress=step)
    say(f"{made.path}: generation {made.generation}, {made.rows:,} rows, {made.bytes:,} bytes")
    say(f"{made.written} files written, {made.kept} kept, {made.removed} removed")
