"""What stands in for a widget where none can be drawn: on a page that was made of a notebook, or before it is run.

It is an output of its own beside the widget, with the result that the widget was asked for at first, and nothing else.
Where the widget is drawn it is not seen.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from html import escape
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from IPython.display import display

from okireports import export
from okireports.errors import OkiReportsError
from okireports.report import titled
from okireports.result import Result, drawn
from okireports.widgets.choice import Choice
from okireports.widgets.parts import heading
from okireports.widgets.texts import say

if TYPE_CHECKING:
    from okireports.widgets.looking import Looking

ALONE = 1  # a picture can stand beside one result only
HIDING = (
    "<style>body:has(.okireports-live-{0}) :is(.okireports-static-{0},"
    ".jp-OutputArea-child:has(>*>.okireports-static-{0})){{display:none}}</style>"
)


def show(widget: Looking) -> None:
    """Show a widget in a notebook, and after it what stands in for it."""
    mark = token_hex(6)
    widget.add_class(f"okireports-live-{mark}")
    display(widget._repr_mimebundle_(), raw=True)  # type: ignore[no-untyped-call]
    display(standing(widget, mark), raw=True)  # type: ignore[no-untyped-call]


def standing(widget: Looking, mark: str) -> dict[str, Any]:
    """What stands in for a widget, by media type."""
    pieces = [piece(widget, choice, first=n == 0) for n, choice in enumerate(widget.first)]
    if not pieces:
        pieces = [{"text/html": f"<p>{escape(say(widget.language, 'static.run'))}</p>"}]
        pieces[0]["text/plain"] = say(widget.language, "static.run")
    html = "\n".join(found["text/html"] for found in pieces)
    bundle = pieces[0] if len(pieces) == ALONE else {}
    plain = "\n".join(found["text/plain"] for found in pieces)
    inside = f'{HIDING.format(mark)}<div class="okireports-static okireports-static-{mark}">\n{html}\n</div>'
    return bundle | {"text/html": inside, "text/plain": plain}


def piece(widget: Looking, choice: Choice, *, first: bool) -> dict[str, Any]:
    """One result as a notebook shows it; or why there is none."""
    try:
        result: Result = widget.viewer.report(choice.report, **choice.keywords)
        return told(result, widget.language, first=first)
    except OkiReportsError as error:
        return {"text/html": f"<p>{escape(str(error))}</p>", "text/plain": str(error)}


def told(result: Result, language: str, *, first: bool) -> dict[str, Any]:
    """Its title, its chart, live and as a picture where no script runs, its first rows, and what they mean."""
    answer = result.answer
    try:
        chart = drawn(answer, result.frame, language)
    except OkiReportsError:  # too many rows, or a chart of one's own that fails
        chart = None
    meta = answer.meta_in(language)
    drawing = None if chart is None else lambda: chart
    shown: dict[str, Any] = {**export.shown(rows=answer.rows, chart=drawing, meta=meta, library=first)}
    still = ""
    if chart is not None:
        shown["image/png"] = b64encode(shown["image/png"]).decode()
        words = escape(str(chart.to_dict().get("description", "")))
        still = f'<noscript><img alt="{words}" src="data:image/png;base64,{shown["image/png"]}"></noscript>\n'
    shown["text/html"] = f"{heading(escape(titled(answer.report, language)))}\n{still}{shown['text/html']}"
    return shown | {"text/plain": repr(result)}


def firsts(asked: Iterable[tuple[str, tuple[Any, ...]]], period: Any, projects: Any) -> tuple[Choice, ...]:
    """What a widget is asked for at first; nothing where something of it was left to be chosen."""
    if period is None or projects is None:
        return ()
    return tuple(Choice(report, period, tuple(projects), (), options) for report, options in asked)
