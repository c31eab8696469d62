"""JSON: what is told about the result, its columns, and its rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

import pyarrow as pa

from okireports.export.cells import known, plain

_ROWS = 50_000  # at a time


def write(file: IO[bytes], table: pa.Table, meta: Mapping[str, Any]) -> None:
    """Write {"provenance": meta, "columns": [...], "rows": [{...}, ...]}.

    Instants are ISO 8601 text with offset, money is text (as a number it would lose its cents), ids are text (they have
    more digits than the numbers of JavaScript), NULL and what is no number are null. Of two columns with one name the
    second is `name_2`.
    """
    report = str(meta.get("report") or "")
    names = _unique(table.column_names)
    columns = [_described(name, field, report) for name, field in zip(names, table.schema, strict=True)]
    head = json.dumps(
        {"provenance": meta, "columns": columns}, ensure_ascii=False, indent=1, sort_keys=True, default=str
    )
    file.write(head.removesuffix("\n}").encode() + b',\n "rows": [')
    for start in range(0, table.num_rows, _ROWS):
        part = table.slice(start, _ROWS)
        cells = [_cells(part.column(i), described) for i, described in enumerate(columns)]
        rows = (json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) for row in zip(*cells, strict=True))
        file.write((",\n" if start else "\n").encode() + ",\n".join(rows).encode())
    file.write(b"\n]}\n")


def _described(name: str, field: pa.Field[Any], report: str) -> dict[str, object]:
    found = known(field.name, report)
    more = {"label": found.en, "label_pl": found.pl, "unit": found.unit} if found else {}
    return {"name": name, "type": str(field.type), **more}


def _cells(column: pa.ChunkedArray[Any], described: Mapping[str, object]) -> list[object]:
    cells = plain(column)
    if described.get("unit") == "id":
        return [None if v is None else str(v) for v in cells]
    if pa.types.is_floating(column.type):
        return [v if isinstance(v, float) and math.isfinite(v) else None for v in cells]
    return cells


def _unique(names: list[str]) -> list[str]:
    made: list[str] = []
    for name in names:
        free, count = name, 1
        while free in made:
            count += 1
            free = f"{name}_{count}"
        made.append(free)
    return made
