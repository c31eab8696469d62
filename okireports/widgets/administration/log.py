"""The change log beside: what was done to the open project, or to all that she sees, newest first."""

from __future__ import annotations

import json
import re
from datetime import datetime
from html import escape

import ipywidgets

from okireports.admin.change import local_words
from okireports.widgets.administration.sight import ENTRIES, Said, Sight, Tile
from okireports.widgets.parts import Desk, button, heading, named, shown, words

LONGEST = 200  # letters of what was before and after
CELL = "style='padding:0.1em 0.6em;text-align:left;vertical-align:top;line-height:1.4;overflow-wrap:anywhere{}'"
LEAST = (6, 6, 8, 6, 9, 7)  # em of each column but the first: less would break short words in two
WIDTHS = (";white-space:nowrap", *(f";min-width:{em}em" for em in LEAST))
INSTANTS = ("from", "to", "valid_from", "valid_to", "archived_at")
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")


class Log:
    """A page of the change log."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.skipped, self.of = 0, 0
        self.title = words(heading("Change log"))
        self.table = words()
        self.newer = button("Newer entries", "The entries after these", lambda: self.turn(-ENTRIES), in_row=True)
        self.older = button("Older entries", "The entries before these", lambda: self.turn(ENTRIES), in_row=True)
        self.pages = ipywidgets.HBox([self.newer, self.older])
        self.box = ipywidgets.VBox()

    def show(self, sight: Sight, chosen: Tile | None) -> None:
        """Fill in what may be seen now."""
        if not sight.reads_log:
            self.clear()
            return
        of = chosen.id if chosen else 0
        if of != self.of:
            self.of, self.skipped = of, 0
        page = sight.entries(of or None, self.skipped)
        self.table.value = table(page.rows, sight.zone)
        self.newer.disabled = self.skipped == 0
        self.older.disabled = self.skipped + ENTRIES >= page.all
        shown(self.box, (self.title, self.table, self.pages))

    def clear(self) -> None:
        """Forget everything."""
        self.skipped, self.of, self.table.value = 0, 0, ""
        shown(self.box, ())

    def turn(self, by: int) -> None:
        """Turn a page."""
        self.skipped = max(0, self.skipped + by)
        self.desk.refresh()


def table(rows: tuple[Said, ...], zone: str) -> str:
    """Entries as HTML, on the clocks of a zone."""
    if not rows:
        return "<p>Nothing is written there.</p>"
    titles = ("When", "Who", "What", "Of what", "Before", "After", "Why")
    styles = [CELL.format(width) for width in WIDTHS]
    head = "".join(f"<th scope='col' {style}>{title}</th>" for style, title in zip(styles, titles, strict=True))
    body = ""
    for row in rows:
        told = zip(styles, cells(row, zone), strict=True)
        body += f"<tr>{''.join(f'<td {style}>{cell}</td>' for style, cell in told)}</tr>"
    return f"<table aria-label='Change log'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def cells(row: Said, zone: str) -> tuple[str, ...]:
    """The cells of an entry."""
    what = f"{escape(row.subject_kind.replace('_', ' '))} {named(row.subject)}"
    if row.project and row.project != row.subject:
        what += f" ({named(row.project)})"
    said = (cut(plain(row.before, zone)), cut(plain(row.after, zone)), cut(row.reason))
    return escape(row.at), named(row.actor), escape(row.action), what, *said


def plain(kept: str | None, zone: str) -> str | None:
    """What was before or after in plain words; instants, which are kept in UTC, on the clocks of a zone."""
    try:
        values = json.loads(kept or "")
    except ValueError:
        return kept
    if not isinstance(values, dict):
        return kept
    said = {key: value for key, value in values.items() if value is not None}
    for key in INSTANTS:
        if INSTANT.fullmatch(str(said.get(key))):
            said[key] = local_words(datetime.fromisoformat(said[key]), zone)
    return "; ".join(f"{key.replace('_', ' ')}: {listed(value)}" for key, value in said.items())


def listed(value: object) -> str:
    """A value, or several."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def cut(text: str | None) -> str:
    """The beginning of a text, as HTML."""
    short = text or ""
    return named(short if len(short) <= LONGEST else short[: LONGEST - 1] + "…")
