"""Every table of the model, declared once: facts live in segments, definitions in the control file."""

from __future__ import annotations

from okireports.tables.control import CONTROL, CONTROL_MODEL, Control
from okireports.tables.facts import ACTIVITY, FACTS, NOT_OFFERED, OUTCOMES, STATUSES
from okireports.tables.model import EXCLUSIVE, MODEL_VERSION, SHARED, Column, Fact

__all__ = [
    "ACTIVITY",
    "CONTROL",
    "CONTROL_MODEL",
    "EXCLUSIVE",
    "FACTS",
    "MODEL_VERSION",
    "NOT_OFFERED",
    "OBJECT_KINDS",
    "OUTCOMES",
    "SHARED",
    "STATUSES",
    "Column",
    "Control",
    "Fact",
    "canonical_columns",
    "required_columns",
]

OBJECT_KINDS = (*EXCLUSIVE, *SHARED)


def canonical_columns() -> dict[str, frozenset[str]]:
    """The columns that canonical input may have, by table."""
    facts = {name: frozenset(f.given) for name, f in FACTS.items() if not f.internal}
    return facts | {name: c.known for name, c in CONTROL.items() if c.given}


def required_columns() -> dict[str, frozenset[str]]:
    """The columns that canonical input must have, by table."""
    facts = {name: f.required for name, f in FACTS.items() if not f.internal}
    return facts | {name: c.required for name, c in CONTROL.items() if c.given}
