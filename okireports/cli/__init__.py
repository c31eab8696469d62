"""The command line: the library in other words. What it says and does comes from the library and its registry."""

from __future__ import annotations

import errno
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import okireports
from okireports.cli import (
    administration,
    asking,
    centre,
    definitions,
    demo,
    doctor,
    erasure,
    exports,
    extract,
    insight,
    lake,
    people,
    querying,
    schedule,
    sync,
)
from okireports.cli.terminal import complain
from okireports.errors import OkiReportsError

__all__ = ["app", "main"]

ABOUT = """Analytics and reports for a call centre that works for many clients.

A centre is a folder. Begin with an invented one:

    okireports demo centers/demo

    okireports reports centers/demo --viewer sara

    okireports report centers/demo service_level --viewer sara --period 2026-06

or with your own: create a centre, inspect a file of your calls, load it, and ask for reports.
Each command says more with --help. Exit codes: 0 it worked, 1 an error, 2 the command was not understood."""


class Commands(TyperGroup):
    """The commands; an error of the library is one line, and never a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except OkiReportsError as error:
            complain(error)
        except OSError as error:  # a folder that cannot be written, a full disk
            if error.errno == errno.EPIPE:  # whoever read our output has read enough
                raise
            complain(error)
        raise typer.Exit(1)


app = typer.Typer(cls=Commands, help=ABOUT, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for command in (
    demo.demo,
    centre.create,
    centre.load,
    sync.sync,
    centre.inspect,
    asking.reports,
    asking.report,
    querying.sql,
    extract.extract,
    exports.export,
    exports.verify,
    administration.restamp,
    administration.security,
    centre.rollback,
    erasure.forget,
    erasure.retain,
    doctor.doctor,
    insight.lint,
    insight.audit,
    insight.who_can_see,
    insight.diff_access,
):
    app.command(cls=asking.Asking if command is asking.report else None)(command)
app.add_typer(people.user, name="user")
app.add_typer(people.project, name="project")
app.add_typer(administration.group, name="group")
app.add_typer(administration.role, name="role")
app.add_typer(definitions.definition, name="definition")
app.add_typer(lake.lake, name="lake")
app.add_typer(schedule.schedule, name="schedule")


def show_version(asked: bool) -> None:
    """Print the version, and end."""
    if asked:
        typer.echo(f"okireports {okireports.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    """What can be said before a command."""


def main() -> None:
    """Run the command line."""
    app(prog_name="okireports")
