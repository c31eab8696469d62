"""Cells as text: instants, dates, money and what a person reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from okireports.columns import Label, label
from okireports.language import separated


def known(name: str, report: str = "") -> Label | None:
    """The label of a column; None for one that only a free query has."""
    try:
        return label(name, report or None)
    except KeyError:
        return None


def heading(name: str, report: str = "", language: str = "en") -> str:
    """A column's heading for people: label and unit, or its name where nothing more is known."""
    found = known(name, report)
    return found.heading(language) if found else name


def grounds(meta: Mapping[str, Any]) -> list[str]:
    """What the figures rest on, as lines: the settings and the definitions that held, which JSON has whole."""
    lines = []
    for name, value in meta.get("provenance", {}).get("definitions", {}).items():
        for row in value if isinstance(value, tuple) else ({"": value},):
            said = (f"{key} {_said(v)}".strip() for key, v in row.items() if v is not None)
            lines.append(f"{name}: {', '.join(said) or '-'}")
    return lines


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def iso(column: Any) -> Any:
    """Instants as ISO 8601 with the zone's offset, to the millisecond or microsecond where there is a fraction."""
    instants: Any = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    instants = instants.cast(pa.timestamp("us", instants.type.tz))
    wall: Any = pc.local_timestamp(instants)
    seconds = pc.floor_temporal(wall, unit="second")
    text = pc.replace_substring(seconds.cast(pa.timestamp("s")).cast(pa.string()), " ", "T")
    return pc.binary_join_element_wise(
        text, each(between(seconds, wall), _fraction), each(between(instants, wall), _offset), ""
    )


def between(one: Any, other: Any) -> Any:
    """How many microseconds the second of two times is ahead, as numbers."""
    return pc.subtract(other.cast(pa.int64()), one.cast(pa.int64()))


def each(numbers: Any, said: Callable[[int], str]) -> Any:
    """Numbers as text, by a rule that is asked once for each number that there is."""
    distinct = numbers.dictionary_encode()
    return pa.array([said(n) for n in distinct.dictionary.to_pylist()], pa.string()).take(distinct.indices)


def _fraction(us: int) -> str:
    whole, rest = divmod(us, 1000)
    return f".{us:06}" if rest else f".{whole:03}" if whole else ""


def _offset(us: int) -> str:
    hours, minutes = divmod(abs(us) // 60_000_000, 60)
    return f"{'-' if us < 0 else '+'}{hours:02}:{minutes:02}"


def plain(column: pa.ChunkedArray[Any]) -> list[object]:
    """The cells of a column as CSV and JSON hold them: numbers as they are, all else as text, None for NULL."""
    kind = column.type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return list(iso(column).to_pylist())
    values = column.to_pylist()
    if pa.types.is_decimal(kind):
        return [None if v is None else format(v, "f") for v in values]
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) or pa.types.is_string(kind):
        return list(values)
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind) and not pa.types.is_interval(kind):
        return [None if v is None else v.isoformat() for v in values]
    return [None if v is None else str(v) for v in values]


def read(values: list[object], kind: pa.DataType, found: Label | None, language: str = "en") -> list[str]:
    """Cells as a person reads them: shares in per cent, money to the cent, thousands apart; NULL is nothing."""
    said = _in_polish if language == "pl" else _read
    return ["" if v is None else said(v, kind, found) for v in values]


def _in_polish(value: object, kind: pa.DataType, found: Label | None) -> str:
    """A cell with a comma before the fraction, blanks between thousands, and days before months."""
    text = _read(value, kind, found)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        year, month, day = text[:10].split("-")
        return f"{day}.{month}.{year}{text[10:]}"
    if isinstance(value, bool):
        return "tak" if value else "nie"
    return separated(text, "pl") if _is_number(kind) else text


def is_figure(field: pa.Field[Any]) -> bool:
    """Does a column hold figures, which stand to the right? Ids are none."""
    found = known(field.name)
    return _is_number(field.type) and not (found is not None and found.unit == "id")


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _read(value: object, kind: pa.DataType, found: Label | None) -> str:
    if pa.types.is_timestamp(kind):
        return str(value).replace("T", " ")
    if isinstance(value, float) and value != value:  # NaN
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not found:
        return str(value)
    if found.unit == "share" and isinstance(value, float):
        return f"{value:.1%}"
    figure = Decimal(str(value)) if pa.types.is_decimal(kind) else value
    if isinstance(figure, float | Decimal):
        if found.unit == "money" and -1 < figure < 1:  # a minute costs parts of a cent
            units, _, parts = f"{figure:z.4f}".partition(".")
            return f"{units}.{parts.rstrip('0'):0<2}"
        return f"{figure:z,.2f}" if found.unit in ("number", "mos", "percent", "money") else f"{figure:z,.1f}"
    if isinstance(value, int) and found.unit in ("count", "bytes"):
        return f"{value:,}"
    return str(value)
