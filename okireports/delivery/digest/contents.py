"""What a digest is made of: headline figures, charts and tables of one project, each of a report that she may run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from okireports import charts, frames
from okireports.columns import Label
from okireports.delivery.digest.asking import Asked, Asking, Given, opened
from okireports.delivery.digest.headline import WISHES as HEADLINES
from okireports.delivery.digest.headline import Group, headlines
from okireports.delivery.digest.held import Held, held
from okireports.delivery.digest.terms import told
from okireports.delivery.digest.words import dates, days, length, moment, say, span
from okireports.errors import Refused
from okireports.export.cells import heading, is_figure, known, plain, read
from okireports.language import place
from okireports.period import utc
from okireports.report import titled
from okireports.run import noting_refusals

MOST = 20  # rows of a table
WIDE = 800  # pixels of a chart
SCALE = 2.0  # dots of a picture to a pixel
TWO_DAYS, SEASON, YEAR = 2, 62, 370  # days


@dataclass(frozen=True)
class Wish:
    """A chart or a table of a report: a table where columns are named, `over` time where the chart has intervals."""

    report: str
    columns: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()  # that the chart shows
    over: bool = False
    least: float = 0.0  # days, of which a period must have so many


@dataclass(frozen=True)
class Table:
    """Rows as text: headings, which columns hold figures, and how many rows there are in all."""

    heads: tuple[str, ...]
    sides: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    ranks: tuple[int, ...]  # of the rows, by their first figure, from 0
    all: int

    def largest(self, most: int) -> Table:
        """At most so many of the rows, in their order."""
        kept = [(row, rank) for row, rank in zip(self.rows, self.ranks, strict=True) if rank < most]
        return replace(self, rows=tuple(row for row, _ in kept), ranks=tuple(rank for _, rank in kept))


@dataclass(frozen=True)
class Part:
    """A chart or a table of a report."""

    report: str
    section: str
    title: str
    drawing: Any = None
    table: Table | None = None

    @cached_property
    def picture(self) -> bytes:
        """The chart as PNG, which looks the same wherever it is opened: an SVG would take the fonts that are there."""
        return charts.png(self.drawing, SCALE)

    @property
    def width(self) -> int:
        """How wide the chart is, in pixels of a screen."""
        return round(int.from_bytes(self.picture[16:20]) / SCALE)  # where a PNG says it

    @property
    def words(self) -> str:
        """What the chart says, for those who do not see it."""
        return str(self.drawing.to_dict().get("description", ""))


@dataclass(frozen=True)
class Contents:
    """All that a digest says, in one language."""

    language: str
    project: str
    period: str
    when: tuple[str, ...]  # dates, zone, what it is compared with, and of which data it is
    groups: tuple[Group, ...]
    parts: tuple[Part, ...]
    terms: tuple[tuple[str, str], ...]
    held: tuple[Held, ...]

    @property
    def title(self) -> str:
        """The project and the period, on one line."""
        return say(self.language, "title", project=" ".join(self.project.split()), period=self.period)

    @property
    def exact(self) -> bool:
        """Is no headline figure one of those that are marked?"""
        totals = (total for group in self.groups for one in group.figures for total in (one.now, one.before))
        return all(total is None or total.exact or total.value is None for total in totals)

    @property
    def empty(self) -> bool:
        """Is there nothing to show?"""
        return not self.groups and not self.parts

    @property
    def sections(self) -> Iterator[tuple[str, list[Part]]]:
        """The parts by the section of their reports, in order."""
        sections: dict[str, list[Part]] = {}
        for part in self.parts:
            sections.setdefault(part.section, []).append(part)
        yield from sections.items()


WISHES: Sequence[Wish] = (
    Wish(
        "queue_summary",
        columns=(
            "queue", "offered", "answered", "abandoned", "callback_requested", "voicemail", "service_level",
            "abandon_rate", "asa_s", "max_wait_s", "aht_s",
        ),
    ),
    Wish("service_level", figures=("service_level",), over=True),
    Wish("inbound_statistics", figures=("inbound", "accepted"), over=True),
    Wish("calls_by_hour", figures=("offered_per_day",), least=TWO_DAYS),
    Wish("wait_distribution", figures=("cumulative_share",)),
    Wish("call_outcomes", figures=("contacts",)),
    Wish(
        "dialer_summary",
        columns=(
            "dialer", "attempts", "persons", "machines", "contact_rate", "sales", "conversion", "drops",
            "drop_rate_persons",
        ),
    ),
    Wish("dialer_summary", figures=("attempts", "persons"), over=True),
    Wish(
        "dialogue_summary",
        columns=(
            "channel", "dialogues", "replied", "in_time_rate", "first_reply_s", "first_reply_p90_s", "handle_s", "csat",
            "concurrent_peak",
        ),
    ),
    Wish("dialogue_summary", figures=("dialogues", "replied"), over=True),
    Wish("sms_delivery", columns=("template", "outcome", "messages", "share", "amount", "currency")),
    Wish("customer_satisfaction", columns=("queue", "kind", "asked", "answers", "response_rate", "csat", "nps")),
    Wish(
        "operator_summary",
        columns=("operator", "handled", "logged_s", "ready_share", "away_share", "na_share", "occupancy"),
    ),
    Wish("orders", columns=("currency", "orders", "cancelled", "amount", "mean_amount", "orders_per_100")),
)  # fmt: skip

REPORTS = frozenset(wish.report for wish in WISHES) | {wish.report for group in HEADLINES.values() for wish in group}


def refusal(login: str) -> str:
    """Why somebody gets no digest."""
    return f"{login} may run none of the reports of which a digest is made."


def gathered(viewer: Asking, project: str | int, period: object, language: str = "en") -> Contents:
    """Ask all that a digest of a project says: every figure by a report, each as she may see it now.

    Raises:
        UnknownName: the project is not hers, or does not exist: the same error.
        Refused: she may not look, or run none of the reports.
        BadPeriod, BadOption: the period cannot be read; nothing is said in the language.
    """
    place(language)
    asked = opened(viewer, project, period)
    with noting_refusals(asked.viewing, "digest", asked.project.name):
        if not asked.able & REPORTS:
            raise Refused(refusal(asked.viewing.login))
    groups, given = headlines(asked)
    pairs = [(wish, found) for wish in WISHES if (found := wished(asked, wish)) is not None]
    given = (*given, *(found for _, found in pairs))
    pairs = [(wish, found) for wish, found in pairs if telling(found)]
    shown = [(f.report, f.name) for g in groups for f in g.figures]
    shown += [(wish.report, name) for wish, _ in pairs for name in (*wish.columns, *wish.figures)]
    formula = given[0].answer.provenance.formula if given else ""  # then no figure is explained
    return Contents(
        language=language,
        project=asked.project.name,
        period=span(asked.period, language),
        when=tuple(when(asked, given, language)),
        groups=groups,
        parts=tuple(part(wish, found, language) for wish, found in pairs),
        terms=told(shown, formula, language),
        held=held((g for g in given if not g.frame.empty), language),
    )


def wished(asked: Asked, wish: Wish) -> Given | None:
    """What the report of a wish gives; None where she may not run it, or where the period is too short for it."""
    if asked.days < wish.least:
        return None
    return asked.report(wish.report, asked.period, (("by", interval(asked.days)),) if wish.over else ())


def telling(given: Given) -> bool:
    """Is there anything in it? Among what is written SMS do not count: they have a table of their own."""
    rows = given.frame
    return not rows.empty and not ("channel" in rows and (rows["channel"] == "sms").all())


def interval(length: float) -> str:
    """The interval at which a period of so many days is drawn."""
    return next((by for by, most in (("hour", TWO_DAYS), ("day", SEASON), ("week", YEAR)) if length <= most), "month")


def part(wish: Wish, given: Given, language: str) -> Part:
    """A chart or a table of what a report gave."""
    asked = given.answer.report
    section, title = titled(asked.section, language), titled(asked, language)
    if wish.columns:
        return Part(asked.name, section, title, table=tabled(given, wish.columns, language).largest(MOST))
    return Part(asked.name, section, title, drawing=drawn(given, title, language))


def drawn(given: Given, title: str, language: str) -> Any:
    """The chart of a report over the rows that it gave, as wide as a page."""
    answer, said = given.answer, given.answer.provenance
    drawing = charts.draw(
        answer.report.chart,
        given.frame,
        title=title,
        zone=said.zone,
        by=answer.by,
        language=language,
        report=answer.report.name,
        formula=said.formula,
        period=(said.start, said.end),
        week_start=answer.week_start,
    )
    single = isinstance(getattr(drawing, "width", None), int)  # others are as wide as their panels
    return drawing.properties(width=WIDE) if single else drawing


def tabled(given: Given, columns: Sequence[str], language: str) -> Table:
    """Some columns of a report as text."""
    report, rows = given.report, given.answer.rows.table()
    rows = rows.select([name for name in columns if name in rows.column_names])
    sides = tuple(is_figure(field) for field in rows.schema)
    first = frames.number(given.frame[rows.column_names[sides.index(True)]]).fillna(0.0)
    ranks = [int(rank) - 1 for rank in first.rank(ascending=False, method="first")]
    cells = [
        filled(written(column, known(name, report), language), side, language)
        for name, column, side in zip(rows.column_names, rows.columns, sides, strict=True)
    ]
    heads = tuple(headed(name, report, language) for name in rows.column_names)
    return Table(heads, sides, tuple(zip(*cells, strict=True)), tuple(ranks), rows.num_rows)


def headed(name: str, report: str, language: str) -> str:
    """The heading of a column; lengths of time have their units in the cells."""
    found = known(name, report)
    return found.words(language) if found and found.unit == "s" else heading(name, report, language)


def written(column: Any, found: Label | None, language: str) -> list[str]:
    """Cells as a person reads them: lengths of time in minutes and hours."""
    if found and found.unit == "s":
        return ["" if v is None or v != v else length(v, language) for v in column.to_pylist()]
    return read(plain(column), column.type, found, language)


def filled(cells: list[str], figures: bool, language: str) -> list[str]:
    """Cells of a column with words where there is nothing."""
    return [cell or say(language, "na" if figures else "none") for cell in cells]


def when(asked: Asked, given: Sequence[Given], language: str) -> Iterator[str]:
    """The dates of the period, the zone, what it is compared with, how far it has come, and of which data it is."""
    period = asked.period
    first, last = period.first_day, period.last_day
    whole = (utc(first, period.zone), period.end) == (period.start, utc(period.local(period.end).date(), period.zone))
    if whole and days(first, last, language) != dates(first, last, language):
        yield dates(first, last, language)
    yield say(language, "zone", zone=period.zone)
    if period.start >= asked.viewing.now:
        yield say(language, "future")
    elif asked.before is None:
        yield say(language, "alone")
    else:
        yield say(language, "before", period=span(asked.before, language))
    if asked.until is not None:
        yield say(language, "running", at=moment(asked.until.replace(second=0, microsecond=0), language))
    if newest := max((g.answer.provenance.generation for g in given), default=0):  # 0: nothing was there to open
        yield say(language, "generation", n=newest)
