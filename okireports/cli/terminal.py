"""What is printed: tables that fit, errors of one line, progress that is silent where nobody watches."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

WIDE = 160  # columns of a line where no terminal says how many there are
CELL = 60  # characters of a cell; the rest is in the files
BETWEEN = 3  # characters between two columns

Center = Annotated[Path, typer.Argument(metavar="CENTER", help="The folder of the centre.", show_default=False)]
Actor = Annotated[str, typer.Option(help="Your login: each change is written down with who made it.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the change.")]
Engine = Annotated[
    str | None,
    typer.Option(help="Where reports run: spark://host:7077, local[*] or sc://host; with --lake.", show_default=False),
]
LakeAt = Annotated[str | None, typer.Option("--lake", help="The lake that an engine reads.", show_default=False)]
# of loading, and of keeping up
Timezone = Annotated[str | None, typer.Option(help="Of times without an offset.", show_default=False)]
Ambiguous = Annotated[
    str, typer.Option(help="'earlier', 'later' or 'reject': local times that a change of the clock doubles.")
]
CreateMissing = Annotated[
    bool, typer.Option("--create-missing", help="Make the people and objects that only calls name.")
]
Strict = Annotated[bool, typer.Option("--strict", help="One bad row stops the load.")]
Encoding = Annotated[
    str | None, typer.Option(help="Of text files, such as cp1250; 'auto': found out.", show_default=False)
]
Loader = Annotated[str, typer.Option(help="Who loads, for the change log.")]
Rejects = Annotated[int, typer.Option(min=0, help="How many rejected rows to show.")]


def complain(problem: object) -> None:
    """One line about what went wrong."""
    typer.echo(f"error: {plain(problem)}", err=True)


def plain(value: object) -> str:
    """As one line of text; what a terminal might obey is shown as a question mark."""
    return "".join(c if c.isprintable() else "?" for c in " ".join(str(value).split()))


def console() -> Console:
    """Where tables are printed."""
    wide = not sys.stdout.isatty() and not os.environ.get("COLUMNS")
    return Console(width=WIDE if wide else None, highlight=False, markup=False, emoji=False)


def say(line: object) -> None:
    """Print one line."""
    typer.echo(plain(line))


def show(heads: Sequence[str], rows: Iterable[Sequence[object]], *, right: Iterable[str] = ()) -> None:
    """Print a table; columns for which there is no room are named below it.

    Args:
        heads: the names of its columns.
        rows: the cells.
        right: the columns that stand at the right: numbers.
    """
    cells = [[text if len(text := plain(cell)) <= CELL else text[: CELL - 1] + "…" for cell in row] for row in rows]
    target, numbers = console(), set(right)
    fits = room(heads, cells, target.width)
    table = Table(box=None, pad_edge=False, padding=(0, BETWEEN, 0, 0), header_style="bold")
    for head in heads[:fits]:
        table.add_column(Text(head), justify="right" if head in numbers else "left", no_wrap=True)
    for row in cells:
        table.add_row(*(Text(cell) for cell in row[:fits]))
    target.print(table)
    if fits < len(heads):
        say(f"... and {len(heads) - fits} more columns, in files or on a wider screen: {', '.join(heads[fits:])}")


def room(heads: Sequence[str], cells: list[list[str]], width: int) -> int:
    """How many of the columns fit side by side; never none."""
    used = 0
    for number, head in enumerate(heads):
        used += max([len(head), *(len(row[number]) for row in cells)]) + BETWEEN
        if number and used - BETWEEN > width:
            return number
    return len(heads)


def show_frame(frame: pd.DataFrame) -> None:
    """Print all rows of a small dataframe."""
    right = [str(name) for name in frame.columns if frame[name].dtype.kind in "iuf"]
    show([str(name) for name in frame.columns], ([cell(v) for v in row] for row in frame.to_numpy()), right=right)


def cell(value: Any) -> str:
    """A cell of a dataframe as text: nothing for what is missing."""
    if isinstance(value, (list, tuple)) or hasattr(value, "tolist"):
        several = value if isinstance(value, (list, tuple)) else value.tolist()
        return ", ".join(map(str, several)) if isinstance(several, (list, tuple)) else str(several)
    text = "" if value is None else str(value)
    return "" if text in ("NaT", "<NA>") or value != value else text


def show_rows(rows: pa.Table, report: str, most: int) -> None:
    """Print the first rows of a result, as a person reads them."""
    import pyarrow as pa

    from okireports.export.cells import known, read

    first = rows.slice(0, most)
    columns = [read(first[name].to_pylist(), first[name].type, known(name, report)) for name in first.column_names]
    right = [
        name
        for name, kind in zip(first.column_names, first.schema.types, strict=True)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    ]
    show(first.column_names, zip(*columns, strict=True), right=right)


@contextmanager
def bar(total: float | None = None) -> Iterator[Callable[..., None]]:
    """A progress bar on a terminal, nothing elsewhere; gives a function to call with a step's name and how far it is.

    Without a total it only shows that something happens.
    """
    errors = Console(stderr=True)
    parts = [SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=30)]
    count = [MofNCompleteColumn()] if total is not None else []
    with Progress(
        *parts, *count, TimeElapsedColumn(), console=errors, transient=True, disable=not errors.is_terminal
    ) as progress:
        task = progress.add_task("", total=total)

        def step(name: str, advance: float = 0) -> None:
            progress.update(task, description=plain(name), advance=advance)

        yield step
