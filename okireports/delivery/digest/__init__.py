"""The digest of a project: one page that says how a period went, for a file, for mail, and as plain text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from okireports.delivery.digest import letter, page, text
from okireports.delivery.digest.asking import Asking
from okireports.delivery.digest.contents import Contents, gathered

__all__ = ["Asking", "Contents", "Digest", "as_mail", "as_page", "for_mail", "gathered", "made"]


@dataclass(frozen=True)
class Digest:
    """A digest as HTML and as plain text; `pictures` are what the HTML of a mail shows, PNG by content id."""

    html: str
    text: str
    title: str
    pictures: Mapping[str, bytes] = field(default_factory=dict)


def made(viewer: Asking, project: str | int, period: object, language: str = "en") -> Digest:
    """The digest as a page of its own: pictures are in it, nothing is asked from outside, and it prints on A4.

    Args:
        viewer: whose rights count, as they are now.
        project: one of hers, by name or id.
        period: what reports take; the one before it, of the same length, is what it is compared with.
        language: "en" or "pl".

    Raises:
        UnknownName: the project is not hers, or does not exist: the same error.
        Refused: she may not look, or run none of the reports of which it is made.
        BadPeriod, BadOption: the period cannot be read; there is no such language.
    """
    return as_page(gathered(viewer, project, period, language))


def for_mail(viewer: Asking, project: str | int, period: object, language: str = "en") -> Digest:
    """The digest as a mail shows it: styles in the elements, pictures by content id beside it; see `made`."""
    return as_mail(gathered(viewer, project, period, language))


def as_page(contents: Contents) -> Digest:
    """What was gathered as a page of its own."""
    return Digest(page.page(contents), text.text(contents), contents.title)


def as_mail(contents: Contents) -> Digest:
    """What was gathered as the body of a mail."""
    html, pictures = letter.letter(contents)
    return Digest(html, text.text(contents), contents.title, pictures)
