"""Commands about who may see what, and what was done: they tell, and change nothing."""

from __future__ import annotations

from typing import Annotated

import typer

import okireports
from okireports.cli.terminal import Actor, Center, Reason, complain, say, show_frame

SHOWN = ("seq", "at", "actor", "action", "subject", "project", "before", "after", "reason")


def lint(center: Center, actor: Actor, reason: Reason) -> None:
    """Name what looks forgotten or too wide: people left in Default, empty projects, roles that widen, ..."""
    found = okireports.open(center).lint(actor=actor, reason=reason)
    if found.empty:
        say("Nothing looks forgotten or too wide.")
    else:
        show_frame(found)


def audit(
    center: Center,
    viewer: Annotated[
        str | None, typer.Option(metavar="LOGIN", help="As she may read it; otherwise all of it.", show_default=False)
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, of a --viewer who sees everything.", show_default=False)
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many of the newest entries to show.")] = 20,
    verify: Annotated[bool, typer.Option("--verify", help="Check the chain instead: exit code 1 where it broke.")] = (
        False
    ),
    head: Annotated[
        str | None,
        typer.Option(metavar="HASH", help="With --verify: it was once the newest entry's.", show_default=False),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="DAY", help="Who could see what when that day ended, instead.", show_default=False),
    ] = None,
) -> None:
    """Show the change log, check that nothing in it was altered, or tell who could see what on a day."""
    opened = okireports.open(center)
    if sum((verify, on is not None, viewer is not None)) > 1:
        raise typer.BadParameter("Of --verify, --on and --viewer give one.", param_hint="--verify")
    if head is not None and not verify:
        raise typer.BadParameter("It goes with --verify.", param_hint="--head")
    if verify:
        checked(opened, head)
        return
    if on is not None:
        show_frame(opened.audit.access_at(on))
        return
    frame = opened.audit.frame if viewer is None else opened.viewer(viewer, reason=reason).audit
    shown = frame.iloc[::-1].head(rows)
    show_frame(shown[[name for name in SHOWN if name in shown]])
    if len(frame) > rows:
        say(f"... and {len(frame) - rows:,} older entries: --rows shows more.")


def checked(center: okireports.Center, head: str | None) -> None:
    """Check the chain of the log, and say what is wrong with it."""
    problems = center.audit.verify(head)
    for problem in problems:
        complain(problem)
    if problems:
        raise typer.Exit(1)
    say(f"The change log is whole. Its newest entry: {center.audit.head}")


def who_can_see(
    center: Center,
    call: Annotated[str, typer.Argument(metavar="CALL", help="As reports name it.", show_default=False)],
    actor: Actor,
    reason: Reason,
) -> None:
    """Tell who can see a call now, and by what."""
    show_frame(okireports.open(center).who_can_see(call, actor=actor, reason=reason))


def diff_access(
    center: Center,
    one: Annotated[str, typer.Argument(metavar="LOGIN", help="Someone.", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Someone else.", show_default=False)],
    actor: Actor,
    reason: Reason,
) -> None:
    """Tell what LOGIN may see that OTHER may not."""
    found = okireports.open(center).diff_access(one, other, actor=actor, reason=reason)
    if found.empty:
        say(f"{one} may see nothing that {other} may not.")
    else:
        show_frame(found)
