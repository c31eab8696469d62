"""A mapping as SQL: one SELECT over the staged text of the vendor's files, with every name and word quoted."""

from __future__ import annotations

from collections.abc import Callable, Collection

from okireports.sources.mapping import Cell, TableMap, VendorMap, Words, pattern
from okireports.sources.quoting import ident, text, texts

_FACTORS = {"ms": "0.001", "s": "1", "min": "60", "h": "3600"}
_COLONS = {"hh:mm:ss": r"^\d+:[0-5]?\d:[0-5]?\d(\.\d+)?$", "mm:ss": r"^\d+:[0-5]?\d(\.\d+)?$"}
_OFFSET = text(r":\d\d(\.\d+)?\s*(Z|[+-]\d\d(:?\d\d)?)$")


class Compiler:
    """Expressions of one mapping; `found` turns a vendor's column name into the staged one."""

    def __init__(self, vendor: VendorMap, found: Callable[[str], str]) -> None:
        self.vendor, self.found = vendor, found

    def column(self, name: str) -> str:
        """A staged column: trimmed, NULL where it is empty or a word for nothing."""
        trimmed = f"trim({ident(self.found(name))}, {text(' ' + chr(9) + chr(160))})"
        return f"CASE WHEN {trimmed} NOT IN ({texts(('', *self.vendor.nulls))}) THEN {trimmed} END"

    def cell(self, cell: Cell) -> str:
        """A canonical column as text; what cannot be read stays as it is, for loading to reject it with its value."""
        if cell.choice:
            return f"coalesce({', '.join([*(self.cell(c) for c in cell.choice), 'NULL'])})"
        raw = (
            " || ' ' || ".join(f"({self.column(c)})" for c in cell.columns) if cell.columns else text(cell.const or "")
        )
        value = f"({raw})"
        if cell.formats or cell.add:
            value = f"coalesce({self._instant(cell, value)}, {value})"
        elif cell.unit:
            value = f"coalesce(({self.seconds(cell.unit, value)})::VARCHAR, {value})"
        if cell.words:
            value = self._worded(cell.words, value)
        if cell.prefix:
            value = f"{text(cell.prefix)} || {value}"
        if cell.default is not None:
            value = f"coalesce({value}, {text(cell.default)})"
        if cell.when:
            value = f"CASE WHEN {self.matches(cell.when)} THEN {value} END"
        return value

    def _worded(self, words: dict[str, str], value: str) -> str:
        plain = {theirs: ours for theirs, ours in words.items() if not pattern(theirs)}
        patterns = {found: ours for theirs, ours in words.items() if (found := pattern(theirs))}
        cases = " ".join(f"WHEN {text(theirs)} THEN {text(ours)}" for theirs, ours in plain.items())
        tests = " ".join(f"WHEN {_looks(value, found)} THEN {text(ours)}" for found, ours in patterns.items())
        rest = f"CASE {tests} ELSE {value} END" if tests else value
        return f"CASE lower({value}) {cases} ELSE {rest} END" if cases else rest

    def _instant(self, cell: Cell, value: str) -> str:
        """SQL: an instant as text; NULL where it cannot be read."""
        added = [(a.unit or "s", f"({self.column(c)})") for a in cell.add for c in a.columns]
        lengths = " + ".join(f"coalesce({self.seconds(unit, length)}, 0)" for unit, length in added)
        later = f" + to_microseconds(round(({lengths}) * 1000000)::BIGINT)" if added else ""
        if not cell.formats:  # ISO 8601, with an offset or without
            aware = f"timezone('UTC', try_cast({value} AS TIMESTAMPTZ))"
            naive = f"try_cast({value} AS TIMESTAMP)"
            with_offset = f"({aware}{later})::VARCHAR || '+00'"
            return f"CASE WHEN regexp_matches({value}, {_OFFSET}) THEN {with_offset} ELSE ({naive}{later})::VARCHAR END"
        instant = f"coalesce({', '.join(self._parsed(f, value) for f in cell.formats)})"
        # an instant with an offset is told in UTC, whatever the session's zone
        in_utc = any("%z" in f or f.startswith("epoch") for f in cell.formats)
        return f"({instant}{later})::VARCHAR" + (" || '+00'" if in_utc else "")

    def _parsed(self, form: str, value: str) -> str:
        if form in ("epoch", "epoch_ms"):
            factor = 1_000_000 if form == "epoch" else 1_000
            return f"make_timestamp(round(try_cast({value} AS DECIMAL(27, 9)) * {factor})::BIGINT)"
        parsed = f"try_strptime({value}, {text(form)})"
        return f"timezone('UTC', {parsed})" if "%z" in form else parsed

    def seconds(self, unit: str, value: str) -> str:
        """SQL: a duration in seconds, a number; NULL where it cannot be read."""
        number = f"replace({value}, {text(self.vendor.decimal)}, '.')" if self.vendor.decimal != "." else value
        if unit in _FACTORS:
            plain = f"try_cast(replace(replace({number}, ' ', ''), {text(chr(160))}, '') AS DOUBLE)"
            return plain if unit == "s" else f"{plain} * {_FACTORS[unit]}"
        part = [f"try_cast(split_part({number}, ':', {i}) AS DOUBLE)" for i in (1, 2, 3)]
        total = (
            f"{part[0]} * 3600 + {part[1]} * 60 + {part[2]}" if unit == "hh:mm:ss" else f"{part[0]} * 60 + {part[1]}"
        )
        return f"CASE WHEN regexp_matches({number}, {text(_COLONS[unit])}) THEN {total} END"

    def matches(self, words: Words) -> str:
        """SQL: does each column hold one of its values, without regard to case?"""
        return " AND ".join(f"({self._holds(f'({self.column(c)})', values)})" for c, values in words.items())

    def _holds(self, value: str, values: tuple[str, ...]) -> str:
        plain = [v.lower() for v in values if v and not pattern(v)]
        tests = [f"coalesce(lower({value}) IN ({texts(plain)}), false)"] if plain else []
        tests += [f"coalesce({_looks(value, found)}, false)" for v in values if (found := pattern(v))]
        tests += [f"{value} IS NULL"] if "" in values else []
        return " OR ".join(tests)

    def taken(self, table: TableMap) -> str:
        """SQL: does the table take a row? '' when it takes every one."""
        conditions = [f"({self.column(c)}) IS NOT NULL" for c in table.needs]
        return " AND ".join([*conditions, *([self.matches(table.where)] if table.where else [])])

    def select(self, table: TableMap, relation: str, required: Collection[str]) -> tuple[str, str | None]:
        """A SELECT of the table's columns and `_file` in the order of the files, and one of the rowids behind it.

        The second is None where the rows are those of the relation, one to one.
        """
        condition = self.taken(table)
        where = f" WHERE {condition}" if condition else ""
        made = ", ".join(f"{self.cell(cell)} AS {ident(name)}" for name, cell in table.cells.items())
        if not table.distinct:
            behind = f"SELECT rowid FROM {relation}{where}" if where else None
            return f"SELECT {made}, _file FROM {relation}{where}", behind
        names = ", ".join(ident(name) for name in table.cells)
        # a definition without its name defines nothing
        named = " AND ".join(f"{ident(c)} IS NOT NULL" for c in sorted(required)) or "true"
        inner = f"SELECT {made}, _file, rowid AS r FROM {relation}{where}"
        once = f"SELECT {names}, arg_min(_file, r) AS _file, min(r) AS r FROM ({inner}) WHERE {named} GROUP BY {names}"
        return f"SELECT {names}, _file FROM ({once}) ORDER BY r", f"SELECT r FROM ({once}) ORDER BY r"


def _looks(value: str, pattern: str) -> str:
    return f"regexp_matches({value}, {text(pattern)})"
