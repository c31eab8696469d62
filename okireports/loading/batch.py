"""What one load works on: the connection, the feed, the centre's settings, and what is counted on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb

from okireports.disk import Writer
from okireports.errors import LoadError, did_you_mean
from okireports.sources import Feed
from okireports.tables import Fact

if TYPE_CHECKING:
    import pandas as pd

    from okireports.loading.arrival import Beginning

SEPARATOR = "chr(31)"  # between the parts of what is hashed: no part can be taken for another


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    `rows_in` = `rows_loaded` + `rows_rejected` + `rows_ignored` counts the rows of facts in the files (of an event log:
    its lines; `ignored` are blank or repeated ones, rows older than retention, and contacts of people who were
    forgotten); `rows_updated` are those of the
    loaded that replaced an older row, `rows_unassigned` those that no project owns. `rejects` has a row for each
    rejected one: table, file, line, column_name, value, reason, row_text. `notes` counts what was mended by rule.
    """

    load_id: int
    generation: int
    rows_in: int
    rows_loaded: int
    rows_rejected: int
    rows_updated: int
    rows_unassigned: int
    rejects: pd.DataFrame
    notes: Mapping[str, int]
    unknown_columns: Mapping[str, tuple[str, ...]]
    bytes_written: int
    rows_ignored: int = 0

    def __str__(self) -> str:
        """The load in one line, and what was mended in further ones."""
        head = (
            f"load {self.load_id}: {self.rows_in:,} rows in, {self.rows_loaded:,} loaded, {self.rows_rejected:,} "
            f"rejected, {self.rows_updated:,} updated, {self.rows_unassigned:,} of no project"
        )
        notes = [f"  {note}: {count:,}" for note, count in sorted(self.notes.items())]
        unknown = [f"  {t}: columns not loaded: {', '.join(c)}" for t, c in sorted(self.unknown_columns.items())]
        return "\n".join([head, *notes, *unknown])


@dataclass
class Batch:
    """One load in the making; the tables `fact.<name>` of its connection hold the stamped rows."""

    writer: Writer
    feed: Feed
    settings: Mapping[str, str]
    secret: str
    load_id: int
    zone: str
    ambiguous: str
    now: datetime
    progress: Callable[[str], None]
    manner: str = ""  # what the rows were read by; see history
    later_wins: bool = False  # of two rows that contradict each other; otherwise neither counts
    beginnings: Mapping[int, tuple[Beginning, ...]] = field(default_factory=dict)  # of files, read before
    notes: Counter[str] = field(default_factory=Counter)
    updated: int = 0
    ignored: int = 0  # rows that the centre does not keep: too old, or a customer who was forgotten

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The engine: the control file is attached as `control`, the feed's rows lie in `raw`."""
        return self.writer.con

    def count(self, sql: str, parameters: object = None) -> int:
        """The one number that a statement gives."""
        row = self.con.execute(sql, parameters).fetchone()
        return int(row[0] or 0) if row else 0

    def wrong(self, row: Mapping[str, Any], column: str, problem: str) -> LoadError:
        """What is wrong with a definition, and where."""
        file, line = self.feed.locate(self.con, row["_table"], [row["_row"]])[0]
        return LoadError(problem, file=file, line=line, column=column, value=row.get(column))

    def unknown(self, row: Mapping[str, Any], column: str, kind: str, known: Iterable[str]) -> LoadError:
        """A definition names what is not there."""
        return self.wrong(row, column, f"there is no such {kind}.{did_you_mean(str(row[column]), known)}")

    def has(self, fact: Fact) -> bool:
        """Does the load hold rows of this table?"""
        return bool(
            self.count(
                "SELECT count(*) FROM duckdb_tables() WHERE database_name = 'memory' AND schema_name = 'fact' "
                "AND table_name = ?",
                [fact.name],
            )
        )

    def columns(self, table: str) -> set[str]:
        """The columns of a table of the load."""
        return {str(name) for name, *_ in self.con.execute(f"DESCRIBE {table}").fetchall()}

    def held(self, fact: Fact) -> set[str]:
        """The columns that the stamped rows of a table have; those that no row of the load fills are left out."""
        return self.columns(f'fact."{fact.name}"')

    def select(self, fact: Fact) -> str:
        """The model's columns as a list of SQL over the stamped rows, with NULL for those that are left out."""
        held = self.held(fact)
        return ", ".join(f'"{c.name}"' if c.name in held else f'NULL::{c.type} AS "{c.name}"' for c in fact.all_columns)

    def widen(self, fact: Fact) -> None:
        """Give the stamped rows all columns of the model, so that published rows can stand among them."""
        held = self.held(fact)
        for column in fact.all_columns:
            if column.name not in held:
                self.con.execute(f'ALTER TABLE fact."{fact.name}" ADD COLUMN "{column.name}" {column.type}')

    def empty(self, fact: Fact) -> None:
        """Make the (empty) table of stamped rows where there is none yet."""
        columns = ", ".join(f'"{c.name}" {c.type}' for c in fact.all_columns)
        self.con.execute(f'CREATE TABLE IF NOT EXISTS fact."{fact.name}" ({columns})')


def names(fact: Fact, but: tuple[str, ...] = (), of: str = "") -> str:
    """The columns of a table as a list of SQL, but some; `of` is the alias before each."""
    return ", ".join(f'{of}"{c.name}"' for c in fact.all_columns if c.name not in but)


def fact_id(*parts: str) -> str:
    """SQL: the 63-bit id of (table, source, source's id), given as SQL of text."""
    return f"(md5_number({f' || {SEPARATOR} || '.join(parts)}) >> 65)::BIGINT"


def keyed(*parts: str) -> str:
    """SQL: a 60-bit hash that nobody can compute without the secret, which is the variable `secret`.

    MD5 is enough for a key of 256 secret bits of which so little is shown, and takes half the time of SHA-256.
    """
    said = f" || {SEPARATOR} || ".join(("getvariable('secret')", *parts))
    return f"(md5_number({said}) >> 68)::BIGINT"
