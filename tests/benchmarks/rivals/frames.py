"""Frames of pandas in memory: columns side by side, each project's rows together in the order of their start.

A question takes the slices of its projects and of the columns that it needs: of one project without a copy. Ids of
contacts are whole numbers, nullable where some are absent; what is small is a double with NaN, which is quicker.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate, pairwise
from pathlib import Path

import pandas as pd

from rivals.rows import STARTS, Scope, files

WORDS = ("outcome", "result", "direction", "rule")
FLAGS = ("by_robot", "went_to_other", "came_from_other")
LONG = ("call_id", "transfer_to_call_id")
INSTANTS = ("started_at", "at", "queued_at", "answered_at", "picked_up_at")
OFFERED = ["queued_at", "outcome", "by_robot", "answered_at"]  # what says whether a contact was offered
COUNTED = [*OFFERED, "wait_ms", "answer_within_s", "short_abandon_s"]  # and what counts of it


class Frame:
    """A table, column by column."""

    def __init__(self, folder: Path, table: str) -> None:
        """Read the files of all projects."""
        paths = files(folder, table)
        parts = [typed(pd.read_parquet(path, dtype_backend="numpy_nullable", partitioning=None)) for path in paths]
        projects, lengths = [int(part["project_id"].iloc[0]) for part in parts], [len(part) for part in parts]
        frame = pd.concat(parts, ignore_index=True)
        parts.clear()
        for column in frame.columns.intersection(WORDS):
            frame[column] = frame[column].astype("category")
        for column in frame.columns.intersection(LONG):
            if frame[column].notna().all():
                frame[column] = frame[column].astype("int64")
        self.start = STARTS[table]
        self.columns = {name: frame[name] for name in frame.columns}
        self.projects = dict(zip(projects, pairwise(accumulate(lengths, initial=0)), strict=True))

    def some(self, scope: Scope, columns: list[str], *, ends: bool = True) -> pd.DataFrame:
        """The rows that are visible and start in the period, or later."""
        known = self.projects if scope.everything else [p for p in scope.projects if p in self.projects]
        cuts = []
        for begin, end in (self.projects[project] for project in known):
            starts = self.columns[self.start].iloc[begin:end]
            low = starts.searchsorted(pd.Timestamp(scope.start))
            high = starts.searchsorted(pd.Timestamp(scope.end)) if ends else len(starts)
            cuts.append(slice(begin + low, begin + high))
        if len(cuts) == 1:
            return pd.DataFrame({name: self.columns[name].iloc[cuts[0]] for name in columns}, copy=False)
        parts = {
            name: pd.concat([self.columns[name].iloc[cut] for cut in cuts or [slice(0)]], ignore_index=True)
            for name in columns
        }
        return pd.DataFrame(parts, copy=False)


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns in the types that are quickest to work with."""
    for column in frame.columns:
        if column in FLAGS:
            frame[column] = frame[column].fillna(False).astype(bool)
        elif column in INSTANTS:
            frame[column] = frame[column].astype("datetime64[us]")
        elif column not in (*WORDS, *LONG):
            frame[column] = frame[column].astype("float64")
    return frame


def is_answered(rows: pd.DataFrame) -> pd.Series:
    """Answered, by whomever."""
    return (rows["outcome"] == "answered") & rows["answered_at"].notna()


def is_handled(rows: pd.DataFrame) -> pd.Series:
    """Answered by an operator."""
    return is_answered(rows) & ~rows["by_robot"]


def is_offered(rows: pd.DataFrame) -> pd.Series:
    """Offered to a queue."""
    inside = rows["queued_at"].notna() & ~rows["outcome"].isin(["refused", "closed", "left_in_scenario"])
    return inside & ~(rows["by_robot"] & rows["answered_at"].notna())


def went_on(rows: pd.DataFrame) -> pd.Series:
    """Passed on to someone else."""
    return rows["went_to_other"] | rows["transfer_to_call_id"].notna()


def with_flags(rows: pd.DataFrame, *wanted: str) -> pd.DataFrame:
    """Contacts with what counts of them, as far as it is wanted."""
    offered, wait = is_offered(rows), rows["wait_ms"]
    answered, abandoned = offered & is_answered(rows), offered & (rows["outcome"] == "abandoned")
    within = wait <= rows["answer_within_s"] * 1000
    made: dict[str, Callable[[], pd.Series]] = {
        "offered": lambda: offered,
        "answered": lambda: answered,
        "in_time": lambda: answered & within,
        "abandoned": lambda: abandoned,
        "short": lambda: abandoned & (wait < rows["short_abandon_s"] * 1000),
        "soon": lambda: abandoned & within,
        "handled": lambda: is_handled(rows),
    }
    return rows.assign(**{name: made[name]() for name in wanted})


def followed(rows: pd.DataFrame) -> pd.DataFrame:
    """Contacts to which someone was passed on, with what became of them."""
    lost = is_offered(rows) & rows["outcome"].isin(["abandoned", "callback_requested", "voicemail"])
    return rows.assign(answered=is_answered(rows), lost=lost)


def share(part: pd.Series, of: pd.Series) -> pd.Series:
    """A part of something; of nothing it is NaN."""
    return part.astype("float64") / of.astype("float64").where(of != 0)
