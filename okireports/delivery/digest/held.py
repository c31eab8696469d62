"""What held in the period: the settings and definitions on which the figures of a digest rest, as small tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from okireports.columns import label
from okireports.delivery.digest.asking import Given
from okireports.delivery.digest.terms import LEVELS
from okireports.delivery.digest.words import WORDS, moment, number, say
from okireports.language import place


@dataclass(frozen=True)
class Held:
    """Settings, or definitions of one kind."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def held(given: Iterable[Given], language: str) -> tuple[Held, ...]:
    """What the answers rest on, each thing once: the settings in one table, definitions in one of each kind."""
    settings: dict[str, object] = {}
    kinds: dict[str, dict[tuple[tuple[str, object], ...], None]] = {}
    for one in given:
        for name, value in one.answer.provenance.definitions.items():
            if isinstance(value, tuple):
                kinds.setdefault(name, {}).update(dict.fromkeys(tuple(row.items()) for row in value))
            elif name in SETTINGS and value is not None:
                settings[name] = value
    lines = tuple((called(name, language), said(value, name, language)) for name, value in settings.items())
    made = [Held(say(language, "settings"), (), lines)]
    made += [listed(name, [dict(row) for row in rows], language) for name, rows in kinds.items() if name in KINDS]
    return tuple(table for table in made if table.rows)


SETTINGS = ("formula", "answer_within_s", "short_abandon_s", "goal")
KINDS = ("targets", "results")


def listed(kind: str, rows: list[Mapping[str, object]], language: str) -> Held:
    """Definitions of a kind, without the project, which is the one, and columns in which nothing stands."""
    names = dict.fromkeys(name for row in rows for name, value in row.items() if value is not None)
    names.pop("project", None)
    cells = tuple(tuple(said(row.get(name), name, language) for name in names) for row in rows)
    return Held(say(language, kind), tuple(called(name, language) for name in names), cells)


def called(name: str, language: str) -> str:
    """What a setting or a column of definitions is called."""
    if name in WORDS:
        return say(language, name)
    try:
        return label(name).heading(language)
    except KeyError:
        return name


def said(value: object, name: str, language: str) -> str:
    """A value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return say(language, "yes" if value else "no")
    if isinstance(value, datetime):
        return moment(value, language)
    if name == "formula":
        return LEVELS[str(value)][place(language)]
    if isinstance(value, float | int | Decimal):
        figure, sign = (value * 100, "%") if name == "goal" else (value, "")
        rounded = round(float(figure), 2)
        return number(rounded, 0 if rounded.is_integer() else 2, language) + sign
    return str(value)
