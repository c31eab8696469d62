"""What a query of a viewer's own gave: typed rows, and where they come from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from okireports import export, frames
from okireports.rows import Held

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Provenance:
    """Where a selection comes from; two runs over the same rows give the same."""

    viewer: str
    reason: str | None
    projects: tuple[str, ...]
    zone: str
    tables: tuple[str, ...]
    names: tuple[str, ...]  # tables of names that it reads
    files: int
    generation: int


@dataclass(frozen=True)
class Selection:
    """The rows of a query: as a dataframe, an Arrow table, and a file; there is no chart of them."""

    arrow: pa.Table  # instants in the centre's zone, counts int64, money decimal
    sql: str
    provenance: Provenance

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The rows as a dataframe."""
        return frames.frame(self.arrow)

    @property
    def rows(self) -> Held:
        """The rows as exports take them."""
        return Held(self.arrow)

    @property
    def meta(self) -> dict[str, object]:
        """What a file of it says beside the rows."""
        return {"title": "Query", "sql": self.sql, "provenance": vars(self.provenance)}

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the rows: .csv, .parquet, .xlsx, .json or .html, by the suffix; whole or not at all."""
        return export.save(path, rows=self.rows, meta=self.meta)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The rows for Polars, DuckDB and others that take an Arrow stream."""
        stream: object = self.arrow.__arrow_c_stream__(requested_schema)  # type: ignore[no-untyped-call]  # its stubs
        return stream

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """In a notebook: the first rows, and a line of text."""
        return {**export.shown(rows=self.rows, meta=self.meta), "text/plain": repr(self)}

    def __repr__(self) -> str:
        """In a terminal: what it is, not what is in it."""
        return f"<Query: {self.arrow.num_rows:,} rows, {', '.join(self.provenance.projects)}>"
