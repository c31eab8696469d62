"""Rows that an engine has written, as Parquet files one after another: they are read piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from weakref import finalize

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from okireports.errors import LakeError

AT_ONCE = 131_072  # rows of a piece


@dataclass(frozen=True)
class Scratch:
    """A folder of one result's own: where the engine finds it, and where it is read from."""

    address: str
    storage: Any  # pyarrow's file system
    path: str

    def files(self) -> list[str]:
        """The files of rows in it, in the order in which their rows are."""
        listed = self.storage.get_file_info(fs.FileSelector(self.path, allow_not_found=True))
        return sorted(info.path for info in listed if info.base_name.endswith(".parquet"))

    def remove(self) -> None:
        """Take it away, if it is there."""
        if self.storage.get_file_info(self.path).type == fs.FileType.Directory:
            self.storage.delete_dir(self.path)


class Written:
    """Rows that lie in a folder, as `okireports.rows.Rows` are; it goes when they are no longer used."""

    def __init__(self, scratch: Scratch, schema: pa.Schema, typed: Callable[[pa.Table], pa.Table]) -> None:
        self._scratch, self._typed, self._files = scratch, typed, scratch.files()
        self.schema = typed(schema.empty_table()).schema
        counts = [self._opened(file).metadata.num_rows for file in self._files]
        self._firsts = [*accumulate(counts, initial=0)]  # of each file the number of its first row; last, of all
        finalize(self, scratch.remove)

    @property
    def count(self) -> int:
        """How many there are."""
        return self._firsts[-1]

    def parts(self) -> Iterator[pa.Table]:
        """The rows in their order, a piece at a time."""
        for file in self._files:
            yield from self._pieces(file)

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        return self.some(0, most)

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on; the first is 0."""
        found, until = [self.schema.empty_table()], min(first + max(most, 0), self.count)
        for file, start, end in zip(self._files, self._firsts, self._firsts[1:], strict=False):
            if start < until and end > first:
                found += self._cut(file, max(first - start, 0), min(until, end) - start)
        return pa.concat_tables(found)

    def _cut(self, file: str, first: int, until: int) -> Iterator[pa.Table]:
        """The rows of a file between two numbers; groups of rows beside them are not read."""
        at = 0
        opened = self._opened(file)
        for group in range(opened.num_row_groups):
            rows = opened.metadata.row_group(group).num_rows
            if at < until and at + rows > first:
                held = self._typed(opened.read_row_group(group))
                yield held.slice(max(first - at, 0), min(until, at + rows) - max(first, at))
            at += rows

    def _pieces(self, file: str) -> Iterator[pa.Table]:
        for batch in self._opened(file).iter_batches(AT_ONCE):
            yield self._typed(pa.Table.from_batches([batch]))

    def _opened(self, file: str) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(self._scratch.storage.open_input_file(file))
        except FileNotFoundError:
            raise LakeError("These rows are gone: the lake was synced after an erasure. Ask again.") from None

    def table(self) -> pa.Table:
        """All of them at once."""
        return pa.concat_tables([self.schema.empty_table(), *self.parts()])

    def interrupt(self) -> None:
        """Nothing is asked of the engine any more."""
