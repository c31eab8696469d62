"""Tables as Arrow and as pandas, with types that depend on the column and never on the data; and summing of frames."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.extensions import ExtensionDtype

from okireports.columns import Label, label
from okireports.errors import BadOption

WILSON_Z, NPS_Z = 1.959963984540054, 1.96  # standard deviations that hold 95 %, as the two bounds are defined
_MINUTES = {"15min": 15, "30min": 30, "hour": 60}


# ---- types -----------------------------------------------------------------------------------------------------------
def arrow(table: pa.Table, zone: str) -> pa.Table:
    """A result as Arrow: naive UTC timestamps become instants of `zone`, integers int64, floats double, text string.

    Dates stay date32, money keeps its decimal scale; a DECIMAL(38, 0), which is how DuckDB hands over a sum of whole
    numbers, becomes int64. What has no rule (lists, times of day, structures) stays as it is.
    """
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        wanted = _arrow_type(field.type, zone)
        try:
            columns.append(column if wanted == field.type else column.cast(wanted, safe=not _is_time(field.type)))
        except pa.ArrowInvalid:
            raise BadOption(f"The column {field.name!r} holds a number that does not fit in 64 bits.") from None
    return pa.Table.from_arrays(columns, names=table.schema.names)


def frame(table: pa.Table) -> pd.DataFrame:
    """A dataframe of what `arrow` gives.

    Instants are datetime64[us, zone], dates datetime64[us] at midnight, integers Int64, floats float64 with NaN, flags
    boolean, money objects of decimal.Decimal, text str.
    """
    numbered = table.rename_columns([str(i) for i in range(table.num_columns)])  # two columns may have one name
    made = numbered.to_pandas(types_mapper=_pandas_type, date_as_object=False, ignore_metadata=True)
    for i, field in enumerate(table.schema):
        if pa.types.is_date(field.type):
            made.isetitem(i, made.iloc[:, i].astype("datetime64[us]").array)
    made.columns = pd.Index(table.column_names)
    return made


def _is_time(kind: pa.DataType) -> bool:
    return pa.types.is_timestamp(kind) or pa.types.is_date(kind)


def _arrow_type(kind: pa.DataType, zone: str) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=zone)
    if pa.types.is_date(kind):
        return pa.date32()
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.precision == 38 and kind.scale == 0):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_dictionary(kind):
        return _arrow_type(kind.value_type, zone)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return pa.string()
    return kind


def _pandas_type(kind: pa.DataType) -> ExtensionDtype | None:
    if pa.types.is_integer(kind):
        return pd.Int64Dtype()
    if pa.types.is_boolean(kind):
        return pd.BooleanDtype()
    return pd.StringDtype(na_value=np.nan) if pa.types.is_string(kind) else None


# ---- local time ------------------------------------------------------------------------------------------------------
def wall(times: pd.Series, zone: str) -> pd.Series:
    """What the clock on the wall of `zone` shows, naive; dates as they are.

    The hour that comes twice in autumn shows the same time twice.
    """
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        times = times.dt.tz_convert(zone).dt.tz_localize(None)
    return times.astype("datetime64[us]")


def floor(times: pd.Series, by: str, week_start: int = 0) -> pd.Series:
    """The start of the interval in which each wall-clock time lies; `week_start` 0 is Monday."""
    index = pd.DatetimeIndex(times)
    if by in _MINUTES:
        return pd.Series(index.floor(f"{_MINUTES[by]}min"), index=times.index)
    back = {"week": (index.day_of_week - week_start) % 7, "month": index.day - 1}.get(by)
    days = index.floor("D")
    return pd.Series(days if back is None else days - pd.to_timedelta(back, unit="D"), index=times.index)


def following(times: pd.Series, by: str) -> pd.Series:
    """The start of the next interval, of starts of intervals."""
    months = pd.DateOffset(months=1)
    step = pd.Timedelta(minutes=_MINUTES[by]) if by in _MINUTES else pd.Timedelta(days=7 if by == "week" else 1)
    return pd.Series(pd.DatetimeIndex(times) + (months if by == "month" else step), index=times.index)


def lengths(
    starts: pd.Series, by: str, zone: str, *, both: bool, within: tuple[datetime, datetime] | None = None
) -> pd.Series:
    """The real length of each interval in seconds: a day has 23 or 25 hours when the clocks change.

    `both`: an hour that comes twice in autumn is one interval of two. Days and longer are cut to `within` (instants;
    naive is UTC).
    """
    since = _instants(starts, zone, first=True)
    if by in _MINUTES:
        twice = (since != _instants(starts, zone, first=False)) & both
        return (1 + twice.astype("int64")) * _MINUTES[by] * 60.0
    until = _instants(following(starts, by), zone, first=True)
    if within:
        low, high = (pd.to_datetime(at, utc=True) for at in within)
        since, until = since.where(since > low, low), until.where(until < high, high)
    return (until - since).dt.total_seconds().clip(lower=0.0)


def _instants(times: pd.Series, zone: str, *, first: bool) -> pd.Series:
    """The instants of wall-clock times; of a time that comes twice the first or the second."""
    ambiguous = np.full(len(times), first)
    index = pd.DatetimeIndex(times).tz_localize(zone, ambiguous=ambiguous, nonexistent="shift_forward")
    return pd.Series(index.tz_convert("UTC"), index=times.index)


# ---- summing ---------------------------------------------------------------------------------------------------------
def summed(
    rows: pd.DataFrame,
    keys: Sequence[str],
    values: Sequence[str],
    *,
    report: str | None = None,
    formula: str = "short",
    seconds: pd.Series | None = None,
    bucket_seconds: pd.Series | None = None,
) -> tuple[pd.DataFrame, bool]:
    """`values` of `rows`, one row for each combination of `keys`, by the roll-up rules of columns.py.

    `seconds` is the length of each row's interval and `bucket_seconds` that of the interval it goes into: they weight
    means over time. A row that is alone keeps its values as they are. NULL keys are a group. Returns the sorted frame,
    and whether a figure in it is approximate.
    """
    grouped = rows.groupby(list(keys), dropna=False, sort=True)
    sizes = grouped.size()
    out: dict[str, pd.Series] = {}
    approximate = False
    for name in values:
        known = label(name, report, formula)
        numbers = number(rows[name])
        if known.rollup == "time" and seconds is not None and bucket_seconds is not None:
            out[name] = _total(numbers * seconds, rows, keys) / _group(bucket_seconds, rows, keys).first()
            continue
        joined, exact = _joined(numbers, known, rows, keys)
        out[name] = joined.where(sizes > 1, _group(numbers, rows, keys).first())
        approximate |= not exact and bool((sizes > 1).any())
    return pd.DataFrame(out, index=sizes.index).reset_index(), approximate


def number(column: pd.Series) -> pd.Series:
    """A column as float64; NULL is NaN. Flags are 0 and 1."""
    if column.dtype == object:  # money
        return pd.Series([float("nan") if v is None else float(v) for v in column], index=column.index, dtype="float64")
    return column.astype("Float64").astype("float64") if column.dtype != "float64" else column


def volume(rows: pd.DataFrame, name: str, report: str | None = None, formula: str = "short") -> pd.Series:
    """How much stands behind each value of a column: itself where it adds up, else its denominator, else the row."""
    known = label(name, report, formula)
    if known.rollup in ("sum", "time"):
        return number(rows[name]).abs().fillna(0.0)
    if known.parts and _there(known.parts[1], rows):
        return _signed(known.parts[1], rows)
    weight = next((w for w in known.weight if w in rows), None)
    return number(rows[weight]).fillna(0.0) if weight else pd.Series(1.0, index=rows.index)


def _joined(numbers: pd.Series, known: Label, rows: pd.DataFrame, keys: Sequence[str]) -> tuple[pd.Series, bool]:
    """One column, summed by its rule, and whether the figure is exact."""
    if known.rollup in ("sum", "time"):  # apart from time, means of different queues add up
        return _total(numbers, rows, keys), True
    if known.rollup in ("max", "min", "last"):
        groups = _group(numbers, rows, keys)
        return {"max": groups.max, "min": groups.min, "last": groups.last}[known.rollup](), True
    if known.rollup in ("low", "high"):
        return _bound(known, rows, keys), True
    if known.parts and _there(known.parts[1], rows):
        over, under = known.parts
        base = _signed(under, rows)
        if not _there(over, rows):  # a rate times its denominator is its numerator
            return _weighted(numbers, base, rows, keys), True
        bottom = _total(base, rows, keys)
        return _total(_signed(over, rows), rows, keys) / bottom.where(bottom != 0), True
    weight = next((w for w in known.weight if w in rows), None)
    if weight is None:
        return pd.Series(float("nan"), index=_group(numbers, rows, keys).size().index), True
    exact = known.rollup == "mean" and weight == known.weight[0]
    return _weighted(numbers, number(rows[weight]), rows, keys), exact


def _bound(known: Label, rows: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """A bound of 95 % confidence of what the rows sum to, as metrics/satisfaction.py works it out; NULL of nothing."""
    over, under = known.parts or ((), ())
    if not _there([*over, *under], rows):
        return pd.Series(float("nan"), index=_group(pd.Series(0.0, index=rows.index), rows, keys).size().index)
    sign = 1.0 if known.rollup == "high" else -1.0
    asked = pd.concat([number(rows[name.removeprefix("-")]) for name in over], axis=1).notna().all(axis=1)
    n = _total(_signed(under, rows).where(asked, 0.0), rows, keys)
    n = n.where(n != 0)
    p = _total(_signed(over, rows), rows, keys) / n
    if any(name.startswith("-") for name in over):
        either = _total(_signed([name.removeprefix("-") for name in over], rows), rows, keys) / n
        return p + sign * NPS_Z * ((either - p * p).clip(lower=0.0) / n) ** 0.5
    zz = WILSON_Z**2
    spread = WILSON_Z * (p * (1 - p) / n + zz / (4 * n * n)) ** 0.5
    return ((p + zz / (2 * n) + sign * spread) / (1 + zz / n)).clip(0.0, 1.0)


def _weighted(numbers: pd.Series, base: pd.Series, rows: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """The mean by `base`, of the values that there are."""
    bottom = _total(base.where(numbers.notna(), 0.0), rows, keys)
    return _total(numbers * base, rows, keys) / bottom.where(bottom != 0)


def _there(names: Sequence[str], rows: pd.DataFrame) -> bool:
    return all(name.removeprefix("-") in rows for name in names)


def _signed(names: Sequence[str], rows: pd.DataFrame) -> pd.Series:
    """The sum of columns, those with "-" before their name subtracted; NULL counts as nothing."""
    total = pd.Series(0.0, index=rows.index)
    for name in names:
        part = number(rows[name.removeprefix("-")]).fillna(0.0)
        total = total - part if name.startswith("-") else total + part
    return total


def _group(values: pd.Series, rows: pd.DataFrame, keys: Sequence[str]) -> pd.api.typing.SeriesGroupBy[Any, Any]:
    return values.groupby([rows[key] for key in keys], dropna=False, sort=True)


def _total(values: pd.Series, rows: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """Sums by key; a group without any value stays NULL."""
    return _group(values, rows, keys).sum(min_count=1)
