"""Commands about what runs by itself: schedules, their runs, and how mail is sent."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Annotated, Any

import typer

import okireports
from okireports.cli.asking import value_of
from okireports.cli.centre import pairs
from okireports.cli.terminal import Actor, Center, Engine, LakeAt, Reason, bar, complain, plain, say, show, show_frame
from okireports.cli.watching import PAUSE, Ending, pause_of
from okireports.schedule import Outcome, gauges
from okireports.schedule.notices import BROKEN

schedule = typer.Typer(help="Schedules: reports that are made and sent by themselves.", no_args_is_help=True)

FAILED, LATER = 1, 3  # exit codes: something was not done; something waits to be tried again

Id = Annotated[int, typer.Argument(metavar="ID", help="As `okireports schedule list` shows it.", show_default=False)]
MaybeId = Annotated[int | None, typer.Argument(metavar="[ID]", help="Only this schedule.", show_default=False)]
Several = list[str] | None
Text = str | None


def option(name: str, help: str, metavar: str | None = None) -> Any:
    """An option without a default."""
    return typer.Option(name, help=help, metavar=metavar, show_default=False)


Cron = Annotated[Text, option("--cron", "When, on the centre's clock: '30 6 * * 1-5', '@daily'.")]
Period = Annotated[Text, option("--period", "Of what time, seen from then: yesterday, 'last week', 'last month'.")]
Projects = Annotated[Several, option("--project", "One of the viewer's; several times. None: each of hers.")]
Reports = Annotated[Several, option("--report", "A report; several times. '*': all.", "NAME[:OPTION=VALUE,...]")]
Tables = Annotated[Several, option("--table", "A table of facts; several times. '*': all.")]
Formats = Annotated[Text, option("--format", "parquet, csv, xlsx, json, html, png, svg; commas between.")]
Digest = Annotated[
    bool | None, typer.Option("--digest/--no-digest", help="A page about each project.", show_default=False)
]
Language = Annotated[Text, option("--language", "en or pl.")]
Targets = Annotated[Several, option("--to", "A folder, or s3://bucket/prefix; several times.")]
Recipients = Annotated[Several, option("--recipient", "Someone of the centre, by login; several times.")]
Addresses = Annotated[Several, option("--address", "Someone outside, by mail address; several times.")]
Webhook = Annotated[Text, option("--webhook", "An address to which the signed manifest is posted; '': none.", "URL")]
Metrics = Annotated[Path | None, option("--metrics", "A file for Prometheus' node exporter; its name ends in .prom.")]
Together = Annotated[
    bool | None,
    typer.Option("--together/--apart", help="One message of all projects to who may see all.", show_default=False),
]


def given(**values: Any) -> dict[str, Any]:
    """What was said, as the library takes it."""
    told = {key: value for key, value in values.items() if value not in (None, [])}
    if told.get("tables") == ["*"]:
        told["tables"] = "*"
    if "formats" in told:
        told["formats"] = [part.strip() for part in told["formats"].split(",") if part.strip()]
    if "reports" in told:
        told["reports"] = "*" if told["reports"] == ["*"] else [named(one) for one in told["reports"]]
    return told


def named(report: str) -> tuple[str, dict[str, Any]]:
    """A report with its options, from NAME:OPTION=VALUE,OPTION=VALUE."""
    name, _, options = report.partition(":")
    told = pairs([part for part in options.split(",") if part], "--report")
    return name, {key: value_of(key, text) for key, text in told.items()}


@schedule.command("list")
def list_schedules(center: Center) -> None:
    """List the schedules: when each is due next, and how it went last."""
    frame = okireports.open(center).schedules.frame
    if frame.empty:
        say("There are no schedules.")
    else:
        show_frame(frame)


@schedule.command("add")
def add(
    center: Center,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As people call it.", show_default=False)],
    viewer: Annotated[str, typer.Option(help="Whose it is, by login: what it makes is what she may see then.")],
    cron: Annotated[str, typer.Option(help="When, on the centre's clock: '30 6 * * 1-5', '@daily'.")],
    actor: Actor,
    reason: Reason,
    period: Annotated[str, typer.Option(help="Of what time, seen from then: 'last week', 'last month'.")] = "yesterday",
    project: Projects = None,
    report: Reports = None,
    table: Tables = None,
    format: Formats = None,
    digest: Digest = None,
    language: Language = None,
    to: Targets = None,
    recipient: Recipients = None,
    address: Addresses = None,
    webhook: Webhook = None,
    together: Together = None,
) -> None:
    """Add a schedule; it is due for the first time after now."""
    opened = okireports.open(center)
    values = given(
        reports=report,
        tables=table,
        formats=format,
        digest=digest,
        language=language,
        destinations=to,
        recipients=recipient,
        addresses=address,
        webhook=webhook,
        together=together,
    )
    id = opened.schedules.create(
        name, viewer=viewer, cron=cron, period=period, projects=project or None, actor=actor, reason=reason, **values
    )
    due = opened.schedules.frame.set_index("schedule_id")["next_due"].to_dict()[id]
    say(f"Added schedule {id}, {name}; due next at {due:%Y-%m-%d %H:%M %Z}.")


@schedule.command("change")
def change(
    center: Center,
    id: Id,
    actor: Actor,
    reason: Reason,
    name: Annotated[Text, option("--name", "As people call it.")] = None,
    cron: Cron = None,
    period: Period = None,
    project: Projects = None,
    report: Reports = None,
    table: Tables = None,
    format: Formats = None,
    digest: Digest = None,
    language: Language = None,
    to: Targets = None,
    recipient: Recipients = None,
    address: Addresses = None,
    webhook: Webhook = None,
    together: Together = None,
) -> None:
    """Change what a schedule says; what is not said stays."""
    values = given(
        name=name,
        cron=cron,
        period=period,
        projects=project,
        reports=report,
        tables=table,
        formats=format,
        digest=digest,
        language=language,
        destinations=to,
        recipients=recipient,
        addresses=address,
        webhook=webhook,
        together=together,
    )
    okireports.open(center).schedules.change(id, actor=actor, reason=reason, **values)
    say(f"Changed schedule {id}.")


@schedule.command("pause")
def pause(center: Center, id: Id, actor: Actor, reason: Reason) -> None:
    """Let a schedule rest."""
    okireports.open(center).schedules.pause(id, actor=actor, reason=reason)
    say(f"Paused schedule {id}.")


@schedule.command("resume")
def resume(center: Center, id: Id, actor: Actor, reason: Reason) -> None:
    """Let a schedule run again, from now on."""
    okireports.open(center).schedules.resume(id, actor=actor, reason=reason)
    say(f"Schedule {id} runs again.")


@schedule.command("remove")
def remove(center: Center, id: Id, actor: Actor, reason: Reason) -> None:
    """End a schedule; its history stays."""
    okireports.open(center).schedules.remove(id, actor=actor, reason=reason)
    say(f"Removed schedule {id}.")


@schedule.command("history")
def history(
    center: Center,
    id: MaybeId = None,
    deliveries: Annotated[
        bool, typer.Option("--deliveries", help="What was sent or kept back, instead of the runs.")
    ] = False,
    rows: Annotated[int, typer.Option(min=1, help="How many of the newest to show.")] = 20,
) -> None:
    """Show the runs, newest first, or what they sent."""
    schedules = okireports.open(center).schedules
    frame = schedules.deliveries(id) if deliveries else schedules.history(id)
    if frame.empty:
        say("Nothing has run yet.")
    else:
        show_frame(frame.head(rows))


@schedule.command("allow")
def allow(
    center: Center,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="A mail address.", show_default=False)],
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project's name.", show_default=False)],
    actor: Actor,
    reason: Reason,
    no: Annotated[bool, typer.Option("--no", help="It gets nothing of the project any more.")] = False,
) -> None:
    """Let an address outside the centre get files of one project, or no longer."""
    schedules = okireports.open(center).schedules
    (schedules.disallow if no else schedules.allow)(address, project, actor=actor, reason=reason)
    say(f"{address} gets {'nothing' if no else 'files'} of {project}{' any more' if no else ''}.")


@schedule.command("post")
def post(
    center: Center,
    settings: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="None: show them.", show_default=False)
    ] = None,
    actor: Annotated[str, typer.Option(help="Your login.", show_default=False)] = "",
    reason: Annotated[str, typer.Option(help="Why; it is kept with the change.", show_default=False)] = "",
) -> None:
    """Show or change how mail is sent: host, port, security, user, password_env or password_file, sender, ..."""
    schedules = okireports.open(center).schedules
    if settings:
        schedules.set_post(actor=actor, reason=reason, **pairs(settings, "NAME=VALUE"))
    show(("setting", "value"), schedules.post.items())


@schedule.command("run")
def run(
    center: Center,
    id: MaybeId = None,
    due: Annotated[bool, typer.Option("--due", help="All that is due, and what waits to be tried again.")] = False,
    metrics: Metrics = None,
    engine: Engine = None,
    lake: LakeAt = None,
) -> None:
    """Run all that is due (--due, for cron or systemd), or one schedule now.

    Exit codes: 0 all is done, 1 a run failed, was refused or not delivered to all, 3 a run waits to be tried again.
    """
    if (id is None) is not due:
        raise typer.BadParameter("Give --due, or the ID of one schedule.", param_hint="--due")
    opened = okireports.open(center, engine=engine, lake=lake)
    with bar() as step:
        step("schedules")
        found = opened.schedules.run_due() if id is None else opened.schedules.run(id)
    tell(found)
    measure(opened, metrics)
    if (states := {one.state for one in found}) & {*BROKEN}:
        raise typer.Exit(FAILED)
    if "waiting" in states:
        raise typer.Exit(LATER)


def tell(found: list[Outcome]) -> None:
    """A line for each run; what went wrong goes where errors go."""
    for one in found:
        due = f", due {one.due:%Y-%m-%d %H:%M} UTC" if one.due else ""
        line = f"schedule {one.schedule_id} ({one.name}){due}: {one.state}{f': {one.reason}' if one.reason else ''}"
        if one.state in (*BROKEN, "waiting"):
            complain(plain(line))
        else:
            say(line)


@schedule.command("watch")
def watch(center: Center, metrics: Metrics = None, engine: Engine = None, lake: LakeAt = None) -> None:
    """Run what is due, when it is due, until this process is told to end (SIGTERM, Ctrl-C)."""
    opened = okireports.open(center, engine=engine, lake=lake)
    ending = Ending()
    say(f"Watching the schedules of {center}.")
    while not ending.asked:
        pause = PAUSE
        try:
            tell(opened.schedules.run_due())
            measure(opened, metrics)
            pause = pause_of(opened.schedules.frame["next_due"].dropna(), opened.clock)
        except (okireports.OkiReportsError, OSError) as error:  # the next look may find it mended
            complain(error)
        ending.wait(pause)
    say("Ended.")


def measure(center: okireports.Center, metrics: Path | None) -> None:
    """Write the file of metrics, where one is asked for."""
    if metrics is not None:
        gauges.put(center.folder, metrics, center.clock().astimezone(UTC).replace(tzinfo=None))
