"""Are the figures of two tables the same: every row and every column, column by column, for there may be millions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Column = pa.ChunkedArray


def difference(one: pa.Table, other: pa.Table, tolerance: float) -> str | None:
    """The first column whose rows differ, and where; None: none does. Floats may differ by a part of their size."""
    if one.column_names != other.column_names:
        return f"columns {one.column_names} and {other.column_names}"
    if len(one) != len(other):
        return f"{len(one)} and {len(other)} rows"
    for name in one.column_names:
        found = compared(one[name], other[name], tolerance)
        if not found.all():
            row = int(np.argmin(found))
            return f"{name}, row {row}: {one.slice(row, 1).to_pylist()} and {other.slice(row, 1).to_pylist()}"
    return None


def compared(one: Column, other: Column, tolerance: float) -> np.ndarray:
    """For each row: do two columns say the same? Those of other kinds do where both are empty."""
    absent, missing = (column.is_null().to_numpy() for column in (one, other))
    if (kind := common(one.type, other.type)) is None:
        return absent & missing
    same = pc.equal(one.cast(kind), other.cast(kind)).to_numpy()
    if pa.types.is_floating(kind):
        a, b = (column.cast(kind).fill_null(0).to_numpy() for column in (one, other))
        with np.errstate(invalid="ignore"):  # of infinities, which are equal or are not
            same = np.equal(same, True) | (np.abs(a - b) <= tolerance * np.maximum(np.abs(a), np.abs(b)))
    return np.where(absent | missing, absent & missing, np.equal(same, True))


def common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """The type in which columns of two types are compared; None: they are not of one kind."""
    if pa.types.is_null(one) or pa.types.is_null(other):
        return None
    if one == other:
        return one
    if pa.types.is_decimal(one) and pa.types.is_decimal(other):
        return pa.decimal128(38, max(one.scale, other.scale))
    for is_kind, kind in (
        (pa.types.is_integer, pa.int64()),
        (pa.types.is_floating, pa.float64()),
        (pa.types.is_timestamp, pa.timestamp("us")),  # an aware one as naive UTC
        (is_text, pa.large_string()),
    ):
        if is_kind(one) and is_kind(other):
            return kind
    return None


def is_text(kind: pa.DataType) -> bool:
    """Is a type one of texts?"""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def loose(table: pa.Table) -> pa.Table:
    """A table as every engine gives it: decimals, whole numbers and flags as doubles, naive UTC, NaN as nothing."""
    return pa.table({name: loosened(table[name]) for name in table.column_names})


def loosened(column: Column) -> Column:
    """A column of numbers as doubles, of instants as naive UTC, of words as text."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return loosened(column.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        return column.cast(pa.int8()).cast(pa.float64())
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind) or pa.types.is_null(kind):
        return column.cast(pa.float64(), safe=False)
    if pa.types.is_floating(kind):
        numbers = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(numbers), pa.scalar(None, pa.float64()), numbers)
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us"))
    return column.cast(pa.large_string())


def in_order(table: pa.Table, keys: int) -> pa.Table:
    """The rows in an order that every engine agrees on: of so many leading columns, which tell rows apart."""
    return table.sort_by([(name, "ascending") for name in table.column_names[:keys]])
