"""What a report is: a function from tables to a table, registered with what people and programs need to know of it.

Everything is read from the function: its name, its section (the module), its tables (positional parameters), its
options (keyword-only parameters), its sentence and its definitions (the docstring).
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import import_module
from operator import index
from types import NoneType, UnionType
from typing import Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from ibis import Table
from ibis.expr.types import BooleanValue, Value

from okireports.charts import Spec
from okireports.clock import BY, Interval
from okireports.errors import BadOption, UnknownReport, did_you_mean
from okireports.metrics import is_own

FILTERS = ("period", "projects", "queues", "dialers", "operators", "groups", "lines", "providers")
INJECTED: Mapping[str, type] = {  # what the run gives, nobody chooses it
    "period": Interval,
    "formula": str,
    "repeat_days": int,  # the centre's settings
    "callback_hours": int,
    "keep_recordings_days": int,  # None: for ever; what the centre keeps facts for, where that is shorter
    "kpi_metrics": str,  # those that KPIs of the viewer's scope are of, by name, with blanks between
    "now": datetime,  # naive UTC; at most the end of what the report looks at, for of later it knows nothing
}

Kind = Literal["interval", "choice", "count", "flag"]
Reach = timedelta | Callable[[Mapping[str, str]], timedelta]  # how far; or what tells it of the centre's settings
Function = TypeVar("Function", bound=Callable[..., Table])


@dataclass(frozen=True)
class Section:
    """One of the catalogue's sections, in both languages."""

    name: str
    title: str
    pl: str


_QUEUES = Section("queues", "Queues and calls", "Kolejki i połączenia")
SECTIONS: Mapping[str, Section] = {  # by module, in the order of the catalogue
    "users": Section("users", "Users", "Użytkownicy"),
    "kpi": Section("kpi", "KPI", "KPI"),
    "calls": _QUEUES,
    "queues": _QUEUES,
    "dialer": Section("dialer", "Dialer", "Dialer"),
    "sip": Section("sip", "SIP telephony", "Telefonia SIP"),
    "dialogues": Section("dialogues", "Chats and mail", "Czaty i poczta"),
    "crm": Section("crm", "CRM", "CRM"),
    "company": Section("company", "Company", "Firma"),
}
OWN = Section("own", "Your own", "Własne")  # after them: what is no part of okireports


@dataclass(frozen=True)
class Option:
    """One choice of a report: its kind, its default, and its values (of a count only None, where that is taken)."""

    kind: Kind
    default: Hashable
    permitted: tuple[str | bool | None, ...] = ()

    def __str__(self) -> str:
        """The values that it takes, for people."""
        values = " or ".join(repr(v) for v in self.permitted)
        return values if self.kind != "count" else "a whole number from 0" + (f" or {values}" if values else "")

    def read(self, value: object) -> Hashable:
        """`value` as the report takes it; ValueError when it does not take it."""
        if isinstance(value, (str, bool, NoneType)):
            if value in self.permitted:
                return value
        elif self.kind == "count":
            with suppress(TypeError):  # not a whole number
                number = index(value)  # type: ignore[arg-type]  # of any type that says that it is one
                if 0 <= number < 2**63:  # what the engine counts with
                    return number
        raise ValueError(f"{value!r} is not {self}")


class Parameters(NamedTuple):
    """What a function takes: tables (may they be absent?), options, and which of INJECTED."""

    tables: dict[str, bool]
    options: dict[str, Option]
    injected: tuple[str, ...]


@dataclass(frozen=True)
class Contacts:
    """Which contacts the rows of a summary count: the figure that is their number, what tells rows apart, and they."""

    count: str  # a column of the frame
    grain: tuple[str, ...]  # columns of the frame, of which some options leave out some
    # Takes what its report takes, or less of it, and gives contacts (project_id, call_id) with the columns of the grain
    # or the ids behind those names; not `interval`, which is that of the contact's start (started_at).
    rows: Callable[..., Table]
    where: Callable[[Table], BooleanValue] | None = None  # those of them that the figure counts; None: all

    @property
    def wanted(self) -> Parameters:
        """What `rows` takes."""
        return _parameters(self.rows)


