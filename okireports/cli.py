"""The command line: thin commands over the library; an error is one line, and tells what to do."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn
from rich.table import Table

import okireports
from okireports import errors

if TYPE_CHECKING:
    import pandas as pd

    from okireports.faces import Center, Result

app = typer.Typer(help="Reports for call centres that work for many clients.", no_args_is_help=True, add_completion=False)
users = typer.Typer(help="People: list, add.", no_args_is_help=True)
projects = typer.Typer(help="Projects: list, create, members, objects.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(projects, name="project")

CenterPath = Annotated[Path, typer.Argument(help="The centre's folder.")]
Viewer = Annotated[str, typer.Option("--viewer", help="Who looks: a login.")]
Reason = Annotated[str | None, typer.Option(help="Why, of those who see everything.")]
Actor = Annotated[str, typer.Option(help="Who changes: a login with the right.")]
Why = Annotated[str, typer.Option("--reason", help="Why; it is kept with the change.")]
Period = Annotated[str, typer.Option(help='"2025-06", "2025-06-03", "last 7 days", ... or "FROM/TO" (half-open).')]
Several = Annotated[list[str] | None, typer.Option(help="Only of this; may be given several times.")]
SHOWN = 40  # rows of a table on the terminal


def main() -> None:
    """Run; what the library refuses is one line on the error channel and exit code 1."""
    try:
        app()
    except errors.OkiReportsError as error:
        Console(stderr=True).print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


@contextmanager
def working(what: str) -> Iterator[Any]:
    """Show that something goes on; silent when nobody looks."""
    console = Console(stderr=True)
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda step: bar.update(task, description=f"{what}: {step}")


def show(frame: pd.DataFrame, title: str = "") -> None:
    """A dataframe on the terminal, cut to what fits."""
    table = Table(title=title or None)
    for name in frame.columns:
        table.add_column(str(name))
    for row in frame.head(SHOWN).itertuples(index=False):
        table.add_row(*("" if value is None or value != value else str(value) for value in row))
    Console().print(table)
    if len(frame) > SHOWN:
        print(f"{len(frame) - SHOWN:,} more rows; save them with --out FILE, or see them as --format csv.")


@app.command()
def create(
    path: CenterPath,
    timezone: str = "Europe/Warsaw",
    currency: str = "PLN",
    admin: Annotated[str, typer.Option(help="Login of the first admin.")] = "admin",
) -> None:
    """Make a new, empty centre."""
    okireports.create(path, timezone=timezone, currency=currency, admin=admin)
    print(f"{path} is a centre now. Load files: okireports load {path} FOLDER")


@app.command()
def load(
    path: CenterPath,
    files: Annotated[Path, typer.Argument(help="A folder of files, or one file.")],
    source: Annotated[str, typer.Option(help='"canonical", "bank-1999", or a mapping (.toml).')] = "canonical",
    timezone: Annotated[str | None, typer.Option(help="Zone of times without an offset.")] = None,
    ambiguous: Annotated[str, typer.Option(help="earlier, later or reject, for doubled and missing hours.")] = "earlier",
    create_missing: bool = False,
    strict: bool = False,
    actor: str = "system",
) -> None:
    """Load files: all of them or nothing; rows that are wrong are kept with their reason."""
    center = okireports.open(path)
    with working("loading") as step:
        result = center.load(
            files,
            source=source,
            timezone=timezone,
            ambiguous=ambiguous,
            create_missing=create_missing,
            strict=strict,
            actor=actor,
            progress=step,
        )
    print(result)
    if len(result.rejects):
        show(result.rejects.drop(columns="row_text"), "rejected rows")


@app.command()
def inspect(file: Annotated[Path, typer.Argument(help="A CSV, XLSX or Parquet file of any vendor.")]) -> None:
    """Draft a mapping for a file: print it, correct it, load with it."""
    from okireports import sources

    print(sources.inspect(file))


@app.command()
def reports(path: CenterPath, viewer: Viewer, reason: Reason = None) -> None:
    """List the reports that a viewer may run."""
    show(okireports.open(path).viewer(viewer, reason=reason).reports)


@app.command()
def report(
    path: CenterPath,
    name: Annotated[str, typer.Argument(help="As `okireports reports` lists it.")],
    viewer: Viewer,
    period: Period,
    project: Several = None,
    queue: Several = None,
    dialer: Several = None,
    operator: Several = None,
    group: Several = None,
    line: Several = None,
    provider: Several = None,
    option: Annotated[list[str] | None, typer.Option(help="name=value of the report: by=hour, limit=100 ...")] = None,
    format: Annotated[str, typer.Option(help="table, csv or json on the terminal.")] = "table",
    out: Annotated[Path | None, typer.Option(help="A file: .csv .parquet .xlsx .json .html .png .svg")] = None,
    reason: Reason = None,
) -> None:
    """Run a report for a viewer."""
    if format not in ("table", "csv", "json"):
        raise errors.BadOption(f"--format {format}: it is table, csv or json; for files give --out.")
    halves = period.split("/")
    result = okireports.open(path).viewer(viewer, reason=reason).report(
        name,
        period=(halves[0], halves[1]) if len(halves) == 2 else period,
        projects=project,
        queues=queue,
        dialers=dialer,
        operators=operator,
        groups=group,
        lines=line,
        providers=provider,
        **dict(told(given) for given in option or ()),
    )
    if out is not None:
        print(result.save(out))
    elif format == "table":
        show(result.frame, f"{result.answer.report.title}, {result.provenance.period}")
        print(result.answer.report.definitions)
    else:
        print(result.frame.to_csv(index=False) if format == "csv" else result.frame.to_json(orient="records"))


def told(given: str) -> tuple[str, Any]:
    """An option as `name=value`; whole numbers, none and truth are read as such."""
    name, equals, value = given.partition("=")
    if not equals:
        raise errors.BadOption(f"--option {given}: write name=value, such as by=hour.")
    words = {"none": None, "true": True, "false": False}
    return name, int(value) if value.isdigit() else words.get(value.lower(), value)


@app.command()
def rollback(path: CenterPath, actor: Actor, reason: Why, to: int | None = None) -> None:
    """Bring back the rows from before the last load, or of an earlier generation."""
    generation = okireports.open(path).rollback(actor=actor, reason=reason, to=to)
    print(f"generation {generation} holds the earlier rows.")


@app.command()
def doctor(path: CenterPath) -> None:
    """Check the centre: every file by its checksum, and the chain of the change log."""
    from okireports import admin

    center = okireports.open(path)
    problems = [*admin.damaged_files(center.folder), *center.audit.verify()]
    for problem in problems:
        print(problem)
    print("The centre is whole." if not problems else f"{len(problems)} problems.")
    if problems:
        raise typer.Exit(1)


@users.command("list")
def user_list(path: CenterPath) -> None:
    """List the people."""
    show(okireports.open(path).users.frame)


@users.command("add")
def user_add(
    path: CenterPath,
    login: str,
    actor: Actor,
    reason: Why,
    name: str | None = None,
    email: str | None = None,
    role: str = "Operator",
) -> None:
    """Add a person."""
    okireports.open(path).users.create(login, name=name, email=email, role=role, actor=actor, reason=reason)


@projects.command("list")
def project_list(path: CenterPath) -> None:
    """List the projects."""
    show(okireports.open(path).projects.frame)


@projects.command("create")
def project_create(path: CenterPath, name: str, actor: Actor, reason: Why, client: str | None = None) -> None:
    """Make a project."""
    okireports.open(path).projects.create(name, client=client, actor=actor, reason=reason)


@projects.command("add-member")
def project_add_member(path: CenterPath, project: str, login: str, actor: Actor, reason: Why) -> None:
    """Put a person into a project from now on: she sees its whole history."""
    okireports.open(path).projects.add_member(project, login, actor=actor, reason=reason)


@projects.command("remove-member")
def project_remove_member(path: CenterPath, project: str, login: str, actor: Actor, reason: Why) -> None:
    """Take a person out of a project: she sees nothing of it any more."""
    okireports.open(path).projects.remove_member(project, login, actor=actor, reason=reason)


@projects.command("add-object")
def project_add_object(path: CenterPath, project: str, kind: str, name: str, actor: Actor, reason: Why) -> None:
    """Put a queue, dialer, scenario, form ... into a project from now on."""
    okireports.open(path).projects.add_object(project, kind, name, actor=actor, reason=reason)


@app.command()
def demo(
    path: CenterPath,
    calls: int = 200_000,
    seed: int = 1,
    until: str = "2026-06-30",
    out: Annotated[Path | None, typer.Option(help="Run every report for every demo viewer, and write files here.")] = None,
) -> None:
    """Make an invented centre, and with --out show what each of its viewers gets."""
    with working("demo") as step:
        center = okireports.demo(path, calls=calls, seed=seed, until=until, progress=step)
        print(f"{path}: an invented centre with {calls:,} calls.")
        if out is not None:
            rows = list(tour(center, out, until[:7], step))
    if out is not None:
        table = Table("viewer", "report", "rows", title=f"every report for every demo viewer, {until[:7]}")
        for row in rows:
            table.add_row(*row)
        Console().print(table)


def tour(center: Center, out: Path, period: str, step: Any) -> Iterator[tuple[str, str, str]]:
    """Run every report for every demo viewer, and write each project's in that project's own scope."""
    from okireports.invention import VIEWERS

    for login in VIEWERS:
        viewer = center.viewer(login, reason="a look at the demo" if login == "admin" else None)
        for name in viewer.reports["name"]:
            step(f"{login}, {name}")
            yield login, name, f"{viewer.report(name, period=period).arrow.num_rows:,}"
            if login in ("sara", "clive"):
                for number, project in zip(viewer.projects["project_id"], viewer.projects["project"], strict=True):
                    folder = out / login / f"{number:04d}-{safe(project)}"
                    folder.mkdir(parents=True, exist_ok=True)
                    write(viewer.report(name, period=period, projects=[project]), folder / name)


def write(result: Result, stem: Path) -> None:
    """One result as Parquet, CSV and HTML."""
    for suffix in (".parquet", ".csv", ".html"):
        result.save(stem.with_suffix(suffix))


def safe(name: str) -> str:
    """A name as part of a file name: letters, digits and hyphens."""
    return "-".join("".join(c if c.isascii() and c.isalnum() else " " for c in name.lower()).split()) or "project"
