"""Charts: a report says in one line how its frame is drawn, and `draw` makes an Altair chart of that same frame.

The specifications are small frozen data, so that reports import nothing heavy; Altair and pandas come with the first
chart. A chart never queries, holds only the columns that it encodes, and where its rows would reach 5,000 it sums them
to a coarser interval. Times are the wall clock of the centre's zone, whatever the zone of the browser.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from okireports.charts.theme import THEMES, Shade
from okireports.charts.theme import repaint as repaint

if TYPE_CHECKING:  # heavy; the specifications do not need them
    import pandas as pd

    from okireports.charts.paper import Drawing

LADDER = ("15min", "30min", "hour", "day", "week", "month")
VEGA_LITE = "6.4"  # of Altair 6; the newest that vl-convert carries
_NUMBERED = re.compile(r'(id="|url\(#)(gradient_|clip)(\d+)')  # what an SVG refers to in itself

Form = Literal[
    "lines", "bars", "counts", "heat", "dots", "area", "steps", "funnel", "timeline", "columns", "bullets", "matrix",
    "parts", "own",
]  # fmt: skip
Painter = Callable[["pd.DataFrame"], "Drawing"]


# ---- specifications --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Spec:
    """How a frame is drawn: column names only. Made by the functions below."""

    form: Form
    x: str  # the axis of time, category or number
    y: tuple[str, ...] = ()  # the figures
    by: str | None = None  # one series, colour or panel for each value
    lane: str | None = None  # the other axis of a heat map or a timeline; the flag of bullets
    goal: str | None = None
    band: tuple[str, ...] = ()  # (low, high) of each figure, one after the other
    line: tuple[str, ...] = ()
    stack: bool = False
    instead: tuple[tuple[str, str], ...] = ()  # (column, the one that stands for it where it is empty)
    drawing: Painter | None = None  # of one's own

    @property
    def bands(self) -> dict[str, tuple[str, str]]:
        """The bounds of each figure that has some."""
        return dict(zip(self.y, zip(self.band[::2], self.band[1::2], strict=True), strict=False))

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that it names, each once."""
        others = (other for _, other in self.instead)
        named = (self.x, *self.y, self.by, self.lane, self.goal, *self.band, *self.line, *others)
        return tuple(dict.fromkeys(name for name in named if name))


Names = str | Sequence[str]


def lines(x: str, y: Names, by: str | None = None, goal: str | None = None, band: tuple[str, ...] = ()) -> Spec:
    """Figures over time, one line for each `by`; `goal` dashed, `band` shaded: (low, high) of each figure in turn.

    Without `x`: bars.
    """
    return Spec("lines", x, _names(y), by, goal=goal, band=band)


def bars(
    category: str, value: Names | None = None, by: str | None = None, stack: bool = False, goal: str | None = None
) -> Spec:
    """One bar for each category, the longest first; several values stack or stand side by side.

    Without `value` rows are counted; `goal` is a mark on the bar. A frame with an interval becomes lines or columns
    over time.
    """
    return Spec("bars", category, _names(value), by, goal=goal, stack=stack)


def counts(at: str, by: str | None = None) -> Spec:
    """How many rows of a log there are over time."""
    return Spec("counts", at, by=by)


def heat(x: str, y: str, value: str, **instead: str) -> Spec:
    """A figure by two categories, as colour; `column=other`: what stands for a category where it is empty."""
    return Spec("heat", x, _names(value), lane=y, instead=tuple(instead.items()))


def dots(x: str, y: Names, by: str | None = None, band: tuple[str, ...] = ()) -> Spec:
    """A dot for each row over time, or for each category with its interval `band` (low, high)."""
    return Spec("dots", x, _names(y), by, band=band)


def area(x: str, y: Names, by: str | None = None, line: Names | None = None) -> Spec:
    """Filled figures over time, stacked; `line` draws others over them. Intervals that are left out are 0."""
    return Spec("area", x, _names(y), by, line=_names(line))


def steps(x: str, y: Names, by: str | None = None) -> Spec:
    """Step curves over a number, such as seconds waited."""
    return Spec("steps", x, _names(y), by)


def funnel(stage: str, value: str, by: str | None = None) -> Spec:
    """Bars in the frame's own order, each with its share of the first; a panel for each `by`."""
    return Spec("funnel", stage, _names(value), by)


def bullets(category: str, value: str, goal: str | None = None, by: str | None = None, met: str | None = None) -> Spec:
    """Figures as shares of their `goal` (shares already without one), a line at 100 %; a panel for each `by`.

    `met` is a flag that says whether that is good, where more is not always better; of a frame over time the last
    interval is drawn.
    """
    return Spec("bullets", category, _names(value), by, lane=met, goal=goal)


def parts(category: str, value: str, by: str, within: str, band: tuple[str, ...] = ()) -> Spec:
    """How wholes are divided: a panel for each `by`, a bar for each category, with its interval `band` (low, high).

    Where two wholes have one name, what they are `within` tells them apart.
    """
    return Spec("parts", category, _names(value), by, lane=within, band=band)