@dataclass(frozen=True, eq=False)
class Report:
    """A registered report."""

    name: str
    title: str
    pl: str
    section: Section
    description: str
    definitions: str  # the docstring's last paragraph, without the word 'Definitions: '
    tables: Mapping[str, bool]  # name -> may be absent (None), where the viewer has no right to it
    options: Mapping[str, Option]
    injected: tuple[str, ...]  # which of INJECTED it wants
    chart: Spec  # how its frame is drawn
    before: Reach
    after: Reach
    previous: bool  # it looks at the period of the same length before it, too
    separable: bool  # the rows of a period are those of its parts, one part after another, the newest first
    collective: bool  # its figures are of everybody's rows: they mean nothing over one operator's
    targets: bool  # its figures rest on the queues' targets, which are stamped on the facts
    overlapping: bool  # its rows count the same things more than once: they have no total
    unfiltered: bool  # its figures are of whole projects: no other filter makes sense of them
    function: Callable[..., Table]
    details: Report | None = None  # what lies behind its figures: asked in the same way, in the same scope
    counted: Contacts | None = None  # of which contacts its rows are summaries

    @property
    def contacts(self) -> str | None:
        """The column that says how many contacts are behind a row; None where rows are no summaries of contacts."""
        return self.counted.count if self.counted else None

    @property
    def own(self) -> bool:
        """Is it no part of okireports, but written in a notebook or in a module of somebody's?"""
        return self.section is OWN


REPORTS: dict[str, Report] = {}


def report(
    title: str,
    *,
    pl: str | None = None,
    chart: Spec,
    before: Reach = timedelta(0),
    after: Reach = timedelta(0),
    previous: bool = False,
    separable: bool = False,
    collective: bool = False,
    targets: bool = False,
    overlapping: bool = False,
    unfiltered: bool = False,
    details: Callable[..., Table] | None = None,
    contacts: Contacts | None = None,
) -> Callable[[Function], Function]:
    """Register a function as a report.

    `title` and `pl` are its English and Polish titles, `chart` says how its frame is drawn; `before` and `after` say
    how far beside the period it looks, `previous` that it compares with the one before; `separable` says that its rows
    stand by themselves, ordered by their start; `targets` that its figures rest on the targets stamped on the facts, as
    the service level's do anyway; `unfiltered` that they are of whole projects, `overlapping` that its rows count the
    same things more than once, `collective` that they mean nothing over one operator's rows; `details` is a function of
    the same parameters, for the rows behind its figures, `contacts` says which contacts they count. Raises ValueError
    or TypeError, at import, for what the catalogue cannot show.

    A function of one's own, of a notebook or a module, is a report like any other, in the section "Your own". It may do
    without Polish title and definitions; registered again from the same place it replaces what it was.
    """

    def register(function: Function) -> Function:
        name = function.__name__
        _free(name, function)
        if not (pl or is_own(function)):
            raise ValueError(f"{name}: a report of the catalogue has a Polish title, too.")
        description, definitions = _words(function)
        tables, options, injected = _parameters(function)
        made = Report(
            name=name,
            title=title,
            pl=pl or title,
            section=_section(function),
            description=description,
            definitions=definitions,
            tables=tables,
            options=options,
            injected=injected,
            chart=chart,
            before=before,
            after=after,
            previous=previous,
            separable=separable,
            collective=collective,
            targets=targets or "formula" in injected,
            overlapping=overlapping,
            unfiltered=unfiltered,
            function=function,
            counted=None if contacts is None else _counted(function, contacts),
        )
        REPORTS[name] = made if details is None else replace(made, details=_behind(made, details))
        return function

    return register


def titled(named: Report | Section, language: str) -> str:
    """A title in a language."""
    return named.pl if language == "pl" else named.title


