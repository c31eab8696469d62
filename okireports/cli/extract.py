"""The command that makes a sealed extract."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import okireports
from okireports.cli.asking import Several, filtered
from okireports.cli.terminal import Center, bar, say

Login = Annotated[
    str, typer.Argument(metavar="VIEWER", help="The login of the one whose rows go in.", show_default=False)
]
Target = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A new file.duckdb; without an ending, a folder of Parquet files.", show_default=False
    ),
]


def extract(
    center: Center,
    viewer: Login,
    path: Target,
    project: Annotated[Several, filtered("these of her projects")] = None,
    period: Annotated[
        str | None, typer.Option(help="For reports of this time only: 2025-06, 'last month'.", show_default=False)
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="Local day or instant from which it is refused.", show_default=False)
    ] = None,
    actor: Annotated[
        str | None, typer.Option(help="Your login, where the rows are another's.", show_default=False)
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why; it is kept in the change log.", show_default=False)] = None,
) -> None:
    """Write what one viewer may see into a file of its own, which holds nothing else: okireports opens it for her.

    The right export is needed of her, and manage_access of whoever makes it for another. It is written down.
    """
    with bar() as step:
        step("extract")
        written = okireports.open(center).extract(
            viewer, path, projects=project or None, period=period, expires=expires, actor=actor, reason=reason
        )
    made = okireports.open(written)
    said = ", ".join(made.viewer(viewer).projects["project"]) or "no project"
    say(f"Wrote {written}: rows of {said}, for {viewer}.")
