"""Rows under their numbers, in a connection of their own: sorted and searched there, and taken by number.

Rows that are in memory stay where they are; those of a long log are put into a file at which only its owner can look,
and which goes with the shelf. They lie there as they would in memory: any of them is read without those around it, and
the system keeps of it what is looked at. No name and no text of who asks ever becomes SQL: columns are c0, c1, ...
here, and what is searched for is a parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any
from weakref import finalize

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from okireports.clock import offsets
from okireports.engines.duck import private
from okireports.rows import Held, Rows

Positions = NDArray[np.int32]
FOLDED = "replace(lower(strip_accents({})), 'ł', 'l')"  # which does not come apart into a letter and an accent
AT_ONCE = 65_536  # rows that lie together in the file
WRITTEN = "%Y-%m-%d %H:%M:%S.%g"


class Shelf:
    """All rows of an answer, numbered from 0 in their order; `ids` are whole numbers that are read as names."""

    def __init__(self, rows: Rows, ids: Collection[str] = ()) -> None:
        self.schema, self._ids = rows.schema, ids
        with ExitStack() as opened:
            self._con = opened.enter_context(private())
            self._con.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
            (folder,) = self._con.execute("SELECT current_setting('temp_directory')").fetchone() or ("",)
            held = numbered(rows.held, 0) if isinstance(rows, Held) else put(rows, Path(folder, "log.arrow"))
            self._parts, self._kind = held.to_batches(), held.schema
            self._firsts = np.cumsum([0, *(part.num_rows for part in self._parts)])[:-1]  # of each, its number
            self._con.register("log", held)
            self._con.execute("SET enable_external_access = false; SET lock_configuration = true")
            finalize(self, opened.pop_all().close)

    def _read(self, folded: str) -> Iterator[str]:
        """SQL of each column in which a folded text may be found, folded as far as that matters."""
        letters = any(c.isalpha() for c in folded) or not folded.isascii()
        for number, field in enumerate(self.schema):
            name, kind = f"c{number}", field.type
            if pa.types.is_string(kind):
                yield FOLDED.format(name) if name not in self._ascii else f"lower({name})" if letters else name
            elif letters:
                continue
            elif pa.types.is_date(kind) or (pa.types.is_integer(kind) and field.name in self._ids):
                yield f"{name}::VARCHAR"
            elif pa.types.is_timestamp(kind):
                yield self._local(name, kind.tz)

    @cached_property
    def _ascii(self) -> set[str]:
        """The columns of texts in which no letter has an accent."""
        texts = [f"c{number}" for number, kind in enumerate(self.schema.types) if pa.types.is_string(kind)]
        plain = (f"coalesce(bool_and(strlen({name}) = length({name})), true)" for name in texts)
        found = self._con.execute(f"SELECT [{', '.join(plain)}] FROM log").fetchone() or ([],)
        return {name for name, is_plain in zip(texts, found[0], strict=True) if is_plain}

    def _local(self, name: str, zone: str) -> str:
        """SQL: an instant as the clock on the wall of a zone shows it, with the offset."""
        first, last = self._con.execute(f"SELECT min({name}), max({name}) FROM log").fetchone() or (None, None)
        if first is None:
            return "NULL"
        known = offsets(zone, first, last)
        said = [f"strftime({name} + to_milliseconds({ahead}), '{WRITTEN}{_offset(ahead)}')" for _, ahead in known]
        until = [
            f"WHEN {name} < epoch_ms({since}) THEN {text}"
            for (since, _), text in zip(known[1:], said[:-1], strict=True)
        ]
        return f"CASE {' '.join(until)} ELSE {said[-1]} END" if until else said[-1]

    def ordered(self, column: int, *, descending: bool) -> Positions:
        """The numbers of all rows in the order of a column: NULL and NaN come last, what is the same by number."""
        key = f"c{column}"
        if pa.types.is_floating(self.schema.field(column).type):
            key = f"nullif({key}, 'NaN'::DOUBLE)"
        return self._numbers(f"ORDER BY {key} {'DESC' if descending else 'ASC'} NULLS LAST, position")

    def found(self, text: str) -> Positions:
        """The numbers of rows of which a text, an id or an instant holds some text, whatever its case and accents."""
        known = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
        (folded,) = self._con.execute(f"SELECT {FOLDED.format('$known')}", {"known": known}).fetchone() or ("",)
        holds = " OR ".join(f"contains({said}, $folded)" for said in self._read(folded))
        return self._numbers(f"WHERE {holds or 'false'} ORDER BY position", {"folded": folded} if holds else None)

    def _numbers(self, which: str, given: dict[str, Any] | None = None) -> Positions:
        found = self._con.execute(f"SELECT position FROM log {which}", given).fetchnumpy()
        return np.asarray(found["position"], dtype=np.int32)

    def take(self, numbers: Positions) -> pa.Table:
        """Rows by their numbers, in the order in which these are given."""
        lies = np.searchsorted(self._firsts, numbers, side="right") - 1  # in which part
        order = np.argsort(lies, kind="stable")
        rows = [self._some(part, numbers[order][lies[order] == part]) for part in np.unique(lies)]
        taken = pa.Table.from_batches(rows, self._kind).take(pa.array(np.argsort(order), pa.int64()))
        return taken.drop_columns(["position"]).rename_columns(self.schema.names).cast(self.schema)

    def _some(self, part: int, numbers: Positions) -> pa.RecordBatch:
        """Rows of one part."""
        return self._parts[part].take(pa.array(numbers - self._firsts[part], pa.int64()))

    def interrupt(self) -> None:
        """Stop what is being done; called from another thread."""
        self._con.interrupt()


def put(rows: Rows, path: Path) -> pa.Table:
    """Put rows into a file, a piece at a time, and give them as they lie there; its name goes at once.

    So whatever ends this process ends the file, too.
    """
    with (
        pa.OSFile(str(path), "wb") as file,
        pa.ipc.new_file(file, numbered(rows.schema.empty_table(), 0).schema) as log,
    ):
        count = 0
        for part in rows.parts():
            log.write_table(numbered(part, count), AT_ONCE)
            count += part.num_rows
    lying = pa.memory_map(str(path))
    path.unlink()
    return pa.ipc.open_file(lying).read_all()


def numbered(rows: pa.Table, first: int) -> pa.Table:
    """Rows as the shelf holds them: `position` from some number on, c0, c1, ...; instants in naive UTC."""
    position = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int32))
    zoned = [pa.types.is_timestamp(kind) for kind in rows.schema.types]
    columns = [c.cast(pa.timestamp("us")) if z else c for c, z in zip(rows.columns, zoned, strict=True)]
    return pa.Table.from_arrays([position, *columns], ["position", *(f"c{n}" for n in range(rows.num_columns))])


def _offset(ahead: int) -> str:
    """An offset in ms as it is written."""
    hours, minutes = divmod(abs(ahead) // 60_000, 60)
    return f"{'-' if ahead < 0 else '+'}{hours:02}:{minutes:02}"
