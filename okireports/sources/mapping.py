r"""A mapping: TOML that says how a vendor's files or queries become canonical tables.

It is data; nothing in it is executed, but for the queries that a database is asked.

    [source]
    name = "phonenow"                  # stamped on the rows
    timezone = "Europe/Warsaw"         # of times without an offset
    encoding = "cp1250"                # default utf-8; "auto" finds it out and says so in the result
    delimiter = ";"                    # default a comma; quote = '"'; escape = "\\" where quotes are not doubled
    decimal = ","                      # default a point
    header = 3                         # line of the header, default 1 (XLSX: the first row with something in it);
    names = ["id", "start"]            # 0 = no header, columns are called 1, 2, ... or by `names`
    sheet = "Calls"                    # XLSX: default the first
    nulls = ["-", "N/A"]               # what means "nothing", beside the empty text
    create_missing = true              # create people and objects that the rows name

    [[table]]
    table = "calls"                    # a canonical table; several may be made of one file
    file = "calls-*.csv"               # in the folder that is loaded, default every CSV, XLSX and Parquet file
    where = { "Type" = ["IN", "OUT"] } # only rows with these values
    needs = ["Rating"]                 # only rows in which these columns hold something
    distinct = true                    # each row once; default for definitions (projects, users, ...)
    from = "public.cdr"                # in a database, instead of `file`: the table, or
    query = "SELECT ..."               # what to ask of it; sent as it stands, in a transaction that only reads
    watermark = "updated_at"           # its column that only grows: the next load goes on from there, but
    overlap = 7200                     # so many seconds before (default; of a number so many less, default 1000)

    [table.columns]                    # canonical column = where it comes from
    source_id = "Call Id"
    direction = { const = "inbound" }
    started_at = { column = ["Date", "Time"], format = "%d/%m/%Y %H:%M:%S" }    # "epoch" and "epoch_ms" are formats too
    talk_s = { column = "Talk", unit = "hh:mm:ss" }                             # ms, s, min, h, mm:ss
    ended_at = { column = ["Date", "Time"], add = [{ column = "Talk", unit = "hh:mm:ss" }] }
    outcome = { column = "Answered", words = { Y = "answered", N = "abandoned" }, default = "failed" }
    answered_at = { column = "Start", when = { "Answered" = ["Y"] } }           # NULL in other rows
    wrap_s = { column = "ACW", unit = "s", optional = true }                    # exports of some have it
    queue = ["Queue", { column = "Skill", prefix = "skill " }]                  # the first that gives something

Words are compared without regard to case; a word that is not listed stays as it is, and loading names it. A word
between slashes is a pattern (RE2) that is looked for anywhere in the value: `words = { "/^Ext[.]/" = "outbound" }`;
exact words come first. In `where` and `when` the empty word means an empty cell.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from okireports.errors import LoadError, did_you_mean

UNITS = ("s", "ms", "min", "h", "hh:mm:ss", "mm:ss")
DEFINITIONS = ("projects", "users", "memberships", "objects", "project_objects", "targets")

Words = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Cell:
    """Where one canonical column comes from; `columns` are joined by a blank."""

    columns: tuple[str, ...] = ()
    const: str | None = None
    formats: tuple[str, ...] = ()
    unit: str | None = None
    words: dict[str, str] = field(default_factory=dict)
    default: str | None = None
    prefix: str = ""
    add: tuple[Cell, ...] = ()
    when: Words = field(default_factory=dict)
    optional: bool = False
    choice: tuple[Cell, ...] = ()  # when it has some, it is the first of them that gives something

    @property
    def named(self) -> set[str]:
        """All columns of the vendor that it reads."""
        return {*self.columns, *self.when, *(c for cell in (*self.add, *self.choice) for c in cell.named)}

    @property
    def needed(self) -> set[str]:
        """The columns without which it cannot be read."""
        if self.optional:
            return set()
        return {*self.columns, *self.when, *(c for cell in (*self.add, *self.choice) for c in cell.needed)}

    def within(self, have: Collection[str]) -> Cell | None:
        """What is left of it for files with these columns (in lower case): optional parts may be absent."""
        if self.optional and any(c.lower() not in have for c in self.named):
            return None
        return replace(self, add=_within(self.add, have), choice=_within(self.choice, have))


def _within(cells: tuple[Cell, ...], have: Collection[str]) -> tuple[Cell, ...]:
    return tuple(left for cell in cells if (left := cell.within(have)))


@dataclass(frozen=True)
class TableMap:
    """How rows of the vendor's files become rows of one canonical table."""

    table: str
    cells: dict[str, Cell]
    file: str | None = None
    where: Words = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    distinct: bool = False
    relation: str | None = None
    query: str | None = None
    watermark: str | None = None
    overlap: int | None = None

    @property
    def named(self) -> set[str]:
        """All columns of the vendor that it reads."""
        return {*self.where, *self.needs, *(c for cell in self.cells.values() for c in cell.named)}

    @property
    def needed(self) -> set[str]:
        """The columns without which a file is refused."""
        return {*self.where, *self.needs, *(c for cell in self.cells.values() for c in cell.needed)}

    def within(self, have: Collection[str]) -> TableMap:
        """The same without optional columns that no file has (names in lower case)."""
        return replace(self, cells={n: left for n, cell in self.cells.items() if (left := cell.within(have))})


