"""The digest as a file: one page of HTML that needs nothing from outside, runs no script and prints on A4."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape
from pathlib import Path

from okireports.delivery.digest.contents import Contents, Part, Table
from okireports.delivery.digest.figures import said, turned
from okireports.delivery.digest.headline import Figure, Group
from okireports.delivery.digest.held import Held
from okireports.delivery.digest.words import say

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
ACROSS = 4  # figures side by side
LONGEST = 80  # letters of a name that stand above a page
MANY = 8  # columns, above which a table is set small: one that is too wide makes the print of all pages smaller
SMALLER = 0.85  # of a chart's own size: as wide as a page, on which three of them go


def page(contents: Contents) -> str:
    """The whole page."""
    style = (Path(__file__).parent / "page.css").read_text("utf-8")
    title, number = quoted(running(contents)), quoted(say(contents.language, "page"))
    foot = f"@bottom-right{{content:{number} ' ' counter(page) ' / ' counter(pages)}}"
    margins = f"@page{{@top-left{{content:{title}}}{foot}}}"
    body = "\n".join(part for part in (header(contents), *main(contents), footer(contents)) if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{contents.language}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(contents.title)}</title>\n<style>\n{style}{margins}\n</style>\n</head>\n"
        f"<body>\n{body}\n</body>\n</html>\n"
    )


def running(contents: Contents) -> str:
    """What stands above each page but the first: the title, of a long name its beginning."""
    name = contents.project
    return replace(contents, project=name if len(name) <= LONGEST else f"{name[:LONGEST]}…").title


def quoted(text: str) -> str:
    """A text as a string of CSS, in which nothing can end it."""
    return "'" + "".join(c if c.isalnum() else f"\\{ord(c):06x}" for c in text) + "'"


def header(contents: Contents) -> str:
    """Which project, which time, which data."""
    said = "".join(f"<li>{escape(line)}</li>" for line in contents.when)
    return (
        f'<header>\n<h1 dir="auto">{escape(contents.project)}</h1>\n<p class="period">{escape(contents.period)}</p>\n'
        f'<ul class="when">{said}</ul>\n</header>'
    )


def main(contents: Contents) -> Iterator[str]:
    """The headline figures, and a section of charts and tables for each subject."""
    language = contents.language
    yield "<main>"
    if contents.groups:
        yield f"<section>\n<h2>{escape(say(language, 'headline'))}</h2>"
        yield '<div class="groups">'
        yield from (grouped(group, language) for group in contents.groups)
        yield "</div>"
        if not contents.exact:
            yield f'<p class="note">{escape(say(language, "about"))}</p>'
        yield "</section>"
    for title, parts in contents.sections:
        yield f"<section>\n<h2>{escape(title)}</h2>"
        yield from (shown(part, language) for part in parts)
        yield "</section>"
    if contents.empty:
        yield f"<p>{escape(say(language, 'nothing'))}</p>"
    yield "</main>"


def grouped(group: Group, language: str) -> str:
    """Headline figures side by side."""
    tiles = "\n".join(tile(one, language) for one in group.figures)
    title = escape(say(language, f"group:{group.name}"))
    wide = min(len(group.figures), ACROSS)
    return f'<div class="group" style="--wide:{wide}">\n<h3>{title}</h3>\n<dl class="tiles">\n{tiles}\n</dl>\n</div>'


def tile(one: Figure, language: str) -> str:
    """A figure, how it changed, and what it was."""
    value, changed, was = said(one, language)
    lines = f'<dd class="value">{escape(value)}</dd>'
    if one.before is not None:
        lines += f'<dd class="change {turned(one)}">{escape(changed)}</dd><dd class="was">{escape(was)}</dd>'
    return f'<div class="tile"><dt>{escape(one.known.words(language))}</dt>{lines}</div>'


def shown(part: Part, language: str) -> str:
    """A chart, or a table under its title."""
    if part.table is not None:
        return tabled(part.title, part.table, language)
    picture = b64encode(part.picture).decode()
    shape = f'width="{round(part.width * SMALLER)}" alt="{escape(part.words)}"'
    return f'<figure><img src="data:image/png;base64,{picture}" {shape}></figure>'


def tabled(title: str, table: Table, language: str) -> str:
    """A table; where rows are left out, how many."""
    more = ""
    if (shown := len(table.rows)) < table.all:
        more = f'<p class="note">{escape(say(language, "left", shown=shown, all=table.all))}</p>'
    head = cells('th scope="col"', table.heads, table.sides)
    rows = "\n".join(f"<tr>{cells('td', row, table.sides)}</tr>" for row in table.rows)
    small = ' class="small"' if len(table.heads) > MANY else ""
    return (
        f'<div class="rows">\n<h3>{escape(title)}</h3>\n<table{small}>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n{more}</div>"
    )


def cells(tag: str, texts: Iterable[str], sides: Iterable[bool]) -> str:
    """Cells, those of figures to the right."""
    right, end = {True: ' class="n"', False: ""}, tag[:2]
    pairs = zip(texts, sides, strict=True)
    return "".join(f"<{tag}{right[side]}>{escape(text)}</{end}>" for text, side in pairs)


def footer(contents: Contents) -> str:
    """What the figures mean, and what they rest on."""
    language = contents.language
    terms = "\n".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in contents.terms)
    defined = f'<h2>{escape(say(language, "terms"))}</h2>\n<dl class="terms">\n{terms}\n</dl>' if terms else ""
    rested = "\n".join(rests(table) for table in contents.held)
    rested = f"<h2>{escape(say(language, 'held'))}</h2>\n{rested}" if rested else ""
    return f"<footer>\n{defined}\n{rested}\n</footer>"


def rests(table: Held) -> str:
    """Settings or definitions as a table."""
    plain = [False] * len(table.rows[0])
    heads = cells('th scope="col"', table.heads, plain) if table.heads else ""
    head = f"<thead><tr>{heads}</tr></thead>" if heads else ""
    rows = "\n".join(f"<tr>{cells('td', row, plain)}</tr>" for row in table.rows)
    return f'<div class="rows">\n<h3>{escape(table.title)}</h3>\n<table>{head}<tbody>\n{rows}\n</tbody></table>\n</div>'