def _free(name: str, function: Callable[..., Table]) -> None:
    """Raise where a name is taken: by the catalogue, looked at or not, or by somebody else."""
    if is_own(function):
        all_reports()
    taken = REPORTS.get(name)
    if taken and not (taken.own and taken.function.__module__ == function.__module__):
        raise ValueError(f"There are two reports {name!r}: in {taken.function.__module__} and here.")


def _behind(made: Report, details: Callable[..., Table]) -> Report:
    """The report of what lies behind the figures of another one."""
    if _parameters(details) != (made.tables, made.options, made.injected):
        raise TypeError(f"{details.__name__}: details are asked as {made.name!r} is; give both the same parameters.")
    description, definitions = _words(details)
    return replace(made, description=description, definitions=definitions, function=details, counted=None)


def _counted(function: Callable[..., Table], contacts: Contacts) -> Contacts:
    """The contacts of a report, which are made of nothing that the report itself is not made of."""
    one, all_of = contacts.wanted, _parameters(function)
    less = one.tables.items() <= all_of.tables.items() and one.options.items() <= all_of.options.items()
    if not less or not {*one.injected} <= {*all_of.injected}:
        raise TypeError(f"{contacts.rows.__name__}: contacts are made of what {function.__name__!r} takes.")
    return contacts


def reach(report: Report, length: timedelta, settings: Mapping[str, str]) -> dict[str, timedelta]:
    """How far `before` and `after` a period of some length the report looks, by the settings that hold in it."""
    before, after = (far if isinstance(far, timedelta) else far(settings) for far in (report.before, report.after))
    return {"before": before + (length if report.previous else timedelta(0)), "after": after}


def all_reports() -> tuple[Report, ...]:
    """Every report, section by section."""
    import_module("okireports.reports")  # here and not above: the reports import this module
    order = {section.name: position for position, section in enumerate((*SECTIONS.values(), OWN))}
    return tuple(sorted(REPORTS.values(), key=lambda r: order[r.section.name]))


def find(name: str, permitted: Iterable[str] | None = None) -> Report:
    """The report of this name.

    `permitted` are the names that the asker may run (None: all). A report that is not among them and one that does
    not exist raise the same UnknownReport, and only permitted names are suggested.
    """
    known = {r.name: r for r in all_reports()}
    visible = known if permitted is None else {n: known[n] for n in permitted if n in known}
    if name not in visible:
        raise UnknownReport(f"There is no report {name!r} among those you can run.{did_you_mean(str(name), visible)}")
    return visible[name]


def behind(report: Report) -> Report:
    """The report of what lies behind another one's figures; BadOption where nothing does."""
    if report.details is None:
        having = ", ".join(r.name for r in all_reports() if r.details)
        raise BadOption(f"The report {report.name!r} has no details, its rows say all. Those that have some: {having}.")
    return report.details


def check_options(report: Report, given: Mapping[str, object]) -> dict[str, Hashable]:
    """The report's options with the given values, defaults elsewhere; BadOption for what it does not take.

    `by` stays a word: the run makes the Interval of it, knowing the period.
    """
    checked = {name: option.default for name, option in report.options.items()}
    for name, value in given.items():
        if name not in report.options:
            near = did_you_mean(name, (*report.options, *FILTERS))
            raise BadOption(f"The report {report.name!r} has no option {name!r}.{near} {_takes(report)}")
        try:
            checked[name] = report.options[name].read(value)
        except ValueError as problem:
            raise BadOption(f"The report {report.name!r} cannot take {name}: {problem}. {_takes(report)}") from None
    return checked


def _takes(report: Report) -> str:
    options = "; ".join(f"{name} ({option})" for name, option in report.options.items()) or "no options"
    return f"It takes {options}; and the filters {', '.join(FILTERS)}."


