"""Commands about definitions: targets, hours, KPIs, tariffs and the like, and from when they hold."""

from __future__ import annotations

from typing import Annotated, Any

import typer

import okireports
from okireports.cli.centre import pairs
from okireports.cli.terminal import Actor, Center, Reason, say, show_frame

ABOUT = """Definitions: targets, opening hours, KPIs, tariffs, limits of Away and the like, and from when they hold.

See what there is, and what holds:

    okireports definition list CENTER

    okireports definition list CENTER targets

Change a target from a day on; results of before that day stay as they are:

    okireports definition set CENTER targets queue="Acme sales" answer_within_s=15 --from 2025-07-01
    --actor anna --reason "new contract"

The columns are those of the files that `okireports load` takes."""

definition = typer.Typer(help=ABOUT, no_args_is_help=True)

Kind = Annotated[
    str, typer.Argument(metavar="KIND", help="As `okireports definition list CENTER` names it.", show_default=False)
]
Values = Annotated[
    list[str],
    typer.Argument(metavar="COLUMN=VALUE...", help="Nothing after the = takes a value away.", show_default=False),
]
Key = Annotated[
    list[str], typer.Argument(metavar="COLUMN=VALUE...", help="Which: the columns of its key.", show_default=False)
]


@definition.command("list")
def list_definitions(
    center: Center,
    kind: Annotated[
        str | None, typer.Argument(metavar="[KIND]", help="Otherwise the kinds are listed.", show_default=False)
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="What held then; otherwise what holds now.", show_default=False),
    ] = None,
    history: Annotated[bool, typer.Option("--history", help="All versions, with from when to when they hold.")] = False,
) -> None:
    """List the kinds of definitions, or what holds of one kind."""
    definitions = okireports.open(center).definitions
    if kind is None:
        if on or history:
            raise typer.BadParameter("Say of which KIND.", param_hint="KIND")
        show_frame(definitions.frame[["kind", "rows", "dated", "about", "columns"]])
        return
    if on and history:
        raise typer.BadParameter("--history has every day already.", param_hint="--on")
    frame = definitions.history(kind) if history else definitions.list(kind, on=on)
    if frame.empty:
        say(f"No {kind}.")
    else:
        show_frame(frame)


@definition.command("set")
def set_definition(
    center: Center,
    kind: Kind,
    values: Values,
    actor: Actor,
    reason: Reason,
    since: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="WHEN",
            help="2025-07-01 or 2025-07-01T08:00, local; 'always'; otherwise now. Not of kinds without dates.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Add a definition, or change one, from an instant on; results of before stay as they are."""
    given: dict[str, Any] = {name: value or None for name, value in pairs(values, "COLUMN=VALUE").items()}
    if kind == "settings":
        given = {name: value or "" for name, value in given.items()}
    okireports.open(center).definitions.set(kind, given, valid_from=since, actor=actor, reason=reason)
    say(f"Set in {kind}: {', '.join(values)}{f', from {since}' if since else ''}.")


@definition.command("end")
def end_definition(
    center: Center,
    kind: Kind,
    key: Key,
    actor: Actor,
    reason: Reason,
    until: Annotated[
        str | None,
        typer.Option("--at", metavar="WHEN", help="2025-07-01 or 2025-07-01T08:00, local.", show_default="now"),
    ] = None,
) -> None:
    """End a definition; what was to come of it never begins. Results of before stay as they are."""
    okireports.open(center).definitions.end(
        kind, pairs(key, "COLUMN=VALUE"), valid_to=until, actor=actor, reason=reason
    )
    say(f"Ended in {kind}: {', '.join(key)}{f', at {until}' if until else ''}.")


@definition.command("remove")
def remove_definition(center: Center, kind: Kind, key: Key, actor: Actor, reason: Reason) -> None:
    """Take away a definition of a kind without dates: earlier results change, too."""
    okireports.open(center).definitions.remove(kind, pairs(key, "COLUMN=VALUE"), actor=actor, reason=reason)
    say(f"Removed from {kind}: {', '.join(key)}.")
