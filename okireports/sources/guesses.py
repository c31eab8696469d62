"""What a vendor's column may mean: by its heading, and by what its values look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple

DATES = ("%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d-%m-%Y", "%Y%m%d", "%y%m%d")
TIMES = ("%H:%M:%S", "%H:%M:%S.%f", "%H:%M", "%I:%M:%S %p", "%I:%M %p")
ISO = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S.%f")

OUTCOMES = {
    "answered": "answered connected completed handled served agent yes y true 1 tak odebrane odebrany odebrana",
    "abandoned": "abandoned abandon missed lost unanswered hang no n false 0 nie nieodebrane porzucone utracone",
    "no_answer": "noanswer",
    "busy": "busy zajęty zajęte",
    "failed": "failed congestion error",
    "voicemail": "voicemail",
}
DIRECTIONS = {
    "inbound": "inbound in incoming i przychodzące przychodzące przychodzący wejściowe",
    "outbound": "outbound out outgoing o wychodzące wychodzący",
    "internal": "internal int wewnętrzne",
}

# canonical column, what its heading says, what its values must look like
_HEADINGS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("rating", r"satisfaction|rating|csat|nps|survey|ocena", ("number",)),
    ("recording", r"recording|nagranie|audio", ("text", "id")),
    ("wait_s", r"speed of answer|wait|queue time|asa\b|time to answer|oczekiwani|kolejce", ("number", "length")),
    ("talk_s", r"talk|billsec|conversation|handle|rozmow|ser(vice)? time", ("number", "length")),
    ("hold_s", r"\bhold|zawiesz", ("number", "length")),
    ("wrap_s", r"wrap|acw|after call", ("number", "length")),
    ("ring_s", r"\bring", ("number", "length")),
    ("length", r"duration|length|czas trwania|\bczas po", ("number", "length")),
    ("answered_at", r"answer(ed)? ?(at|time|date)|time answered|\banswer$|odebran", ("instant",)),
    ("queued_at", r"queue(d)? ?(at|start|entry|join)", ("instant",)),
    ("ended_at", r"\bend|hang ?up|finish|koniec|zakończ", ("instant",)),
    ("started_at", r"start|call (time|date)|timestamp|created|calldate|początek|rozpocz|data", ("instant",)),
    ("date", r"date|data|day|dzień", ("date",)),
    ("time", r"time|godzina|hour|czas", ("time", "length")),
    ("direction", r"direction|call type|inbound|kierunek", ("words",)),
    ("outcome", r"answered|outcome|disposition|abandon|call status|status|wynik|missed", ("words",)),
    ("result", r"resolv|result|wrap ?code|reason|rezultat", ("words",)),
    ("operator", r"agent|operator|user|konsultant|employee|advisor|pracownik|server", ("words", "text")),
    ("queue", r"queue|skill|campaign|topic|department|kolejka|group|service|temat|type", ("words", "text")),
    ("phone", r"phone|\bani\b|caller|\bsrc\b|from|customer number|telefon|numer|\bcli\b", ("number", "text", "id")),
    ("line", r"dnis|\bddi\b|\bdid\b|\bdst\b|called|\bto\b|line|linia", ("number", "text", "words")),
    ("source_id", r"\bid\b|call ?id|unique|uuid|contact id|session|identyf", ("id",)),
)
_ADDED_UP = (
    r"\bavg|average|\btotal|\bsum\b|\bcount|%|percent|\brate\b|service level|\binterval|\bper\b|średni|łącznie|suma"
)


class Guess(NamedTuple):
    """What one column may mean; `meaning` is None where nothing fits."""

    column: str
    meaning: str | None
    confidence: float
    why: str
    form: str | None = None  # a format of instants, a unit of lengths


def fits(values: Sequence[str], formats: Iterable[str]) -> list[str]:
    """The formats that all values have."""
    return [f for f in formats if values and all(_parses(v, f) for v in values)]


def _parses(value: str, form: str) -> bool:
    with suppress(ValueError):
        datetime.strptime(value, form)
        return True
    return False


def look(values: Sequence[str]) -> tuple[str, str | None]:
    """What values look like (instant, date, time, length, number, id, words, text, empty), and in which form."""
    if not values:
        return "empty", None
    if all(re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)", v) for v in values):
        return "instant", "iso"
    if all(re.fullmatch(r"1\d{9}(\.\d+)?|1\d{12}", v) for v in values):
        return "instant", "epoch_ms" if len(values[0]) == 13 and "." not in values[0] else "epoch"
    few = values[:500]
    if found := fits(few, (*ISO, *(f"{d} {t}" for d in DATES for t in TIMES))):
        return "instant", found[0]
    if all(re.search(r"[-./]", v) or len(v) in (6, 8) for v in few) and (found := fits(few, DATES)):
        return "date", found[0]
    if all(re.fullmatch(r"\d+:\d\d:\d\d([.,]\d+)?", v) for v in few):
        return "time" if fits(few, TIMES) else "length", "hh:mm:ss"
    if found := fits(few, TIMES):
        return "time", found[0]
    if all(re.fullmatch(r"-?\d+([.,]\d+)?", v) for v in few):
        return ("id" if len(set(values)) == len(values) > 20 and len(values[0]) > 3 else "number"), None
    if len(set(values)) == len(values) > 1:
        return "id", None
    return ("words" if len(set(values)) <= 60 else "text"), None


def guess(column: str, values: Sequence[str]) -> Guess:
    """The meaning of one column."""
    kind, form = look(values)
    heading = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " ").lower()
    named = [(meaning, kinds) for meaning, words, kinds in _HEADINGS if re.search(words, heading)]
    for meaning, kinds in named:
        if kind in kinds or (kind == "id" and "text" in kinds) or (kind == "time" and "length" in kinds):
            sure = 0.5 if meaning in ("queue", "result", "line") else 0.9
            return Guess(column, meaning, sure, f"the heading says so, the values look like: {kind}", form)
    if kind in ("instant", "date"):
        meaning = "started_at" if kind == "instant" else "date"
        return Guess(column, meaning, 0.4, f"the values look like: {kind}", form)
    if named and kind != "empty":
        return Guess(column, None, 0.2, f"the heading may mean {named[0][0]}, but the values look like: {kind}", form)
    return Guess(column, None, 0.0, f"neither heading nor values ({kind}) say what it is", form)


def added_up(columns: Iterable[str]) -> list[str]:
    """The headings that belong to figures already added up."""
    spaced = {c: re.sub(r"(?<=[a-z])(?=[A-Z])", " ", c).lower() for c in columns}
    return [c for c, heading in spaced.items() if re.search(_ADDED_UP, heading)]


def words(values: Iterable[str], lists: dict[str, str]) -> dict[str, str]:
    """A word list for the values that are known: theirs -> ours."""
    ours = {word: meaning for meaning, known in lists.items() for word in known.split()}
    found = {}
    for value in dict.fromkeys(values):
        meaning = ours.get(re.sub(r"[\s_-]", "", value.lower()))
        if meaning:
            found[value] = meaning
    return found
