"""What the parts of the notebook's widgets say, in English and Polish."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from okireports.errors import BadOption

LANGUAGES = ("en", "pl")
EVERY = "part"  # what any part may have to say

WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "part.gone": (
            "The kernel is gone: run the cell again.",
            "Jądro już nie działa: uruchom komórkę ponownie.",
        ),
        "picker.label": ("Projects", "Projekty"),
        "picker.search": ("Search: {label}", "Szukaj: {label}"),
        "picker.hint": ("Search", "Szukaj"),
        "picker.all": ("All", "Wszystkie"),
        "picker.none": ("None", "Żadne"),
        "picker.all_found": ("All that are found", "Wszystkie znalezione"),
        "picker.none_found": ("None that is found", "Żadne ze znalezionych"),
        "picker.count": ("{chosen} of {all}", "{chosen} z {all}"),
        "picker.more": ("{count} more: search", "jeszcze {count}: wyszukaj"),
        "picker.empty": ("There is nothing to choose.", "Nie ma nic do wyboru."),
        "picker.nothing": ("Nothing is found.", "Nic nie znaleziono."),
        "status.busy": ("Working…", "Trwa praca…"),
        "status.done": ("Done.", "Gotowe."),
        "status.failed": ("It failed.", "Nie udało się."),
        "status.stopped": ("Stopped.", "Zatrzymano."),
        "status.elapsed": ("{seconds} s", "{seconds} s"),
        "pager.label": ("Rows", "Wiersze"),
        "pager.search": ("Search: {label}", "Szukaj: {label}"),
        "pager.hint": ("Search", "Szukaj"),
        "pager.size": ("Rows per page", "Wierszy na stronie"),
        "pager.pages": ("Pages: {label}", "Strony: {label}"),
        "pager.first": ("First", "Pierwsza"),
        "pager.previous": ("Previous", "Poprzednia"),
        "pager.next": ("Next", "Następna"),
        "pager.last": ("Last", "Ostatnia"),
        "pager.page": ("Page", "Strona"),
        "pager.of": ("of {count}", "z {count}"),
        "pager.rows": ("Rows {first} to {last} of {all}", "Wiersze od {first} do {last} z {all}"),
        "pager.nothing": ("No rows.", "Brak wierszy."),
        "pager.loading": ("Loading…", "Wczytywanie…"),
        "pager.failed": ("This page could not be read ({error}).", "Nie udało się odczytać tej strony ({error})."),
        "pager.open": ("Open", "Otwórz"),
        "pager.open_row": ("Open row {number}", "Otwórz wiersz {number}"),
        "actions.copied": ("Copied.", "Skopiowano."),
        "actions.saved": ("Downloaded: {name}", "Pobrano: {name}"),
        "actions.by_hand": ("Press Ctrl+C to copy it.", "Naciśnij Ctrl+C, aby skopiować."),
        "actions.text": ("Text to copy", "Tekst do skopiowania"),
        "actions.close": ("Close", "Zamknij"),
    }
)


def place(language: str) -> int:
    """Where a language stands in the words.

    Raises:
        BadOption: nothing is said in it.
    """
    if language not in LANGUAGES:
        raise BadOption(f"no language {language!r}: choose one of {', '.join(LANGUAGES)}.")
    return LANGUAGES.index(language)


def say(language: str, key: str, **values: object) -> str:
    """A sentence in a language, with values put into it."""
    return WORDS[key][place(language)].format(**values)


def words(language: str, part: str) -> dict[str, str]:
    """All that a part says, for the page, which puts the values in."""
    at = place(language)
    keys = (key.split(".") for key in WORDS)
    return {name: WORDS[f"{of}.{name}"][at] for of, name in keys if of in (part, EVERY)}
