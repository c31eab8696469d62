"""How a table is declared: once, with its columns, grain, right, stretch of time and the rule that places its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["own", "person", "object", "fact", "contact", "interaction", "stamped", "plain"]

MODEL_VERSION = 1


@dataclass(frozen=True)
class Column:
    """One column: its name in the store, its DuckDB type, and what it points at.

    `role` says how canonical input names it: `own` is the row's id (`source_id`), `person` and `object` are given by
    login or name, `fact` by the source's id, `contact` by a phone, `stamped` is never given.
    """

    name: str
    type: str
    role: Role = "plain"
    target: str = ""  # the object kind or the fact table that it points at
    required: bool = False

    @property
    def given(self) -> str | None:
        """Its name in canonical input, None where input does not give it under one name."""
        if self.role in ("stamped", "contact"):
            return None
        if self.role == "own":
            return "source_id"
        if self.role in ("person", "object", "fact"):
            return self.name.removesuffix("_call_id" if self.name == "transfer_to_call_id" else "_id")
        if self.role == "interaction":
            return "interaction"
        return self.name.removesuffix("_ms") + "_s" if self.duration else self.name

    @property
    def duration(self) -> bool:
        """Is it a length of time in whole milliseconds (given in seconds)?"""
        return self.type == "BIGINT" and self.name.endswith("_ms")


@dataclass(frozen=True)
class Fact:
    """A table of facts: one file per project and stretch of time."""

    name: str
    grain: str
    columns: tuple[Column, ...]
    start: str | None  # the instant that places a row in time; None: not a thing in time (contacts)
    end: str | None = None
    parents: tuple[str, ...] = ()  # columns pointing at facts whose project a row takes where no object decides
    key: tuple[str, ...] = ()  # canonical columns that identify a row where it has no id of its own
    right: str | None = None  # the right that opens it
    copied: bool = False  # presence and shifts: a copy to each project of which the operator is a member
    internal: bool = False  # of the loader only: no viewer's run ever opens it
    words: dict[str, frozenset[str]] = field(default_factory=dict)  # columns with a closed list of values

    @property
    def id(self) -> str | None:
        """The column of the row's own id."""
        return next((c.name for c in self.columns if c.role == "own"), None)

    @property
    def all_columns(self) -> tuple[Column, ...]:
        """The columns as stored: the table's own between those of every fact."""
        return (Column("project_id", "BIGINT", "stamped"), *self.columns, *PROVENANCE)

    @property
    def placing(self) -> tuple[Column, ...]:
        """The columns of exclusive objects, in the order in which they decide the project."""
        by_kind = {c.target: c for c in self.columns if c.role == "object"}
        return tuple(by_kind[k] for k in EXCLUSIVE if k in by_kind)

    @property
    def given(self) -> dict[str, Column | None]:
        """The canonical input's columns by name; None for those that are split off or stand for several."""
        names: dict[str, Column | None] = {c.given: c for c in self.columns if c.given}
        if self.key:
            names.pop("source_id", None)
        if any(c.role == "contact" for c in self.columns):
            names |= dict.fromkeys(CONTACT_INPUT)
        if self.name == "calls":
            names |= dict.fromkeys(SPLIT_OFF)
        return names | {"project": None}

    @property
    def required(self) -> frozenset[str]:
        """The canonical columns without which a file of this table is refused."""
        own = () if self.key or self.id is None else ("source_id",)
        return frozenset([*own, *self.key, *(c.given for c in self.columns if c.required and c.given)])


EXCLUSIVE = ("queue", "dialer", "scenario", "crm_form")  # object kinds of at most one project at a time
SHARED = ("schedule", "sip_provider", "line", "list", "template", "contact_field", "ip_phone")
PROVENANCE = (
    Column("load_id", "BIGINT", "stamped"),
    Column("source", "VARCHAR", "stamped"),
    Column("source_id", "VARCHAR", "stamped"),
)
CONTACT_INPUT = ("phone", "contact", "contact_name", "email")
SPLIT_OFF = ("cost", "currency", "recording", "recording_bytes")


def own(name: str) -> Column:
    """The row's own id, a hash of (table, source, source_id)."""
    return Column(name, "BIGINT", "own")


def at(name: str, *, required: bool = False) -> Column:
    """An instant, naive UTC in whole milliseconds."""
    return Column(name, "TIMESTAMP", required=required)


def text(name: str, *, required: bool = False) -> Column:
    """Text; never an ENUM, whose levels would travel with copies."""
    return Column(name, "VARCHAR", required=required)


def ms(name: str) -> Column:
    """A length of time."""
    return Column(name, "BIGINT")


def whole(name: str, *, required: bool = False) -> Column:
    """A whole number."""
    return Column(name, "BIGINT", required=required)


def exact(name: str, type: str = "DECIMAL(18,6)", *, required: bool = False) -> Column:
    """A decimal number: its sum is the same in any order."""
    return Column(name, type, required=required)


def flag(name: str) -> Column:
    """Yes, no or not known."""
    return Column(name, "BOOLEAN")


def person(name: str, *, required: bool = False) -> Column:
    """A user, given by login or name."""
    return Column(name, "BIGINT", "person", "user", required)


def thing(name: str, kind: str, *, required: bool = False) -> Column:
    """An object, given by name."""
    return Column(name, "BIGINT", "object", kind, required)


def fact(name: str, table: str, *, required: bool = False) -> Column:
    """Another fact, given by its source's id."""
    return Column(name, "BIGINT", "fact", table, required)


def stamped(name: str, type: str = "BIGINT") -> Column:
    """What loading works out."""
    return Column(name, type, "stamped")


CONTACT = Column("contact_key", "BIGINT", "contact")
INTERACTION = Column("interaction_id", "BIGINT", "interaction")