@dataclass(frozen=True)
class VendorMap:
    """A whole mapping, checked."""

    name: str
    tables: tuple[TableMap, ...]
    timezone: str | None = None
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    escape: str = ""  # '' where a quote inside quotes is doubled
    decimal: str = "."
    header: int | None = None
    names: tuple[str, ...] = ()
    sheet: str | None = None
    nulls: tuple[str, ...] = ()
    create_missing: bool = False


_SOURCE_KEYS = {
    "name": str,
    "timezone": str,
    "encoding": str,
    "delimiter": str,
    "quote": str,
    "escape": str,
    "decimal": str,
    "header": int,
    "names": list,
    "sheet": str,
    "nulls": list,
    "create_missing": bool,
}
_TABLE_KEYS = {
    **{"table": str, "file": str, "where": dict, "needs": list, "distinct": bool, "columns": dict},
    **{"from": str, "query": str, "watermark": str, "overlap": int},
}
_CELL_KEYS = ("column", "const", "format", "unit", "words", "default", "prefix", "add", "when", "optional")
_KINDS = {str: "a text", int: "a whole number", list: "a list of texts", dict: "a table", bool: "true or false"}


class _Reading:
    """The file being read, for messages."""

    def __init__(
        self, path: Path, known: Mapping[str, Collection[str]], required: Mapping[str, Collection[str]]
    ) -> None:
        self.path, self.known, self.required = path, known, required

    def wrong(self, problem: str, where: str = "") -> LoadError:
        return LoadError(problem, file=self.path.name, column=where or None, hint="Correct the mapping.")

    def check_keys(self, found: Mapping[str, Any], keys: Collection[str], where: str) -> None:
        for key in found:
            if key not in keys:
                near = did_you_mean(key, keys) or f" Known are: {', '.join(keys)}."
                raise self.wrong(f"A mapping has no key {key!r} here.{near}", where)

    def typed(self, found: Mapping[str, Any], keys: Mapping[str, type], where: str) -> dict[str, Any]:
        self.check_keys(found, keys, where)
        for key, value in found.items():
            if type(value) is not keys[key]:
                raise self.wrong(f"{key!r} must be {_KINDS[keys[key]]}, not {value!r}.", where)
            if isinstance(value, list):
                self.texts(value, f"{where}.{key}")
        return dict(found)

    def texts(self, value: object, where: str) -> tuple[str, ...]:
        if isinstance(value, str):
            return (value,)
        if isinstance(value, list) and value and all(isinstance(v, str) for v in value):
            return tuple(value)
        raise self.wrong(f"This must be a text or a list of texts, not {value!r}.", where)

    def choices(self, value: object, where: str) -> Words:
        if not isinstance(value, dict):
            raise self.wrong(f"This must be a table of columns and their values, not {value!r}.", where)
        return {str(column): self.texts(values, f"{where}.{column}") for column, values in value.items()}


