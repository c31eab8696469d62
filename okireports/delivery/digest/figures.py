"""How a headline figure is said: itself, how it changed, and what it was before."""

from __future__ import annotations

from okireports.delivery.digest.headline import Figure, Total
from okireports.delivery.digest.words import change, figure, say


def said(one: Figure, language: str) -> tuple[str, str, str]:
    """A figure in words: what it is, how it changed, what it was before; the last two are "" without a before."""
    unit, before = one.known.unit, one.before
    now = marked(one.now, one, language)
    if before is None:
        return now, "", ""
    changed = change(one.now.value, one.earlier, unit, language)
    if one.better is not None:
        changed = say(language, "good" if one.better else "bad", change=changed)
    return now, changed, say(language, "was", value=marked(before, one, language))


def marked(total: Total, one: Figure, language: str) -> str:
    """A figure of one of the periods, with a sign before it where it is not exact; 0 has the other one's currency."""
    others = (one.now.currency, one.before.currency if one.before else "")
    currency = total.currency or ("" if total.value else max(others))
    value = figure(total.value, one.known.unit, language, currency)
    return value if total.exact or total.value is None else f"≈ {value}"


def turned(one: Figure) -> str:
    """The way a figure has gone, as one word: better, worse, or neither."""
    return "" if one.better is None else "better" if one.better else "worse"
