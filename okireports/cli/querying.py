"""The command that runs a viewer's own SELECT."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

import okireports
from okireports.cli.asking import Format, Several, ViewerReason, check_target, filtered, give
from okireports.cli.terminal import Center, bar, say


def sql(
    center: Center,
    query: Annotated[
        str, typer.Argument(metavar="SELECT", help="One SELECT in DuckDB's SQL; - reads it from the input.")
    ],
    viewer: Annotated[str, typer.Option(help="The login of the one who asks: she sees her projects' rows only.")],
    reason: ViewerReason = None,
    project: Annotated[Several, filtered("these of her projects")] = None,
    format: Annotated[
        Format | None, typer.Option(help="By default a table, or what the ending of --out says.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write a file: .csv, .json, .parquet, .html, .xlsx.", show_default=False)
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows a table shows at most.")] = 30,
    most: Annotated[int, typer.Option(help="A result of more rows is an error.")] = 1_000_000,
    seconds: Annotated[float, typer.Option(help="A query that runs longer is ended.")] = 60.0,
    memory_mb: Annotated[int, typer.Option("--memory-mb", help="A query that needs more is ended.")] = 1024,
) -> None:
    """Run a SELECT of one's own over the tables that a viewer may see (calls, statuses, queues, ...).

    DESCRIBE calls, say, tells a table's columns. The right run_sql is needed, and each query is written down.
    """
    check_target(format, out)
    text = sys.stdin.read() if query == "-" else query
    with bar() as step:
        step("query")
        asking = okireports.open(center).viewer(viewer, reason=reason)
        result = asking.sql(text, projects=project or None, rows=most, seconds=seconds, memory_mb=memory_mb)
        if out is not None:
            result.save(out)
    count = result.rows.count
    told = f"{'1 row' if count == 1 else f'{count:,} rows'}, {', '.join(result.provenance.projects) or 'no project'}"
    if out is not None:
        say(f"Wrote {out}: {told}")
    else:
        give(result.rows, result.meta, told, format or Format.TABLE, rows)
