"""Commands about a centre's rows: make one, look at a file, load files, go back."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import okireports
from okireports.access.founding import checked_settings
from okireports.cli.terminal import (
    Actor,
    Ambiguous,
    Center,
    CreateMissing,
    Encoding,
    Loader,
    Reason,
    Rejects,
    Strict,
    Timezone,
    bar,
    complain,
    say,
    show_frame,
)

if TYPE_CHECKING:
    from okireports.loading import LoadResult


def create(
    center: Annotated[Path, typer.Argument(metavar="CENTER", help="A new or empty folder.", show_default=False)],
    timezone: Annotated[str, typer.Option(help="Days, hours and periods are local to it.")] = "Europe/Warsaw",
    currency: Annotated[str, typer.Option(help="Of amounts that name none (ISO 4217).")] = "PLN",
    security: Annotated[
        str, typer.Option(help="'improved': members see their projects; 'simplified': everyone sees all.")
    ] = "improved",
    admin: Annotated[str, typer.Option(help="Login of the first admin.")] = "admin",
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Another setting, such as goal=0.8.")
    ] = None,
) -> None:
    """Make a new centre in an empty folder."""
    settings: dict[str, Any] = {**pairs(setting or (), "--set")}
    checked_settings(settings)  # nothing else may come in by --set
    okireports.create(center, timezone=timezone, currency=currency, security=security, admin=admin, **settings)
    say(f"{center} is a centre now, with the admin {admin}. Next: okireports load {center} FILES")


def load(
    center: Center,
    files: Annotated[
        str, typer.Argument(metavar="FILES", help="A folder of files, one, or a database's URL.", show_default=False)
    ],
    source: Annotated[
        str, typer.Option(help="'canonical', 'asterisk', 'queue_log', '3cx' ..., or a mapping (see `inspect`).")
    ] = "canonical",
    timezone: Timezone = None,
    encoding: Encoding = None,
    ambiguous: Ambiguous = "earlier",
    create_missing: CreateMissing = False,
    strict: Strict = False,
    actor: Loader = "system",
    rejects: Rejects = 5,
) -> None:
    """Load files into a centre: all of them or nothing. A row that is wrong is kept apart, with its reason."""
    opened = okireports.open(center)
    with bar() as step:
        result = opened.load(
            files,
            source=source,
            timezone=timezone,
            encoding=encoding,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            actor=actor,
            progress=step,
        )
    tell(opened, result, rejects)


def tell(center: okireports.Center, result: LoadResult, rejects: int) -> None:
    """Print what a load did, and the first of the rows that it rejected."""
    for line in str(result).splitlines():
        typer.echo(line)
    if result.rows_rejected and rejects:
        say("")
        say(f"The first of {result.rows_rejected:,} rejected rows (all are in {center.folder.rejects}):")
        show_frame(result.rejects.head(rejects))


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX or Parquet.", show_default=False)],
    out: Annotated[
        Path | None, typer.Option(help="Write the draft there (.toml); otherwise it is printed.", show_default=False)
    ] = None,
) -> None:
    """Look at a file of calls that nobody described, and draft the mapping with which it can be loaded."""
    from okireports import sources

    draft = sources.inspect(file)
    if not draft.is_calls:
        complain(draft.refusal)
        raise typer.Exit(1)
    if out is None:
        typer.echo(draft.toml, nl=False)
        return
    if out.exists():
        raise typer.BadParameter(f"{out} is there already; name another file.", param_hint="--out")
    out.write_text(draft.toml, "utf-8")
    say(f"Wrote {out}. Go through its lines marked CHECK, then: okireports load CENTER {file} --source {out}")


def rollback(
    center: Center,
    actor: Actor,
    reason: Reason,
    to: Annotated[
        int | None, typer.Option(help="The generation; otherwise the one before the last load.", show_default=False)
    ] = None,
) -> None:
    """Take the last load back. People, projects and the change log stay as they are."""
    generation = okireports.open(center).rollback(actor=actor, reason=reason, to=to)
    say(f"The earlier rows count again, as generation {generation}.")


def pairs(given: Iterable[str], flag: str) -> dict[str, str]:
    """`name=value`, several times, as a mapping."""
    found = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name.strip() and equals):
            raise typer.BadParameter(f"{text!r}: write name=value.", param_hint=flag)
        found[name.strip()] = value
    return found
