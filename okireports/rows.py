"""Rows that are to be written or shown: a table, or what gives them piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


class Rows(Protocol):
    """Rows that need not be in memory all at once."""

    @property
    def schema(self) -> pa.Schema:
        """Their columns."""

    @property
    def count(self) -> int:
        """How many there are."""

    def head(self, most: int) -> pa.Table:
        """The first of them."""

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on; the first is 0."""

    def parts(self) -> Iterator[pa.Table]:
        """The rows in their order, a piece at a time."""

    def table(self) -> pa.Table:
        """All of them at once."""

    def interrupt(self) -> None:
        """Stop what is being done to get some; called from another thread."""


@dataclass(frozen=True)
class Held:
    """Rows that are in memory."""

    held: pa.Table

    @property
    def schema(self) -> pa.Schema:
        """Their columns."""
        return self.held.schema

    @property
    def count(self) -> int:
        """How many there are."""
        return self.held.num_rows

    def head(self, most: int) -> pa.Table:
        """The first of them."""
        return self.held.slice(0, most)

    def some(self, first: int, most: int) -> pa.Table:
        """Those from a number on; the first is 0."""
        return self.held.slice(first, most)

    def parts(self) -> Iterator[pa.Table]:
        """The rows, in one piece."""
        yield self.held

    def table(self) -> pa.Table:
        """The rows."""
        return self.held

    def interrupt(self) -> None:
        """There is nothing to stop."""