def parse(path: Path, *, known: Mapping[str, Collection[str]], required: Mapping[str, Collection[str]]) -> VendorMap:
    """Read and check a mapping.

    Raises:
        LoadError: no such file, no TOML, an unknown key, table, column or unit, a missing required column.
    """
    reading = _Reading(path, known, required)
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise LoadError("There is no such mapping.", file=str(path)) from error
    except OSError as error:
        raise LoadError(f"The mapping cannot be opened: {error.strerror}.", file=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise reading.wrong(f"The mapping is not TOML: {error}.") from error
    reading.check_keys(document, ("source", "table"), "")
    source = document.get("source")
    if not isinstance(source, dict) or "name" not in source:
        raise reading.wrong("A mapping needs [source] with a name.")
    tables = document.get("table")
    if not isinstance(tables, list) or not tables:
        raise reading.wrong("A mapping needs at least one [[table]].")
    options = reading.typed(source, _SOURCE_KEYS, "source")
    for key in ("delimiter", "quote", "decimal", "escape"):
        if len(options.get(key, " ")) != 1 or not options.get(key, " ").isascii():
            raise reading.wrong(f"{key!r} must be one character.", "source")
    options |= {key: tuple(options[key]) for key in ("names", "nulls") if key in options}
    return VendorMap(tables=tuple(_table(reading, t) for t in tables), **options)


def _table(reading: _Reading, raw: object) -> TableMap:
    if not isinstance(raw, dict):
        raise reading.wrong("[[table]] must be a table.")
    options = reading.typed(raw, _TABLE_KEYS, "table")
    name = options.get("table", "")
    if name not in reading.known:
        near = did_you_mean(name, reading.known) or f" Known are: {', '.join(sorted(reading.known))}."
        raise reading.wrong(f"No table is called {name!r}.{near}", "table")
    columns = options.get("columns", {})
    for column in columns:
        if column not in reading.known[name]:
            raise reading.wrong(f"{name} has no column {column!r}.{did_you_mean(column, reading.known[name])}", name)
    if missing := sorted(set(reading.required.get(name, ())) - set(columns)):
        raise reading.wrong(f"{name} needs {', '.join(missing)}.", name)
    _check_origin(reading, options, name)
    return TableMap(
        table=name,
        cells={column: _cell(reading, value, f"{name}.{column}") for column, value in columns.items()},
        file=options.get("file"),
        where=reading.choices(options.get("where", {}), f"{name}.where"),
        needs=tuple(options.get("needs", ())),
        distinct=options.get("distinct", name in DEFINITIONS),
        relation=options.get("from"),
        query=options["query"].strip().rstrip(";") if "query" in options else None,
        watermark=options.get("watermark"),
        overlap=options.get("overlap"),
    )


def _check_origin(reading: _Reading, options: Mapping[str, Any], name: str) -> None:
    if len(given := [key for key in ("file", "from", "query") if key in options]) > 1:
        raise reading.wrong(f"A table comes from one place; here are {' and '.join(given)}.", name)
    if "watermark" in options and "file" in (given or ["file"]):
        raise reading.wrong("Only rows of a database have a `watermark`: it needs `from` or `query`.", name)
    if "overlap" in options and "watermark" not in options:
        raise reading.wrong("An `overlap` needs a `watermark`.", name)
    if options.get("overlap", 0) < 0:
        raise reading.wrong("An `overlap` cannot be negative.", name)


def _cell(reading: _Reading, raw: object, where: str) -> Cell:
    if isinstance(raw, str):
        return Cell(columns=(raw,))
    if isinstance(raw, list) and raw:
        return Cell(choice=tuple(_cell(reading, one, where) for one in raw))
    if not isinstance(raw, dict):
        raise reading.wrong(f"This must be a column's name or a table such as {{ column = ... }}, not {raw!r}.", where)
    reading.check_keys(raw, _CELL_KEYS, where)
    if ("column" in raw) == ("const" in raw):
        raise reading.wrong("This needs either `column` or `const`.", where)
    words = raw.get("words", {})
    if not isinstance(words, dict) or not all(isinstance(v, str) for v in words.values()):
        raise reading.wrong("`words` must be a table of texts.", where)
    for key in ("const", "default", "prefix", "unit"):
        if key in raw and not isinstance(raw[key], str):
            raise reading.wrong(f"{key!r} must be a text, not {raw[key]!r}.", where)
    if raw.get("unit", "s") not in UNITS:
        raise reading.wrong(f"There is no unit {raw['unit']!r}. Known are: {', '.join(UNITS)}.", where)
    if not isinstance(raw.get("optional", False), bool):
        raise reading.wrong(f"'optional' must be true or false, not {raw['optional']!r}.", where)
    added = raw.get("add", [])
    if not isinstance(added, list):
        raise reading.wrong("`add` must be a list of durations.", where)
    return Cell(
        columns=reading.texts(raw["column"], where) if "column" in raw else (),
        const=raw.get("const"),
        formats=reading.texts(raw["format"], where) if "format" in raw else (),
        unit=raw.get("unit"),
        words={k if pattern(k) else k.lower(): v for k, v in words.items()},
        default=raw.get("default"),
        prefix=raw.get("prefix", ""),
        add=tuple(_cell(reading, a, f"{where}.add") for a in added),
        when=reading.choices(raw.get("when", {}), f"{where}.when"),
        optional=raw.get("optional", False),
    )


def pattern(word: str) -> str | None:
    """The pattern that a word between slashes is; None for a plain word."""
    return f"(?i){word[1:-1]}" if len(word) > 2 and word[0] == word[-1] == "/" else None
