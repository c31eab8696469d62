"""Commands about roles, groups, the security type, and corrections of the past; each names its actor and a reason."""

from __future__ import annotations

from typing import Annotated

import typer

import okireports
from okireports.cli.people import Day, Login, local
from okireports.cli.terminal import Actor, Center, Reason, bar, say, show_frame

role = typer.Typer(help="Roles: what people may do.", no_args_is_help=True)
group = typer.Typer(help="Groups of operators: a label and a filter in reports.", no_args_is_help=True)

RoleName = Annotated[str, typer.Argument(metavar="ROLE", help="Its name.", show_default=False)]
GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="Its name.", show_default=False)]
Rights = Annotated[
    list[str] | None,
    typer.Option(metavar="RIGHT", help="A right, or a restriction; several times.", show_default=False),
]
Reports = Annotated[
    list[str] | None,
    typer.Option("--report", metavar="NAME", help="What it may run: '*', a name, '-name'.", show_default=False),
]


@role.command("list")
def list_roles(center: Center) -> None:
    """List all roles with their rights and how many people have them."""
    show_frame(okireports.open(center).roles.frame[["role", "preset", "users", "rights", "reports"]])


@role.command("create")
def create_role(
    center: Center,
    name: RoleName,
    actor: Actor,
    reason: Reason,
    copy: Annotated[str, typer.Option(metavar="ROLE", help="The role that it starts from.", show_default=False)],
    add: Rights = None,
    take: Rights = None,
    report: Reports = None,
) -> None:
    """Make a role from another one."""
    okireports.open(center).roles.create(
        name, copy=copy, add=add or (), take=take or (), reports=report, actor=actor, reason=reason
    )
    say(f"Made the role {name}.")


@role.command("change")
def change_role(
    center: Center,
    name: RoleName,
    actor: Actor,
    reason: Reason,
    add: Rights = None,
    take: Rights = None,
    report: Reports = None,
) -> None:
    """Change an own role for all who have it; a preset stays as it is."""
    okireports.open(center).roles.change(
        name, add=add or (), take=take or (), reports=report, actor=actor, reason=reason
    )
    say(f"Changed the role {name}.")


@role.command("remove")
def remove_role(center: Center, name: RoleName, actor: Actor, reason: Reason) -> None:
    """Take away an own role that nobody has."""
    okireports.open(center).roles.remove(name, actor=actor, reason=reason)
    say(f"Removed the role {name}.")


@group.command("list")
def list_groups(center: Center) -> None:
    """List all groups with today's members."""
    show_frame(okireports.open(center).groups.frame)


@group.command("create")
def create_group(center: Center, name: GroupName, actor: Actor, reason: Reason) -> None:
    """Make a group."""
    okireports.open(center).groups.create(name, actor=actor, reason=reason)
    say(f"Made the group {name}.")


@group.command("rename")
def rename_group(
    center: Center,
    name: GroupName,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.", show_default=False)],
    actor: Actor,
    reason: Reason,
) -> None:
    """Give a group another name."""
    okireports.open(center).groups.rename(name, new, actor=actor, reason=reason)
    say(f"The group {name} is {new} now.")


@group.command("add-member")
def add_to_group(
    center: Center, name: GroupName, login: Login, actor: Actor, reason: Reason, since: Day = None, until: Day = None
) -> None:
    """Put a person into a group, from now or --since on (local time)."""
    opened = okireports.open(center)
    begins, ends = local(opened, since), local(opened, until)
    opened.groups.add_member(name, login, valid_from=begins, valid_to=ends, actor=actor, reason=reason)
    say(f"{login} is in the group {name}.")


@group.command("remove-member")
def remove_from_group(center: Center, name: GroupName, login: Login, actor: Actor, reason: Reason) -> None:
    """Take a person out of a group from now on."""
    okireports.open(center).groups.remove_member(name, login, actor=actor, reason=reason)
    say(f"{login} is no longer in the group {name}.")


def security(
    center: Center,
    to: Annotated[
        str, typer.Argument(metavar="TYPE", help="'improved' (projects) or 'simplified' (none).", show_default=False)
    ],
    actor: Actor,
    reason: Reason,
) -> None:
    """Switch the security type. Improved makes the project Default of all there is; back only where nothing is lost."""
    okireports.open(center).security(to, actor=actor, reason=reason)
    if to == "improved":
        say(
            "Members see their projects now. All is in Default; take people out of it: okireports project remove-member"
        )
    else:
        say("Everyone sees everything now.")


def restamp(
    center: Center,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="queue, dialer, scenario, crm_form", show_default=False)],
    name: Annotated[str, typer.Argument(metavar="OBJECT", help="The object's name.", show_default=False)],
    actor: Actor,
    reason: Reason,
    to: Annotated[str | None, typer.Option(metavar="PROJECT", help="Whose it was.", show_default=False)] = None,
    nobody: Annotated[bool, typer.Option("--to-nobody", help="It was no project's.")] = False,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="WHEN", help="2025-01-01, local; otherwise ever.", show_default=False),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--until", metavar="WHEN", help="Not included; otherwise further on, too.", show_default=False),
    ] = None,
    every: Annotated[bool, typer.Option("--every", help="Also rows that were placed by something else.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, and change nothing.")] = False,
) -> None:
    """Correct the past: an object was another project's. Its rows of that time move there, and stay nowhere else."""
    if (to is None) is not nobody:
        raise typer.BadParameter("Give --to PROJECT or --to-nobody.", param_hint="--to")
    period = None if since is None and until is None else (since, until)
    with bar() as step:
        done = okireports.open(center).restamp(
            kind, name, to=to, period=period, every=every, actor=actor, reason=reason, dry_run=dry_run, progress=step
        )
    tried = " (only tried: nothing was changed)" if dry_run else ""
    say(f"{kind} {name}, {to or 'no project'}: {done}{tried}.")
