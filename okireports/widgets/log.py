"""The change log beside: what was done to the open project, or to all that she sees, newest first."""

from __future__ import annotations

from html import escape

import ipywidgets

from okireports.widgets.parts import Desk, button, heading, named, shown, words
from okireports.widgets.sight import ENTRIES, Said, Sight, Tile

LONGEST = 200  # letters of what was before and after
CELL = "style='padding:0.1em 0.6em;text-align:left;vertical-align:top;overflow-wrap:anywhere'"


class Log:
    """A page of the change log."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.skipped, self.of = 0, 0
        self.title = words(heading("Change log"))
        self.table = words()
        self.newer = button("Newer entries", "The entries after these", lambda: self.turn(-ENTRIES))
        self.older = button("Older entries", "The entries before these", lambda: self.turn(ENTRIES))
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
        self.table.value = table(page.rows)
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


def table(rows: tuple[Said, ...]) -> str:
    """Entries as HTML."""
    if not rows:
        return "<p>Nothing is written there.</p>"
    titles = ("When", "Who", "What", "Of what", "Before", "After", "Why")
    head = "".join(f"<th scope='col' {CELL}>{title}</th>" for title in titles)
    body = "".join(f"<tr>{''.join(f'<td {CELL}>{cell}</td>' for cell in cells(row))}</tr>" for row in rows)
    return f"<table aria-label='Change log'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def cells(row: Said) -> tuple[str, ...]:
    """The cells of an entry."""
    what = f"{escape(row.subject_kind)} {named(row.subject)}"
    if row.project and row.project != row.subject:
        what += f" ({named(row.project)})"
    said = (cut(row.before), cut(row.after), cut(row.reason))
    return escape(row.at), named(row.actor), escape(row.action), what, *said


def cut(text: str | None) -> str:
    """The beginning of a text, as HTML."""
    short = text or ""
    return named(short if len(short) <= LONGEST else short[: LONGEST - 1] + "…")
