"""The command that keeps up with a folder or a database."""

from __future__ import annotations

from typing import Annotated

import typer

import okireports
from okireports.cli.centre import tell
from okireports.cli.terminal import (
    Ambiguous,
    Center,
    CreateMissing,
    Encoding,
    Loader,
    Rejects,
    Strict,
    Timezone,
    bar,
    say,
)


def sync(
    center: Center,
    files: Annotated[
        str,
        typer.Argument(
            metavar="FILES",
            help="A folder of files, or a database: postgresql://user@host/name, mysql://user@host/name. Its password "
            "is better in PGPASSWORD or MYSQL_PWD than here, where other users of the machine can see it.",
            show_default=False,
        ),
    ],
    source: Annotated[
        str, typer.Option(help="'canonical', 'asterisk', '3cx' ..., or a mapping (.toml); a database needs one.")
    ] = "canonical",
    timezone: Timezone = None,
    encoding: Encoding = None,
    ambiguous: Ambiguous = "earlier",
    create_missing: CreateMissing = False,
    strict: Strict = False,
    whole: Annotated[bool, typer.Option("--whole", help="Read everything again, not only what is new.")] = False,
    actor: Loader = "system",
    rejects: Rejects = 5,
) -> None:
    """Load what is new in a folder or a database since the last sync or load: all of it or nothing."""
    opened = okireports.open(center)
    with bar() as step:
        result = opened.sync(
            files,
            source=source,
            timezone=timezone,
            encoding=encoding,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            whole=whole,
            actor=actor,
            progress=step,
        )
    if result is None:
        say("Nothing is new.")
    else:
        tell(opened, result, rejects)