def _section(function: Callable[..., Table]) -> Section:
    if is_own(function):
        return OWN
    module = function.__module__.rpartition(".")[2]
    if module not in SECTIONS:
        raise ValueError(f"{function.__name__}: the module {module!r} is no section; there are {', '.join(SECTIONS)}.")
    return SECTIONS[module]


def _words(function: Callable[..., Table]) -> tuple[str, str]:
    """The docstring's first sentence, and what its last paragraph says after 'Definitions: '."""
    text, found, definitions = (inspect.getdoc(function) or "").rpartition("Definitions: ")
    text, definitions = (text, definitions) if found else (definitions, "")
    first = " ".join(text.split("\n\n")[0].split())
    sentence = re.split(r"\.\s+(?=[A-Z])", first)[0].rstrip(".")
    if not (sentence and (definitions.strip() or is_own(function))):
        raise ValueError(f"{function.__name__}: a docstring is a sentence and, last, 'Definitions: ...'.")
    return sentence + ".", " ".join(definitions.split())


def _parameters(function: Callable[..., Table]) -> Parameters:
    """The tables, the options and what the run gives, from the signature."""
    hints = get_type_hints(function)
    tables: dict[str, bool] = {}
    options: dict[str, Option] = {}
    injected: list[str] = []
    for name, parameter in inspect.signature(function).parameters.items():
        hint, nullable = _without_none(hints.get(name))
        where = f"{function.__name__}({name})"
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            if hint is not Table or parameter.default is not parameter.empty:
                raise TypeError(f"{where}: a positional parameter is a Table or a Table | None, without a default.")
            tables[name] = nullable
        elif parameter.kind is not parameter.KEYWORD_ONLY:
            raise TypeError(f"{where}: a report takes tables by name and options by keyword, nothing else.")
        elif name in INJECTED:
            if hint is not INJECTED[name] or parameter.default is not parameter.empty:
                raise TypeError(f"{where}: the run gives this; it is a plain {INJECTED[name].__name__}.")
            injected.append(name)
        else:
            options[name] = _option(where, name, hint, nullable, parameter.default)
    return Parameters(tables, options, tuple(injected))


def _option(where: str, name: str, hint: object, nullable: bool, default: Hashable) -> Option:
    none = (None,) if nullable else ()
    if name == "by" and hint is Interval:
        option = Option("interval", default, (*BY, None))
    elif get_origin(hint) is Literal:
        option = Option("choice", default, (*get_args(hint), *none))
    elif hint is bool:
        option = Option("flag", default, (True, False, *none))
    elif hint is int:
        option = Option("count", default, none)
    else:
        raise TypeError(f"{where}: an option is an int, a bool, a Literal, or `by: Interval`.")
    try:
        option.read(default)
    except ValueError as problem:
        raise TypeError(f"{where}: the default {problem}.") from None
    return option


def _without_none(hint: object) -> tuple[object, bool]:
    """The type without `| None`, and whether that was there."""
    if get_origin(hint) not in (UnionType, Union):
        return hint, False
    inner = tuple(a for a in get_args(hint) if a is not NoneType)
    return (inner[0] if len(inner) == 1 else hint), NoneType in get_args(hint)


def looked_up(t: Table, other: Table, keys: list[str], *columns: str) -> Table:
    """`t` with columns of `other`, which has one row per key, beside its rows; NULL where there is none.

    The keys of `other` stay under names that nothing else uses, so that many such steps make one flat join.
    """
    return t.left_join(other.select(*keys, *columns), keys, rname=f"{columns[0]}_{{name}}")


def named(t: Table, **directories: Table) -> Table:
    """`t` with the names of what its ids point at: `named(t, queue=queues)` adds `queue` for `queue_id`."""
    for name, directory in directories.items():
        t = looked_up(t, directory, [f"{name}_id"], name)
    return t


def page(t: Table, order: Sequence[str | Value], limit: int | None, offset: int) -> Table:
    """The rows that a page of a log shows; cut out before names are looked up, so that only theirs are."""
    return t if limit is None and not offset else t.order_by(order).limit(limit, offset=offset)
