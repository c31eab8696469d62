"""Commands about people and projects; each change names its actor and a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

import okireports
from okireports.cli.terminal import Actor, Center, Reason, say, show_frame
from okireports.clock import zone_info

user = typer.Typer(help="People: list, add and change them.", no_args_is_help=True)
project = typer.Typer(help="Projects: who works in them, and what they own.", no_args_is_help=True)

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="What the person types to log in.", show_default=False)]
Name = Annotated[str, typer.Argument(metavar="PROJECT", help="Its name.", show_default=False)]
Group = Annotated[str, typer.Argument(metavar="GROUP", help="Its name.", show_default=False)]
Kind = Annotated[str, typer.Argument(metavar="KIND", help="queue, dialer, scenario, ...", show_default=False)]
Thing = Annotated[str, typer.Argument(metavar="OBJECT", help="The object's name.", show_default=False)]
Text = Annotated[str | None, typer.Option(show_default=False)]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"], show_default=False)]


@user.command("list")
def list_users(center: Center) -> None:
    """List all people with their roles and today's projects."""
    show_frame(okireports.open(center).users.frame)


@user.command("add")
def add_user(
    center: Center,
    login: Login,
    actor: Actor,
    reason: Reason,
    name: Text = None,
    email: Text = None,
    role: Annotated[str, typer.Option(help="Operator, Supervisor, Client, Auditor, Admin or one of your own.")] = (
        "Operator"
    ),
    projects: Annotated[
        list[str] | None, typer.Option("--project", help="She is in it from now on; several times.", show_default=False)
    ] = None,
    groups: Annotated[
        list[str] | None, typer.Option("--group", help="She is in it from now on; several times.", show_default=False)
    ] = None,
) -> None:
    """Add a person."""
    more = {"projects": projects or (), "groups": groups or ()}
    okireports.open(center).users.create(login, name=name, email=email, role=role, **more, actor=actor, reason=reason)
    told = "" if projects else " She sees no rows before she is in a project: okireports project add-member"
    say(f"Added {login} ({role}).{told}")


@user.command("change")
def change_user(
    center: Center,
    login: Login,
    actor: Actor,
    reason: Reason,
    name: Text = None,
    email: Text = None,
    role: Text = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="May she look at all?", show_default=False)
    ] = None,
) -> None:
    """Change a person's name, mail, role, or whether she is active."""
    given = {"name": name, "email": email, "role": role, "active": active}
    values = {key: value for key, value in given.items() if value is not None}
    okireports.open(center).users.change(login, actor=actor, reason=reason, **values)
    say(f"Changed {login}: {', '.join(f'{key} {value}' for key, value in values.items())}.")


@project.command("list")
def list_projects(center: Center) -> None:
    """List all projects with how many members and objects they have today."""
    show_frame(okireports.open(center).projects.frame)


@project.command("create")
def create_project(
    center: Center, name: Name, actor: Actor, reason: Reason, description: Text = None, client: Text = None
) -> None:
    """Make a project."""
    okireports.open(center).projects.create(name, description=description, client=client, actor=actor, reason=reason)
    say(f"Made the project {name}.")


@project.command("change")
def change_project(
    center: Center, name: Name, actor: Actor, reason: Reason, description: Text = None, client: Text = None
) -> None:
    """Change what is said of a project; an empty text takes it away."""
    given = {"description": description, "client": client}
    values = {key: value or None for key, value in given.items() if value is not None}
    okireports.open(center).projects.change(name, actor=actor, reason=reason, **values)
    say(f"Changed {name}.")


@project.command("rename")
def rename_project(
    center: Center,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.", show_default=False)],
    actor: Actor,
    reason: Reason,
) -> None:
    """Give a project another name."""
    okireports.open(center).projects.rename(name, new, actor=actor, reason=reason)
    say(f"The project {name} is {new} now.")


@project.command("archive")
def archive_project(center: Center, name: Name, actor: Actor, reason: Reason) -> None:
    """End a project: its objects leave it now; its rows stay, and its members can read them."""
    okireports.open(center).projects.archive(name, actor=actor, reason=reason)
    say(f"Archived {name}.")


@project.command("add-group")
def add_group(
    center: Center,
    name: Name,
    group: Group,
    actor: Actor,
    reason: Reason,
    since: Day = None,
    until: Day = None,
) -> None:
    """Put those into a project who are in a group today; who joins the group later is not in it."""
    opened = okireports.open(center)
    begins, ends = local(opened, since), local(opened, until)
    opened.projects.add_group(name, group, valid_from=begins, valid_to=ends, actor=actor, reason=reason)
    say(f"Those who are in {group} today are in {name}.")


@project.command("remove-group")
def remove_group(center: Center, name: Name, group: Group, actor: Actor, reason: Reason) -> None:
    """Take those out of a project who are in a group today."""
    okireports.open(center).projects.remove_group(name, group, actor=actor, reason=reason)
    say(f"Those who are in {group} today are no longer in {name}.")


@project.command("add-member")
def add_member(
    center: Center,
    name: Name,
    login: Login,
    actor: Actor,
    reason: Reason,
    since: Day = None,
    until: Day = None,
) -> None:
    """Put a person into a project, from now or --since on (local time); she then sees its whole history."""
    opened = okireports.open(center)
    begins, ends = local(opened, since), local(opened, until)
    opened.projects.add_member(name, login, valid_from=begins, valid_to=ends, actor=actor, reason=reason)
    say(f"{login} is in {name}.")


@project.command("remove-member")
def remove_member(center: Center, name: Name, login: Login, actor: Actor, reason: Reason) -> None:
    """Take a person out of a project: at the next call she sees nothing of it."""
    okireports.open(center).projects.remove_member(name, login, actor=actor, reason=reason)
    say(f"{login} is no longer in {name}.")


@project.command("add-object")
def add_object(
    center: Center,
    name: Name,
    kind: Kind,
    thing: Thing,
    actor: Actor,
    reason: Reason,
) -> None:
    """Give a project a queue, a dialer or another object, made where it is new; its past stays where it was."""
    okireports.open(center).projects.add_object(name, kind, thing, actor=actor, reason=reason)
    say(f"{kind} {thing} belongs to {name}.")


@project.command("move")
def move_object(
    center: Center,
    name: Annotated[str, typer.Argument(metavar="PROJECT", help="The project that gets it.", show_default=False)],
    kind: Kind,
    thing: Thing,
    actor: Actor,
    reason: Reason,
    since: Day = None,
) -> None:
    """Move a queue, dialer, scenario or form to another project, from now or --since on; the past is not moved."""
    opened = okireports.open(center)
    opened.projects.move_object(kind, thing, name, valid_from=local(opened, since), actor=actor, reason=reason)
    say(f"{kind} {thing} belongs to {name}{f' from {since:%Y-%m-%d %H:%M} on' if since else ''}.")


@project.command("remove-object")
def remove_object(center: Center, name: Name, kind: Kind, thing: Thing, actor: Actor, reason: Reason) -> None:
    """Take an object out of a project from now on; its past stays there."""
    okireports.open(center).projects.remove_object(name, kind, thing, actor=actor, reason=reason)
    say(f"{kind} {thing} no longer belongs to {name}.")


def local(center: okireports.Center, at: datetime | None) -> datetime | None:
    """A clock time of the centre's zone as an instant."""
    return None if at is None else at.replace(tzinfo=zone_info(center.settings.values["timezone"]))
