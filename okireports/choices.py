"""What a viewer may choose from: her projects, her reports, and the names that filters can take."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from functools import partial

import pandas as pd
import pyarrow as pa

from okireports import access, audit, frames
from okireports.access import DIRECTORIES, Scope
from okireports.access.oversight import LOOKED
from okireports.engines.duck import SettingsAt, Viewing, Wanted, session
from okireports.period import parse
from okireports.run import FILTERS, look, noting_refusals, permitted


def projects(viewing: Viewing) -> pd.DataFrame:
    """The projects that a viewer may pick."""
    kinds: dict[str, pa.DataType] = {"project_id": pa.int64(), "project": pa.string()}
    rows = [{"project_id": p.id, "project": p.name} for p in look(viewing).projects]
    return frames.frame(pa.Table.from_pylist(rows, pa.schema(kinds)))


def reports(viewing: Viewing) -> pd.DataFrame:
    """The reports that a viewer may run."""
    rows = [
        {
            "name": r.name,
            "title": r.title,
            "section": r.section.title,
            "description": r.description,
            "options": ", ".join(f"{name}={option.default!r}" for name, option in r.options.items()),
        }
        for r in permitted(look(viewing))
    ]
    names = ("name", "title", "section", "description", "options")
    return frames.frame(pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in names])))


def names(viewing: Viewing, period: object) -> pd.DataFrame:
    """What each filter can take in a period: the names that the viewer sees in the projects asked for, and lines."""
    with (
        noting_refusals(viewing, "names", "filters"),
        session(viewing, partial(_named, viewing, period)) as opened,
        viewing.stop.ending(opened),
    ):
        return frames.frame(opened.arrow(f"SELECT * FROM ({' UNION ALL '.join(_each_filter())}) ORDER BY ALL"))


def _named(viewing: Viewing, period: object, scope: Scope, settings_at: SettingsAt) -> Wanted:
    """What a look at names opens; who sees everything, or looks through another's eyes, leaves a trace."""
    settings = settings_at(viewing.now)
    now, week_start = viewing.now.replace(tzinfo=UTC), int(settings["week_start"])
    span = parse(period, zone=settings["timezone"], now=now, week_start=week_start).widened()
    viewing.folder.cover(*span)
    if scope.everything or scope.reader is not None:
        audit.note(viewing.folder.journal, access.trace(scope, LOOKED, "names", "filters"), must=True)
    tables = ("calls", "statuses") if scope.own_rows_only else ("calls",)  # where only what is in her rows has a name
    return Wanted(tables, *span, tuple(directory for directory, _, _ in FILTERS.values() if directory))


def _each_filter() -> Iterator[str]:
    """SQL of the names of each filter: filter, id, name."""
    for filter, (directory, column, _) in FILTERS.items():
        if directory:
            id, label = (f'"{name}"' for name, _ in DIRECTORIES[directory].columns)
            yield f"SELECT '{filter}' AS filter, {id} AS id, {label} AS name FROM \"{directory}\""
        else:
            yield f"SELECT DISTINCT '{filter}', NULL::BIGINT, {column} FROM calls WHERE {column} IS NOT NULL"
