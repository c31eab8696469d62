"""Commands that erase for good: a customer is forgotten, and rows that are too old are dropped."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

import okireports
from okireports.cli.terminal import Actor, Center, Reason, bar, say

DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what it would do, and change nothing.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]
FINAL = "This cannot be taken back: earlier generations go with it. Go on?"


def forget(
    center: Center,
    phone: Annotated[
        str,
        typer.Argument(
            metavar="PHONE", help="The number, however it is written; - reads it from the input.", show_default=False
        ),
    ],
    actor: Actor,
    reason: Reason,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Forget a customer, in all projects and generations. Her calls still count; no load brings her back."""
    opened, number = okireports.open(center), sys.stdin.readline().strip() if phone == "-" else phone
    with bar() as step:
        step("looking")
        found = opened.forget(number, actor=actor, reason=reason, dry_run=True)
    if dry_run:
        say(found)
        return
    confirm(found, yes)
    with bar() as step:
        step("forgetting")
        done = opened.forget(number, actor=actor, reason=reason)
    say(f"{done}. Generation {done.generation}.")


def retain(center: Center, actor: Actor, reason: Reason, dry_run: DryRun = False, yes: Yes = False) -> None:
    """Drop rows older than the settings keep_facts_days and keep_recordings_days say, in all generations."""
    opened = okireports.open(center)
    with bar() as step:
        step("looking")
        found = opened.retain(actor=actor, reason=reason, dry_run=True)
    if dry_run or not (found.rows or found.rejects):
        say(found)
        return
    confirm(found, yes)
    with bar() as step:
        step("dropping")
        done = opened.retain(actor=actor, reason=reason)
    say(f"{done}. Generation {done.generation}.")


def confirm(found: object, yes: bool) -> None:
    """Tell what is about to go, and ask where somebody is there to answer."""
    say(found)
    if not yes and sys.stdin.isatty():
        typer.confirm(FINAL, abort=True)
