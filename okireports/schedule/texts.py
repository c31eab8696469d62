"""What messages say, in English and Polish."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from okireports.admin.change import local_words

TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "{project}: {period}",
        "several": "{count} projects: {period}",
        "about": "Project: {project}\nPeriod: {period}\n",
        "attached": "Attached:",
        "too large": "Not attached, because together they are larger than {limit} MB:",
        "lies": "They lie in {path}",
        "ask": "Ask {viewer} for them.",
        "left out": "Not made:",
        "foot": "Sent by itself by okireports, for {viewer}. If it is not for you, delete it and tell the sender.",
        "late": "Schedule {name}: late",
        "failed": "Schedule {name}: failed",
        "refused": "Schedule {name}: refused",
        "incomplete": "Schedule {name}: not everything was delivered",
        "recovered": "Schedule {name}: works again",
        "scope": "Schedule {name}: its recipients or projects changed",
        "due": "Due: {due}",
        "tried": "Tried {count} times. It is tried again at {next}.",
        "given up": "It is not tried again for this due time.",
        "well": "The run that was due at {due} has everything delivered.",
        "why": "Why: {reason}",
        "kept": "{recipient} got nothing of {project}: {why}.",
        "back": "{recipient} gets files of {project} again.",
        "unknown": "she is not among those who may see it",
        "no address": "no address of mail is known",
        "no export": "her role lacks the right 'export'",
        "less": "her role may not have all that is asked for",
        "lost": "{project} is not yours any more: nothing of it was made.",
        "gone": "The project {project} is no longer among those that it runs over.",
        "came": "The project {project} is among those that it runs over now.",
    },
    "pl": {
        "title": "{project}: {period}",
        "several": "Projekty ({count}): {period}",
        "about": "Projekt: {project}\nOkres: {period}\n",
        "attached": "W załączniku:",
        "too large": "Nie załączono, ponieważ razem przekraczają {limit} MB:",
        "lies": "Znajdują się w {path}",
        "ask": "Udostępni je {viewer}.",
        "left out": "Nie powstało (powód po angielsku):",
        "foot": "Wysłane automatycznie przez okireports, dla: {viewer}. Jeśli to pomyłka, prosimy o usunięcie.",
        "late": "Harmonogram {name}: opóźniony",
        "failed": "Harmonogram {name}: nie udał się",
        "refused": "Harmonogram {name}: odmowa",
        "incomplete": "Harmonogram {name}: nie wszystko dostarczono",
        "recovered": "Harmonogram {name}: znów działa",
        "scope": "Harmonogram {name}: zmienili się odbiorcy lub projekty",
        "due": "Termin: {due}",
        "tried": "Liczba prób: {count}. Następna próba: {next}.",
        "given up": "Dla tego terminu nie będzie kolejnych prób.",
        "well": "Wszystko, co miało być gotowe na {due}, zostało dostarczone.",
        "why": "Powód (po angielsku): {reason}",
        "kept": "{recipient} nie otrzymuje nic z projektu {project}: {why}.",
        "back": "{recipient} znów otrzymuje pliki z projektu {project}.",
        "unknown": "nie ma takiej osoby wśród tych, które mogą go widzieć",
        "no address": "nie ma adresu poczty",
        "no export": "jej rola nie ma prawa 'export'",
        "less": "jej rola nie obejmuje wszystkiego, o co proszono",
        "lost": "Projekt {project} nie należy już do Twoich: nic z niego nie powstało.",
        "gone": "Projektu {project} nie ma już wśród tych, które obejmuje.",
        "came": "Projekt {project} jest teraz wśród tych, które obejmuje.",
    },
}


def say(language: str, key: str, **values: object) -> str:
    """One text."""
    return TEXTS[language][key].format(**values)


def body(language: str, lines: Iterable[str], viewer: str) -> str:
    """The lines of a message, with its foot."""
    return "\n".join([*lines, "", "-- ", say(language, "foot", viewer=viewer), ""])


def notice(
    language: str, *, kind: str, name: str, viewer: str, due: datetime, zone: str, lines: Iterable[str]
) -> tuple[str, str]:
    """Subject and text of a message to the one whose schedule it is."""
    head = say(language, kind, name=name)
    told = [head + ".", "", say(language, "due", due=f"{local_words(due, zone)} ({zone})"), *lines]
    return head, body(language, told, viewer)
