"""The languages in which people are spoken to: English and Polish."""

from __future__ import annotations

from okireports.errors import BadOption

LANGUAGES = ("en", "pl")
_POLISH = str.maketrans({",": "\u00a0", ".": ","})


def place(language: str) -> int:
    """Where a language stands in a pair of words.

    Raises:
        BadOption: nothing is said in it.
    """
    if language not in LANGUAGES:
        raise BadOption(f"no language {language!r}: choose one of {', '.join(LANGUAGES)}.")
    return LANGUAGES.index(language)


def separated(text: str, language: str) -> str:
    """A figure such as 1,234.5 with the separators of a language."""
    return text.translate(_POLISH) if language == "pl" else text
