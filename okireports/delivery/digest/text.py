"""The digest as plain text: the figures, the rows of its tables, and what the figures mean."""

from __future__ import annotations

from collections.abc import Iterator

from okireports.delivery.digest.contents import Contents, Table
from okireports.delivery.digest.figures import said
from okireports.delivery.digest.words import say


def text(contents: Contents) -> str:
    """All but the charts; names that have line feeds in them lose these."""
    return "\n".join(" ".join(line.split()) for line in lines(contents)) + "\n"


def lines(contents: Contents) -> Iterator[str]:
    """The lines, one after another."""
    language = contents.language
    yield contents.title
    yield "; ".join(contents.when)
    for group in contents.groups:
        yield from underlined(say(language, f"group:{group.name}"))
        for one in group.figures:
            value, *rest = said(one, language)
            told = "; ".join(part for part in rest if part)
            yield f"{one.known.words(language)}: {value}" + (f" ({told})" if told else "")
    if not contents.exact:
        yield say(language, "about")
    for part in contents.parts:
        if part.table is not None:
            yield from underlined(part.title)
            yield from rows(part.table, language)
    if contents.empty:
        yield say(language, "nothing")
    if contents.terms:
        yield from underlined(say(language, "terms"))
        yield from (f"{name}: {meaning}" for name, meaning in contents.terms)


def underlined(title: str) -> Iterator[str]:
    """A title with a line under it."""
    yield from ("", title, "-" * len(title))


def rows(table: Table, language: str) -> Iterator[str]:
    """The rows of a table, each as a line: what it is of, and its figures by their headings."""
    for row in table.rows:
        cells = list(zip(table.heads, table.sides, row, strict=True))
        name = ", ".join(cell for _, side, cell in cells if not side)
        yield f"{name}: " + "; ".join(f"{head} {cell}" for head, side, cell in cells if side)
    if len(table.rows) < table.all:
        yield say(language, "left", shown=len(table.rows), all=table.all)
