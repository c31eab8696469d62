"""An order, and what came of it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from okireports.access import several
from okireports.errors import BadOption, did_you_mean
from okireports.language import place
from okireports.run import Names

ALL = "*"
OF_ROWS = ("parquet", "csv", "xlsx", "json")  # a table's formats; the others show a chart, which a table has none of
FORMATS = (*OF_ROWS, "html", "png", "svg")
Reports = str | Iterable[str | tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class Order:
    """What is to be handed out.

    Args:
        dest: a folder, which is made where there is none, or `s3://bucket/prefix`.
        period: as reports take it; of tables the rows that start in it.
        projects: some of hers, by name or id; None is all of which she is a member.
        reports: names, or pairs of a name and options; "*" is all that she may run.
        tables: fact tables; "*" is all that she may open.
        formats: parquet, csv, xlsx, json, html, png, svg; of tables only the first four are made.
        options: for all reports that have them.
        digest: a page about each project as well.
        language: "en" or "pl", of titles and headings.

    Raises:
        BadOption: nothing is asked for, or something that there is not.
    """

    dest: str | os.PathLike[str]
    period: object
    projects: Names = None
    reports: Reports = ()
    tables: str | Iterable[str] = ()
    formats: str | Iterable[str] = ("parquet",)
    options: Mapping[str, Any] = field(default_factory=dict)
    digest: bool = False
    language: str = "en"

    def __post_init__(self) -> None:
        """Take down what can be read only once, and look whether it can be made."""
        taken: dict[str, object] = {
            "reports": tuple(map(named, listed("reports", self.reports))),
            "tables": names("tables", self.tables),
            "formats": names("formats", self.formats),
            "options": optional("options", self.options),
            "projects": None if self.projects is None else several(self.projects),
        }
        for name, value in taken.items():
            object.__setattr__(self, name, value)
        for format in self.formats:
            if format not in FORMATS:
                near = did_you_mean(format, FORMATS)
                raise BadOption(f"There is no format {format!r}; there are {', '.join(FORMATS)}.{near}")
        place(self.language)
        if self.projects == ():
            raise BadOption("No project is asked for: name some, or leave projects out for all of hers.")
        if not (self.reports or self.tables or self.digest):
            raise BadOption("Nothing is asked for: name reports or tables ('*' is all of them), or ask for a digest.")
        if self.reports and not self.formats:
            raise BadOption(f"No format is asked for; there are {', '.join(FORMATS)}.")
        if self.tables and not self.formats_of_tables:
            raise BadOption(f"Tables are written as {', '.join(OF_ROWS)}: ask for one of these formats, too.")

    @property
    def asked(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """The reports with the options of each."""
        return tuple(self.reports)  # type: ignore[arg-type]  # as they are since __post_init__

    @property
    def formats_of_tables(self) -> tuple[str, ...]:
        """The formats in which tables are written."""
        return tuple(format for format in self.formats if format in OF_ROWS)


def named(report: str | tuple[str, Mapping[str, Any]]) -> tuple[str, Mapping[str, Any]]:
    """A report with its options.

    Raises:
        BadOption: it is neither a name nor a pair.
    """
    if isinstance(report, str):
        return report, {}
    try:
        name, options = report
        return str(name), optional("options", dict(options))
    except (TypeError, ValueError):
        raise BadOption(f"{report!r} is no report: give a name, or a pair of a name and options.") from None


def listed(what: str, given: Any) -> tuple[Any, ...]:
    """One thing or several, as several.

    Raises:
        BadOption: it is neither; a mapping is none, for of its items only the first halves would be taken.
    """
    if isinstance(given, str):
        return (given,)
    if isinstance(given, Iterable) and not isinstance(given, Mapping | bytes):
        return tuple(given)
    raise BadOption(f"{what}={given!r} cannot be read: give a name, or a list.")


def names(what: str, given: Any) -> tuple[str, ...]:
    """Names, each once.

    Raises:
        BadOption: something is no name.
    """
    found = listed(what, given)
    if other := [one for one in found if not isinstance(one, str)]:
        raise BadOption(f"{other[0]!r} is no name: {what} are given by their names.")
    return tuple(dict.fromkeys(found))


def optional(what: str, given: Any) -> dict[str, Any]:
    """Options by name.

    Raises:
        BadOption: they are not.
    """
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise BadOption(f"{what}={given!r} cannot be read: give values by the names of options.")
    return dict(given)


@dataclass(frozen=True)
class File:
    """A file of a project's folder.

    `path` is relative to that folder, with slashes; `what` is the report or table, or "digest"; `rows` is None where
    it has none; `made` says that this export made it, and did not find it there already.
    """

    path: str
    what: str
    format: str
    rows: int | None
    bytes: int
    sha256: str
    made: bool = True


@dataclass(frozen=True)
class ProjectFolder:
    """A project's folder: `path` is where it lies, with its manifest.

    `left_out` says which files were not made, and why: what a format cannot hold.
    """

    id: int
    name: str
    path: str
    files: tuple[File, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exported:
    """What an export made: `path` is where it lies, `manifest` what its manifest says.

    `additional` are files that lie there and that it does not name, such as those of an earlier export.
    """

    path: str
    projects: tuple[ProjectFolder, ...]
    manifest: Mapping[str, Any]
    additional: tuple[str, ...] = ()
