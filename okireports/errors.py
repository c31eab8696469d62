"""What can go wrong, as one tree; each message says what is wrong, where, and what to do next.

OkiReportsError
├── CenterError              the folder on disk
│   ├── NotACenter           no centre there
│   ├── NewerFormat          made by a newer okireports
│   ├── DamagedCenter        a file is missing, truncated or altered
│   └── CenterBusy           another writer holds the lock
├── LakeError                a lake that is not there, is not this centre's, or is behind an erasure
├── EngineError              an engine that cannot be reached, failed, or lacks what was asked for
├── DeliveryError            files that cannot be brought where they should go, or that lie there unfinished
├── LoadError                an input that cannot be read; nothing of it is published
├── Refused                  a rule says no; `why` names the rule
│   ├── UnknownViewer        no such login, or not active
│   └── Unwritten            it has to be written down first, which cannot be done
├── ChangeError              a change of definitions that contradicts what is there
├── UnknownName              a project, queue, person ... that does not exist for this viewer
├── UnknownReport            no such report (for this viewer)
├── BadOption                an option or value that the report does not know
├── BadPeriod                a period that cannot be read, is empty or reversed
├── BadReport                a report of one's own that failed, or wants what there is not
├── BadQuery                 SQL that cannot be run, or not within its limits
├── ResultTooLarge           more rows than a dataframe should hold
└── Stopped                  a run that was ended, because something else was asked
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class OkiReportsError(Exception):
    """Any error that okireports raises on purpose."""


class CenterError(OkiReportsError):
    """The centre's folder cannot be used as it is."""


class NotACenter(CenterError):
    """The folder holds no centre."""


class NewerFormat(CenterError):
    """The centre was written by a newer version of okireports."""


class DamagedCenter(CenterError):
    """A file of the centre is missing, truncated or altered."""


class CenterBusy(CenterError):
    """Another process is writing to the centre."""


class LakeError(OkiReportsError):
    """A lake that is not there, is another centre's, or is behind what was erased or corrected."""


class EngineError(OkiReportsError):
    """An engine that cannot be reached, that failed, or that lacks what was asked for."""


class DeliveryError(OkiReportsError):
    """A place for files that cannot be written or read, or at which there is nothing whole."""


class LoadError(OkiReportsError):
    """An input that cannot be loaded; `file`, `line`, `column` and `value` say where, as far as it is known."""

    def __init__(
        self,
        problem: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: str | None = None,
        value: object = None,
        hint: str | None = None,
    ) -> None:
        self.problem, self.file, self.line, self.column, self.value, self.hint = (
            problem,
            file,
            line,
            column,
            value,
            hint,
        )
        where = [str(file)] if file else []
        where += [f"line {line}"] if line is not None else []
        where += [f"column {column}"] if column else []
        where += [f"value {value!r}"] if value is not None else []
        text = (", ".join(where) + ": " if where else "") + problem
        super().__init__(text + (f" {hint}" if hint else "") + " Nothing of this load was published.")


class Refused(OkiReportsError):
    """A rule of access says no; `why` is the rule."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(why)


class UnknownViewer(Refused):
    """No active user has this login."""


class Unwritten(Refused):
    """What has to be written down before it is done cannot be: a disk that is full, or a journal that is not there."""


class ChangeError(OkiReportsError):
    """A change of people, projects, objects or definitions that contradicts what is there."""


class UnknownName(OkiReportsError):
    """A name that this viewer does not have: hidden and non-existent names give the same error."""

    def __init__(self, kind: str, name: object, visible: Iterable[str] = (), within: Iterable[str] = ()) -> None:
        self.kind, self.name = kind, name
        asked = ", ".join(within)  # the projects, where only some were asked for
        where = f" in the projects asked for ({asked})" if asked else ""
        super().__init__(
            f"There is no {kind} {name!r} among those you can see{where}.{did_you_mean(str(name), visible)}"
        )


class UnknownReport(OkiReportsError):
    """No report has this name."""


class BadOption(OkiReportsError):
    """An option that the report does not have, or a value that it does not take."""


class BadPeriod(OkiReportsError):
    """A period that cannot be read, is empty, or ends before it starts."""


class BadReport(OkiReportsError):
    """A report of somebody's own that failed, or that wants what there is not."""


class BadQuery(OkiReportsError):
    """A query of a viewer's own that cannot be run, or not within its limits."""


class ResultTooLarge(OkiReportsError):
    """A result with more rows than a dataframe should hold."""


class Stopped(OkiReportsError):
    """A run that was ended before it had a result, because something else was asked."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A suggestion from `known`, which must hold nothing that the reader may not see; '' when nothing is near."""
    lower = {k.lower(): k for k in known}
    near = get_close_matches(name.strip().lower(), lower, n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(repr(lower[n]) for n in near)}?" if near else ""
