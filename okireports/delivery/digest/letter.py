"""The digest as the body of a mail: what mail programs of all kinds show, with pictures by content id."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from okireports.delivery.digest.contents import Contents, Part, Table
from okireports.delivery.digest.figures import said, turned
from okireports.delivery.digest.headline import Figure, Group
from okireports.delivery.digest.words import say

ROWS = 10  # of a table; mail programs cut long mails
WIDTH = 700  # pixels
FONT = "font-family:Arial,Helvetica,sans-serif"
CELL = "padding:3px 4px;border-bottom:1px solid #d5d5d5"
COLOURS = {"better": "#00674a", "worse": "#a33c00", "": "#222222"}


def letter(contents: Contents) -> tuple[str, Mapping[str, bytes]]:
    """The HTML, and its pictures by content id: PNG, which every mail program shows."""
    pictures: dict[str, bytes] = {}
    body = "\n".join(pieces(contents, pictures))
    return (
        f'<!DOCTYPE html>\n<html lang="{contents.language}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(contents.title)}</title>\n</head>\n"
        f'<body style="margin:0;padding:12px;background:#ffffff;color:#222222;{FONT};font-size:14px;line-height:1.4">\n'
        f'<div style="max-width:{WIDTH}px">\n{body}\n</div>\n</body>\n</html>\n'
    ), pictures


def pieces(contents: Contents, pictures: dict[str, bytes]) -> Iterator[str]:
    """The pieces of the body, one after another; pictures are put beside it."""
    language = contents.language
    yield f'<h1 dir="auto" style="font-size:24px;margin:0">{escape(contents.project)}</h1>'
    yield f'<p style="font-size:18px;margin:2px 0">{escape(contents.period)}</p>'
    yield faint(" · ".join(contents.when))
    for group in contents.groups:
        yield headed(2, say(language, f"group:{group.name}"))
        yield figures(group, language)
    if not contents.exact:
        yield faint(say(language, "about"))
    for title, parts in contents.sections:
        yield headed(2, title)
        for part in parts:
            yield from shown(part, pictures, language)
    if contents.empty:
        yield f"<p>{escape(say(language, 'nothing'))}</p>"
    if contents.terms:
        yield headed(2, say(language, "terms"))
        yield from (faint(f"{name}: {text}") for name, text in contents.terms)


def headed(level: int, title: str) -> str:
    """A heading of a section or of a table."""
    size, space = (18, "20px 0 6px") if level == 2 else (14, "10px 0 4px")
    return f'<h{level} style="font-size:{size}px;margin:{space}">{escape(title)}</h{level}>'


def faint(text: str) -> str:
    """A line that stands back."""
    return f'<p style="font-size:12px;color:#555555;margin:2px 0">{escape(text)}</p>'


def figures(group: Group, language: str) -> str:
    """Headline figures as a table: tiles would need what mail programs do not have."""
    rows = "\n".join(f"<tr>{figure(one, language)}</tr>" for one in group.figures)
    return f'<table role="presentation" cellspacing="0" style="border-collapse:collapse;width:100%">\n{rows}\n</table>'


def figure(one: Figure, language: str) -> str:
    """The cells of a headline figure: its name, itself, how it changed, what it was."""
    value, changed, was = said(one, language)
    return (
        f'<td style="{CELL};width:28%">{escape(one.known.words(language))}</td>'
        f'<td style="{CELL};width:20%;text-align:right;font-size:18px;white-space:nowrap"><b>{escape(value)}</b></td>'
        f'<td style="{CELL};width:28%;padding-left:12px;color:{COLOURS[turned(one)]}">{escape(changed)}</td>'
        f'<td style="{CELL};color:#555555;text-align:right;white-space:nowrap">{escape(was)}</td>'
    )


def shown(part: Part, pictures: dict[str, bytes], language: str) -> Iterator[str]:
    """A chart as a picture beside the text, or a table under its title."""
    if part.table is not None:
        yield headed(3, part.title)
        table = part.table.largest(ROWS)
        yield tabled(table)
        if (rows := len(table.rows)) < table.all:
            yield faint(say(language, "left", shown=rows, all=table.all))
        return
    name = f"{part.report}.{hashlib.sha256(part.picture).hexdigest()[:16]}@digest.okireports"
    pictures[name] = part.picture
    yield (
        f'<p style="margin:8px 0"><img src="cid:{name}" alt="{escape(part.words)}" width="{WIDTH}" '
        f'style="display:block;width:100%;max-width:{WIDTH}px;height:auto;border:0"></p>'
    )


def tabled(table: Table) -> str:
    """The first rows of a table."""
    head = cells('th scope="col"', table.heads, table.sides, "background:#f3f3f3;")
    rows = "\n".join(f"<tr>{cells('td', row, table.sides)}</tr>" for row in table.rows)
    return f'<table cellspacing="0" style="border-collapse:collapse;font-size:11px">\n<tr>{head}</tr>\n{rows}\n</table>'


def cells(tag: str, texts: Iterable[str], sides: Iterable[bool], more: str = "") -> str:
    """Cells, those of figures to the right."""
    align, end = {True: "right", False: "left"}, tag[:2]
    pairs = zip(texts, sides, strict=True)
    return "".join(f'<{tag} style="{more}{CELL}" align="{align[side]}">{escape(text)}</{end}>' for text, side in pairs)