def matrix(x: str, y: str, by: str | None = None) -> Spec:
    """A cell for each row, by two categories, coloured by a third one: what there is, without a figure."""
    return Spec("matrix", x, (), by, lane=y)


def timeline(start: str, end: str, lane: str, by: str | None = None) -> Spec:
    """One lane for each `lane`, a bar from `start` to `end`; of more than two days: rows over time."""
    return Spec("timeline", start, (end,), by, lane=lane)


def own(drawing: Painter) -> Spec:
    """A function from the report's dataframe to an Altair chart; title, colours and language come by themselves.

    In its frame times are those of the wall clock in the centre's zone, and money is a number.
    """
    return Spec("own", "", drawing=drawing)


def _names(given: Names | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


# ---- drawing ---------------------------------------------------------------------------------------------------------
def draw(
    spec: Spec,
    frame: pd.DataFrame,
    *,
    title: str,
    zone: str,
    by: str | None = None,
    coarser: Sequence[str] = LADDER,
    language: str = "en",
    subtitle: str = "",
    report: str | None = None,
    formula: str = "short",
    period: tuple[datetime, datetime] | None = None,
    week_start: int = 0,
    theme: Shade = "light",
) -> Drawing:
    """The chart of a report's frame.

    `by` is the frame's interval and `coarser` the intervals that it may be summed to; `zone` an IANA name; `language`
    "en" or "pl"; `report` and `formula` say what its columns mean where that differs; `period` (instants; naive is UTC)
    cuts the first and last interval of means over time; `theme` is "light" or "dark". An empty frame gives a chart that
    says so.
    """
    from okireports.charts.alternative import described
    from okireports.charts.painted import painted
    from okireports.charts.paper import Paper, finished, nothing
    from okireports.charts.shapes import shaped

    paper = Paper(zone, by, tuple(coarser), language, report, formula, period, week_start, THEMES[theme])
    if frame.empty:
        drawing = nothing(paper)
    else:
        drawing = painted(spec.drawing, frame, paper) if spec.drawing else shaped(spec, frame, paper)
    return finished(drawing, title, subtitle, described(title, subtitle, paper), paper)


def png(chart: Drawing, scale: float = 2.0) -> bytes:
    """The chart as a PNG picture, made offline."""
    import vl_convert

    return vl_convert.vegalite_to_png(chart.to_dict(), vl_version=VEGA_LITE, scale=scale, allowed_base_urls=[])


def svg(chart: Drawing) -> str:
    """The chart as an SVG picture with its text alternative, made offline; the same chart gives the same bytes."""
    import vl_convert

    whole = chart.to_dict()
    drawn = vl_convert.vegalite_to_svg(whole, vl_version=VEGA_LITE, allowed_base_urls=[])
    numbers: dict[str, int] = {}  # Vega goes on counting from picture to picture, which would tell how many there were
    drawn = _NUMBERED.sub(lambda m: f"{m[1]}{m[2]}{numbers.setdefault(m[2] + m[3], len(numbers))}", drawn)
    words = escape(str(whole.get("description", "")))
    return drawn.replace("<svg ", f'<svg role="img" aria-label="{words}" ', 1)


def html(chart: Drawing, *, library: bool = True, element: str | None = None) -> str:
    """The chart as a piece of HTML that needs nothing from outside: the Vega library, a box and a script.

    It is light or dark as the page of a notebook is, elsewhere as the reader's system is. Several may stand on one
    page; `library=False` leaves the library out where another piece brings it. `element` is the id of the box, by
    default one made from the chart.
    """
    whole = chart.to_dict()
    spec, dark = _json(whole), _json(repaint(whole))
    box = element or "chart-" + hashlib.sha256(spec.encode()).hexdigest()[:12]
    script = (
        f'const spec={spec},dark={dark};document.querySelectorAll("#{box}").forEach(e=>'
        "{if(!e.childElementCount)followed(e,spec,dark)})"
    )
    brought = f"<script>if(!window.vegaEmbed){{(function(define,module,exports){{{_bundle()}}})()}}</script>"
    words = escape(str(whole.get("description", "")))
    return (
        f'{brought if library else ""}<div id="{box}" role="img" aria-label="{words}"></div>'
        f"<script>(()=>{{{following()}{script}}})()</script>"
    )


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")  # ends no script


@cache
def following() -> str:
    """The script's function `followed`, which draws a chart and follows the reader's colours."""
    return (Path(__file__).parent / "follow.js").read_text("utf-8")


@cache
def library() -> bytes:
    """Vega, Vega-Lite and vega-embed as one script, packed with gzip: for pages that fetch it when they need it."""
    return gzip.compress(_bundle().encode(), 9, mtime=0)


@cache
def _bundle() -> str:
    """Vega, Vega-Lite and vega-embed as one script, with nothing in it that could end a script element."""
    import vl_convert

    whole = vl_convert.javascript_bundle(vl_version=VEGA_LITE)  # type: ignore[call-arg]  # its stub demands a snippet
    return whole.replace("</script", "<\\/script")
