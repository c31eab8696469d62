"""Commands that ask: which reports there are, and a report. Their options are those of the registry."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand

import okireports
from okireports.cli.centre import pairs
from okireports.cli.terminal import Center, Engine, LakeAt, bar, say, show, show_frame, show_rows
from okireports.report import Option, all_reports
from okireports.rows import Rows

WORDS = {"none": None, "true": True, "yes": True, "false": False, "no": False}


class Format(StrEnum):
    """What a result is shown as."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    HTML = "html"


Several = list[str] | None
ViewerReason = Annotated[
    str | None, typer.Option(help="Why, of viewers who see all projects; it is written down.", show_default=False)
]


def filtered(what: str) -> Any:
    """A filter that can be given several times."""
    return typer.Option(help=f"Only {what}; can be given several times.", rich_help_panel="Filters", show_default=False)


def with_report_options(function: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each that any report has; what they mean is checked by the report itself."""
    hints = get_type_hints(function, include_extras=True)
    signature = inspect.signature(function)
    fixed = [p.replace(annotation=hints[p.name]) for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    known: dict[str, list[Option]] = {}
    for report in all_reports():
        for name, option in report.options.items():
            known.setdefault(name, []).append(option)
    derived = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=derived_option(name, options))
        for name, options in known.items()
        if name not in signature.parameters
    ]
    function.__dict__["__signature__"] = inspect.Signature([*fixed, *derived])
    function.__annotations__ = {p.name: p.annotation for p in (*fixed, *derived)} | {"return": None}
    return function


def derived_option(name: str, options: list[Option]) -> Any:
    """An option of the command line for one of the reports'."""
    values = dict.fromkeys(word(value) for option in options for value in option.permitted)
    counts = any(option.kind == "count" for option in options)
    told = " | ".join([*(["a whole number"] if counts else []), *values])
    taker = options[0]
    default = f" [default: {word(taker.default)}]" if all(o.default == taker.default for o in options) else ""
    return Annotated[
        str | None,
        typer.Option(
            f"--{name.replace('_', '-')}",
            help=told + default,
            metavar="VALUE",
            rich_help_panel="Options of reports that have them (see `okireports reports`)",
            show_default=False,
        ),
    ]


def word(value: object) -> str:
    """A value as it is typed."""
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


class Asking(TyperCommand):
    """The command `report`: an option that the report does not have is answered by those that it has."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        named = [report for report in all_reports() if report.name in args]
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            if named and hasattr(error, "possibilities"):
                others = {name for report in all_reports() for name in report.options} - {*named[0].options}
                error.possibilities = [p.opts[0] for p in self.params if p.name not in others and p.opts[0][0] == "-"]
            raise


def value_of(name: str, text: str) -> object:
    """What a typed value means to the reports that have the option; they say what is wrong with any other."""
    options = [report.options[name] for report in all_reports() if name in report.options]
    if any(text in option.permitted for option in options):
        return text
    kinds = {option.kind for option in options}
    if "count" in kinds and len(text) < 18 and text.isascii() and text.isdigit():
        return int(text)
    lower = text.lower()
    return WORDS[lower] if lower == "none" or (lower in WORDS and "flag" in kinds) else text


def reports(
    center: Annotated[
        Path | None, typer.Argument(metavar="[CENTER]", help="The folder of the centre.", show_default=False)
    ] = None,
    viewer: Annotated[str | None, typer.Option(help="List those that this login may run.", show_default=False)] = None,
    reason: ViewerReason = None,
) -> None:
    """List the reports: all that there are, or those that a viewer of a centre may run."""
    if (center is None) is not (viewer is None):
        raise typer.BadParameter("Give CENTER and --viewer together, or neither.")
    if center is not None and viewer is not None:
        frame = okireports.open(center).viewer(viewer, reason=reason).reports
        if frame.empty:
            say(f"{viewer} may run none of the reports.")
            return
        show_frame(frame[["name", "section", "options", "description"]])
        return
    rows = [
        (r.name, r.section.title, ", ".join(f"{n}={word(o.default)}" for n, o in r.options.items()), r.description)
        for r in all_reports()
    ]
    show(("name", "section", "options", "description"), rows)


@with_report_options
def report(
    center: Center,
    name: Annotated[str, typer.Argument(metavar="REPORT", help="As `okireports reports` lists it.")],
    viewer: Annotated[str, typer.Option(help="The login of the one who looks: she sees her projects' rows only.")],
    period: Annotated[
        str,
        typer.Option(help="2025-06, 2025-06-03, 2025-W23, 'last 7 days' ..., or FROM..TO (the day TO is left out)."),
    ] = "last month",
    reason: ViewerReason = None,
    project: Annotated[Several, filtered("these of her projects")] = None,
    queue: Annotated[Several, filtered("contacts of these queues")] = None,
    dialer: Annotated[Several, filtered("these dialers")] = None,
    operator: Annotated[Several, filtered("these operators, by login")] = None,
    group: Annotated[Several, filtered("operators of these groups")] = None,
    line: Annotated[Several, filtered("these lines")] = None,
    provider: Annotated[Several, filtered("these SIP providers")] = None,
    option: Annotated[
        Several, typer.Option(metavar="NAME=VALUE", help="Any option of the report.", show_default=False)
    ] = None,
    format: Annotated[
        Format | None, typer.Option(help="By default a table, or what the ending of --out says.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write a file: .csv, .json, .parquet, .html, .xlsx, .png, .svg.", show_default=False),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="How many rows a table shows at most.")] = 30,
    engine: Engine = None,
    lake: LakeAt = None,
    **given: str | None,
) -> None:
    """Run a report, as one viewer sees it."""
    check_target(format, out)
    texts = {key: value for key, value in given.items() if value is not None} | pairs(option or (), "--option")
    options = {key: value_of(key, text) for key, text in texts.items()}
    first, to, end = period.partition("..")
    with bar() as step:
        step(name)
        result = (
            okireports.open(center, engine=engine, lake=lake)
            .viewer(viewer, reason=reason)
            .report(
                name,
                period=(first.strip(), end.strip()) if to else period,
                projects=project or None,
                queues=queue or None,
                dialers=dialer or None,
                operators=operator or None,
                groups=group or None,
                lines=line or None,
                providers=provider or None,
                **options,
            )
        )
        if out is not None:
            result.save(out)
    if out is not None:
        say(f"Wrote {out}: {told(result)}")
    else:
        give(result.answer.rows, result.answer.meta, told(result), format or Format.TABLE, rows)


def check_target(format: Format | None, out: Path | None) -> None:
    """Do --format and --out go together?"""
    if out is not None and format not in (None, out.suffix.lower().removeprefix(".")):
        raise typer.BadParameter(f"--out {out} does not end in .{format}.", param_hint="--format")
    if out is None and format in (Format.PARQUET, Format.HTML):
        raise typer.BadParameter(f"{format} is for files: add --out FILE.{format}.", param_hint="--format")


def give(rows: Rows, meta: Mapping[str, object], line: str, format: Format, most: int) -> None:
    """Print rows: a table and a line about it for people, all rows for programs."""
    if format is Format.TABLE:
        show_rows(rows.head(most), str(meta.get("report") or ""), most)
        more = f"; the first {most:,} are shown" if rows.count > most else ""
        say("")
        say(line + more)
        return
    if format is Format.CSV:
        from okireports.export.delimited import write

        write(sys.stdout.buffer, rows)
    else:
        from okireports.export import records

        records.write(sys.stdout.buffer, rows.table(), meta)
    sys.stdout.buffer.flush()


def told(result: okireports.Result) -> str:
    """The result in one line."""
    known = result.provenance
    count = result.answer.rows.count
    rows = "1 row" if count == 1 else f"{count:,} rows"
    return f"{result.answer.report.title}: {rows}, {known.period}, {', '.join(known.projects) or 'no project'}"
