"""The catalogue of the reports for people: README's list, and docs/catalogue.md with options and columns.

`python -m okireports.catalogue FOLDER` writes both into a checkout, from what the reports say of themselves.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Hashable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import groupby, product
from pathlib import Path

from okireports.columns import label
from okireports.period import parse
from okireports.report import Option, Report, all_reports
from okireports.run import WHOLE, filters_of, rules_of, settings_of
from okireports.statement import Cut, expressed
from okireports.tables import FACTS

BEGIN, END = "<!-- reports: made by `make catalogue` -->\n", "<!-- end of reports -->\n"
PAGE = Path("docs") / "catalogue.md"
HEAD = """# The reports

Made by `make catalogue` from what the reports say of themselves.

Each takes `period`, `projects`, and the filters that are named. `interval` is the first instant of a bucket, for days,
weeks and months its first day; seconds are decimal numbers, shares are fractions of 1. A column that needs a right is
absent without it. What a report rests on (settings of the centre, tables of definitions) is named in the `provenance`
of each result, as it was in force.
"""
UNITS = {"s": "seconds", "ms": "milliseconds", "percent": "%", "flag": "yes or no", "mos": "1 to 5"}
ANY = parse("2026-06", zone="UTC", now=datetime(2026, 7, 1, tzinfo=UTC))  # columns are the same in every period
INJECTED: dict[str, Hashable] = {"formula": "short", "repeat_days": 7, "callback_hours": 24, "now": ANY.end}
INJECTED |= {"keep_recordings_days": None, "kpi_metrics": "handled"}


Way = dict[str, str | bool | None]  # a choice of each option on which columns may depend


def readme(text: str) -> str:
    """A README with its list of reports made anew."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}{''.join(listed())}{END}{after}"


def listed() -> Iterator[str]:
    """The reports of each section as a table: name, title, Polish title, what it answers."""
    for section, reports in sections():
        yield f"\n**{section}**\n\n| report | title | po polsku | what it tells |\n|---|---|---|---|\n"
        for r in reports:
            link = f"[`{r.name}`]({PAGE.as_posix()}#{r.name})"
            yield f"| {link} | {r.title} | {r.pl} | {r.description.rstrip('.')} |\n"
    yield "\n"


def page() -> str:
    """The whole catalogue."""
    parts = [HEAD]
    for section, reports in sections():
        parts.append(f"\n## {section}\n")
        parts += [described(r) for r in reports]
    return "".join(parts)


def sections() -> Iterator[tuple[str, list[Report]]]:
    """The sections with their reports, in the order of the catalogue."""
    for section, reports in groupby((r for r in all_reports() if not r.own), key=lambda r: r.section):
        title = section.title if section.title == section.pl else f"{section.title} · {section.pl}"
        yield title, sorted(reports, key=lambda r: r.name)


def described(r: Report) -> str:
    """One report: what it is, what it takes, its columns."""
    options = "".join(f"* `{name}`: {taken(option)}\n" for name, option in r.options.items())
    filters = ", ".join(f"`{name}`" for name in filters_of(r)) or "none"
    used = ", ".join(f"`{name}`" for name in (*settings_of(r), *sorted(rules_of(r))))
    rests = f"* rests on {used}\n" if used else ""
    opens = f"* a row opens its contacts: as many as `{r.contacts}` says\n" if r.contacts else ""
    own = "* not for those who see only their own rows\n" if r.collective else ""
    rows = "".join(f"| {' | '.join(row)} |\n" for row in columns(r))
    return (
        f"\n### {r.name}\n\n**{r.title} · {r.pl}.** {r.description}\n\nDefinitions: {sentence(r.definitions)}\n\n"
        f"{options}* filters: {filters}\n{rests}{opens}{own}\n"
        f"| column | English | Polish | unit | where |\n|---|---|---|---|---|\n{rows}"
    )


def sentence(definitions: str) -> str:
    """Definitions as text: what looks like a column is set as one, and nothing in it is taken for markup."""
    return re.sub(r"\b[a-z]+(?:_[a-z0-9]+)+\b", lambda found: f"`{found.group()}`", definitions.replace("*", r"\*"))


def taken(option: Option) -> str:
    """The values that an option takes, and its default."""
    values = "a whole number from 0" if option.kind == "count" else ", ".join(f"`{v!r}`" for v in option.permitted)
    none = ", `None`" if option.kind == "count" and None in option.permitted else ""
    return f"{values}{none} (`{option.default!r}` unless said)"


def columns(r: Report) -> Iterator[tuple[str, str, str, str, str]]:
    """Every column that a report may have: name, labels, unit, and when it is there if not always."""
    told = {n: o.permitted for n, o in r.options.items() if o.kind in ("choice", "flag", "interval")}
    ways: list[Way] = [dict(zip(told, values, strict=True)) for values in product(*told.values())]
    found = [(way, made(r, way)) for way in ways]
    plain = made(r, {name: option.default for name, option in r.options.items()})
    order = plain + [c for c in dict.fromkeys(c for _, names in found for c in names) if c not in plain]
    for name in sorted(order, key=lambda c: max(names.index(c) for _, names in found if c in names)):
        known = label(name, r.name)
        where = [*condition(name, told, found), *(f"right `{right}`" for right in needed(r, name, ways))]
        yield f"`{name}`", known.en, known.pl, UNITS.get(known.unit, known.unit), ", ".join(where)


def condition(
    name: str, told: Mapping[str, tuple[str | bool | None, ...]], found: list[tuple[Way, list[str]]]
) -> Iterator[str]:
    """Which values of which option bring a column along."""
    for option, values in told.items():
        bring = [v for v in values if any(name in names for way, names in found if way[option] == v)]
        if len(bring) == len(values):
            continue
        if len(bring) == 1:
            yield f"`{option}={bring[0]!r}`"
        else:
            yield "not " + " or ".join(f"`{option}={v!r}`" for v in values if v not in bring)


def needed(r: Report, name: str, ways: list[Way]) -> Iterator[str]:
    """The rights without which a column is absent."""
    for table, absent in r.tables.items():
        right = FACTS[table].right if table in FACTS else None
        if absent and right and not any(name in made(r, way, without=table) for way in ways):
            yield right


def made(r: Report, options: Mapping[str, Hashable], without: str = "") -> list[str]:
    """The columns of a report with some options, for those who may open all its tables, or all but one."""
    cuts = tuple(None if name == without else Cut(WHOLE.get(name, name)) for name in r.tables)
    given: dict[str, Hashable] = {name: option.default for name, option in r.options.items()} | dict(options)
    if "by" in given:
        by = given["by"]
        given["by"] = ANY.interval(by if isinstance(by, str) else None)
    given |= {name: value for name, value in {**INJECTED, "period": ANY.interval()}.items() if name in r.injected}
    return list(shaped(r, cuts, tuple(sorted(given.items()))))


@cache
def shaped(r: Report, cuts: tuple[Cut | None, ...], given: tuple[tuple[str, Hashable], ...]) -> tuple[str, ...]:
    """The columns of what a report makes; worked out once for as long as the same is asked."""
    return tuple(expressed(r, cuts, given).columns)


def main(folder: Path) -> None:
    """Write both."""
    known = folder / "README.md"
    known.write_text(readme(known.read_text("utf-8")), "utf-8")
    (folder / PAGE).parent.mkdir(exist_ok=True)
    (folder / PAGE).write_text(page(), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
