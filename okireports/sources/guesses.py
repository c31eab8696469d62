"""What a vendor's column may mean: by its heading, and by what its values look like."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
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
    (
        "source_id",
        r"\bid\b|call ?id|unique|uuid|contact id|session|identyf|\bref\b|reference|(call|record|contact) (no|number)\b",
        ("id",),
    ),
)
_ADDED_UP = (
    r"\bavg|average|\btotal|\bsum\b|\bcount|%|percent|\brate\b|service level|\binterval|\bper\b|średni|łącznie|suma"
)
_COUNTED = (
    r"^(?:(?:number|no|nr|liczba|ilość)\.?(?: of)? )?(?:(?:calls|contacts|połączeń|połączenia|rozmów)[ _]?)?"
    r"(?:offered|answered|abandoned|handled|missed|lost|accepted|calls|contacts|transfers|przyjęte|odebrane|nieodebrane"
    r"|utracone|porzucone|połączenia|połączeń|rozmowy|rozmów)(?: (?:calls|contacts))?$"
)
NOTHING = frozenset(("-", "--", "n/a", "na", "null", "none", "nil", "brak", "b.d.", "#n/a", "(null)", "\\n"))
ENOUGH = 0.95  # of the values that must look alike; the rest are told


class Guess(NamedTuple):
    """What one column may mean; `meaning` is None where nothing fits."""

    column: str
    meaning: str | None
    confidence: float
    why: str
    form: str | None = None  # a format of instants, a unit of lengths


def fits(values: Sequence[str], formats: Iterable[str]) -> list[str]:
    """The formats that (nearly) all values have."""
    return [f for f in formats if values and share(values, partial(_parses, form=f)) >= ENOUGH]


def share(values: Sequence[str], test: Callable[[str], object]) -> float:
    """For which share of values a test holds; few values must all pass it."""
    passed = sum(bool(test(v)) for v in values)
    return passed / len(values) if passed == len(values) or len(values) >= 20 else 0.0


def _parses(value: str, form: str) -> bool:
    with suppress(ValueError):
        datetime.strptime(value, form)
        return True
    return False


def look(values: Sequence[str]) -> tuple[str, str | None]:
    """What values look like (instant, date, time, length, number, flag, id, words, text, empty), and in which form."""
    return closely(values)[:2]


def closely(values: Sequence[str]) -> tuple[str, str | None, float]:
    """The same, and the share of the values that do look so."""
    values = [v for v in values if v.lower() not in NOTHING]
    if not values:
        return "empty", None, 1.0
    few = values[:500]
    for kind, form, test in _forms(few):
        if (part := share(few, test)) >= ENOUGH:
            return kind, form(few) if callable(form) else form, part
    if share(few, re.compile(r"-?\d+([.,]\d+)?").fullmatch) >= ENOUGH:
        part = share(few, re.compile(r"-?\d+([.,]\d+)?").fullmatch)
        if set(values) <= {"0", "1"}:
            return "flag", None, part
        return ("id" if len(set(values)) == len(values) > 20 and len(values[0]) > 3 else "number"), None, part
    if len(set(values)) == len(values) > 1:
        return "id", None, 1.0
    return ("words" if len(set(values)) <= 60 else "text"), None, 1.0


_Test = Callable[[str], object]
_AWARE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s?(Z|[+-]\d\d(:?\d\d)?)")
_EPOCH = re.compile(r"1\d{9}(\.\d+)?|1\d{12}")
_LENGTH = re.compile(r"\d+:\d\d:\d\d([.,]\d+)?")


def _forms(few: Sequence[str]) -> Iterator[tuple[str, str | Callable[[Sequence[str]], str], _Test]]:
    """Kinds that values may be of, in the order in which they are tried: kind, form, test of one value."""
    yield "instant", "iso", _AWARE.fullmatch
    yield "instant", _which_epoch, _EPOCH.fullmatch
    for form in (*ISO, *(f"{d} {t}" for d in DATES for t in TIMES)):
        yield "instant", form, partial(_parses, form=form)
    if share(few, lambda v: re.search(r"[-./]", v) or len(v) in (6, 8)) >= ENOUGH:
        for form in DATES:
            yield "date", form, partial(_parses, form=form)
    if share(few, _LENGTH.fullmatch) >= ENOUGH:
        yield "time" if fits(few, TIMES) else "length", "hh:mm:ss", _LENGTH.fullmatch
    for form in TIMES:
        yield "time", form, partial(_parses, form=form)


def _which_epoch(few: Sequence[str]) -> str:
    return "epoch_ms" if sum(len(v) == 13 and "." not in v for v in few) * 2 > len(few) else "epoch"


def guess(column: str, values: Sequence[str]) -> Guess:
    """The meaning of one column."""
    kind, form, part = closely(values)
    odd = f", but for {1 - part:.0%} of them" if part < 1 else ""
    heading = spaced(column)
    named = [(meaning, kinds) for meaning, words, kinds in _HEADINGS if re.search(words, heading)]
    for meaning, kinds in named:
        alone = len(set(values)) / len(values) if values else 0.0
        if kind in kinds or any(kind == k and also in kinds for k, also in _ALSO):
            sure = 0.5 if meaning in ("queue", "result", "line") else 0.9
            why = f"the heading says so, the values look like: {kind}{odd}"
            return Guess(column, meaning, sure * part, why, form)
        if meaning == "source_id" and alone >= ENOUGH:
            twice = "" if alone == 1 else f", but {1 - alone:.1%} stand there again"
            return Guess(column, meaning, 0.8 * alone, f"the heading says so, no value is like another{twice}", form)
    if kind in ("instant", "date"):
        meaning = "started_at" if kind == "instant" else "date"
        return Guess(column, meaning, 0.4 * part, f"the values look like: {kind}{odd}", form)
    if named and kind != "empty":
        return Guess(column, None, 0.2, f"the heading may mean {named[0][0]}, but the values look like: {kind}", form)
    return Guess(column, None, 0.0, f"neither heading nor values ({kind}) say what it is", form)


_ALSO = (("id", "text"), ("time", "length"), ("flag", "words"), ("flag", "number"))  # what may stand for what


def spaced(column: str) -> str:
    """A heading in lower case and in words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column).replace("_", " ").lower().strip()


def counted(column: str, values: Sequence[str]) -> bool:
    """Is it a column of counts: a heading such as "answered" over numbers that are not all 0 or 1?"""
    return bool(re.search(_COUNTED, spaced(column))) and look(values)[0] in ("number", "id")


def added_up(columns: Iterable[str]) -> list[str]:
    """The headings that belong to figures already added up."""
    return [c for c in columns if re.search(_ADDED_UP, spaced(c))]


def words(values: Iterable[str], lists: dict[str, str]) -> dict[str, str]:
    """A word list for the values that are known: theirs -> ours."""
    ours = {word: meaning for meaning, known in lists.items() for word in known.split()}
    found = {}
    for value in dict.fromkeys(values):
        meaning = ours.get(re.sub(r"[\s_-]", "", value.lower()))
        if meaning:
            found[value] = meaning
    return found
