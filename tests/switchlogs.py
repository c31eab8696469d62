"""Logs of switches in tests: staged or loaded, and the sum that every one of their lines has a part in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

import okireports
from okireports import sources

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def written(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A folder with these files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


class Staged:
    """What one reading of a folder gives: rows of calls and rings by column, rejects, notes."""

    def __init__(self, path: Path, source: str) -> None:
        with duckdb.connect() as con:
            con.execute("SET threads = 1")
            self.feed = sources.read(con, path, source=source)
            self.calls = {row["source_id"]: row for row in rows(con, "FROM raw.calls")}
            self.order = [row["source_id"] for row in rows(con, "FROM raw.calls")]
            self.rings = rows(con, "SELECT call, operator, started_at, ended_at, result FROM raw.rings")
            self.rejects = rows(con, f"FROM {self.feed.rejects}") if self.feed.rejects else []
            self.places = self.feed.locate(con, "calls", list(range(len(self.order))))
        self.notes = {**self.feed.notes, **self.feed.ignored, **lines_of(self.feed, len(self.rejects))}
        assert len(self.calls) == len(self.order), "two calls have one id"
        assert self.notes["lines joined into calls"] >= 0

    def call(self, source_id: str) -> dict[str, Any]:
        """What is said of a call: columns that are not empty, without the place."""
        return {k: v for k, v in self.calls[source_id].items() if v is not None and k not in ("_file", "source_id")}


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The rows of a query by column."""
    return con.execute(query).to_arrow_table().to_pylist()


def lines_of(feed: sources.Feed, rejected: int) -> dict[str, int]:
    """The lines that were read, and those that are neither ignored nor rejected."""
    assert feed.lines is not None
    assert all(count > 0 for count in feed.ignored.values())
    return {
        "lines read": feed.lines,
        "lines joined into calls": feed.lines - sum(feed.ignored.values()) - rejected,
    }


def centre(path: Path) -> okireports.Center:
    """A centre of one project, to which everything belongs."""
    return okireports.create(path, timezone="UTC", currency="PLN", security="simplified", now=NOW)


def log(center: okireports.Center, period: object) -> list[dict[str, Any]]:
    """The call log as the admin sees it, oldest call first."""
    seen = center.viewer("admin", reason="a test").report("call_log", period=period).arrow.to_pylist()
    return seen[::-1]
