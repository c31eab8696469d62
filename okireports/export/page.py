"""HTML that needs nothing from outside: chart, table and definitions, as a page or as a piece of a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from okireports.charts import html
from okireports.export.cells import grounds, heading, is_figure, known, plain, read
from okireports.language import separated

if TYPE_CHECKING:
    from okireports.export import Content

SHOWN = 1000  # rows of a page
GLANCED = 10  # rows of a piece

_WORDS = {
    "more": ("{} more rows are not shown here; they are in the CSV, Parquet and XLSX files.",
             "Pozostałe wiersze ({}) są w plikach CSV, Parquet i XLSX."),
    "glanced": ("{} more rows are in", "Pozostałe wiersze ({}) są w"),
    "none": ("No data in this period.", "Brak danych w tym okresie."),
    "held": ("What held in this period", "Co obowiązywało w tym okresie"),
    "script": ("The chart needs JavaScript.", "Wykres wymaga JavaScriptu."),
}  # fmt: skip

# Nothing may be asked from outside; Vega makes functions of its expressions, which wants unsafe-eval.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; "
    "base-uri 'none'; form-action 'none'"
)
_STYLE = """
:root{color-scheme:light dark;--ink:#222;--faint:#555;--line:#ddd;--paper:#fff;--head:#f4f4f4}
@media (prefers-color-scheme:dark){:root{--ink:#e8e8e8;--faint:#b5b5b5;--line:#444;--paper:#161616;--head:#242424}}
body{font:15px/1.45 "Liberation Sans",Arial,Helvetica,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--paper);
margin:2rem auto;max-width:75rem;padding:0 1rem}
h1{font-size:1.5rem;margin:0}
p,details{margin:.4rem 0;color:var(--faint)}
.chart{border:1px solid var(--line);display:inline-block;padding:12px;margin:1rem 0;border-radius:6px;max-width:100%}
.rows{overflow-x:auto}
table{border-collapse:collapse;font-size:13px}
th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}
th{background:var(--head);position:sticky;top:0;white-space:normal;vertical-align:bottom}
.n{text-align:right;font-variant-numeric:tabular-nums}
"""
# A notebook's own style would break dates and names in two, and put every text to the right.
_SCOPED = (
    "<style>.okireports.rows{overflow-x:auto}.okireports.rows tbody td{white-space:nowrap}"
    ".okireports.rows tr :is(th,td):not(.n){text-align:left}</style>\n"
)


def page(content: Content) -> str:
    """The page; a table of at most 1,000 rows says how many more there are."""
    language = content.told("language") or "en"
    polish = language == "pl"

    def say(key: str) -> str:
        return _WORDS[key][polish]

    title = content.told("title") or content.told("report") or "okireports"
    hidden = content.rows.count - SHOWN
    parts = [
        f"<h1>{escape(title)}</h1>",
        *(f"<p>{escape(content.told(key))}</p>" for key in ("description", "period") if content.told(key)),
        f'<div class="chart">{html(content.drawn())}</div>' if content.chart else "",
        f"<noscript><p>{say('script')}</p></noscript>" if content.chart else "",
        _table(content, SHOWN) if content.rows.count else f"<p>{say('none')}</p>",
        f"<p>{escape(say('more').format(separated(f'{hidden:,}', language)))}</p>" if hidden > 0 else "",
        f"<p>{escape(content.told('definitions'))}</p>" if content.told("definitions") else "",
        _held(content, say("held")),
    ]
    body = "\n".join(part for part in parts if part)
    return (
        f'<!DOCTYPE html>\n<html lang="{"pl" if polish else "en"}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )


def piece(content: Content, *, library: bool = True) -> str:
    """A part of a notebook: the chart, the first ten rows, and what their columns mean."""
    hidden = content.rows.count - GLANCED
    language = content.told("language") or "en"
    more = _WORDS["glanced"][language == "pl"].format(separated(f"{hidden:,}", language))
    parts = [
        html(content.drawn(), library=library) if content.chart else "",
        _SCOPED + _table(content, GLANCED) if content.rows.count else "",
        f"<p>{more} <code>.frame</code>, <code>.arrow</code>.</p>" if hidden > 0 else "",
        f"<p>{escape(content.told('definitions'))}</p>" if content.told("definitions") else "",
    ]
    return "\n".join(part for part in parts if part)


def _held(content: Content, summary: str) -> str:
    """The settings and definitions behind the figures, folded away."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in grounds(content.meta))
    return f"<details><summary>{escape(summary)}</summary><ul>{lines}</ul></details>" if lines else ""


def _table(content: Content, most: int) -> str:
    shown = content.rows.head(most)
    report, language = content.told("report"), content.told("language") or "en"
    sides = ['class="n"' if is_figure(field) else "" for field in shown.schema]
    heads = [heading(name, report, language) for name in shown.column_names]
    columns = [
        read(plain(column), column.type, known(name, report), language)
        for name, column in zip(shown.column_names, shown.columns, strict=True)
    ]
    head = "".join(_cell("th", f'{side} scope="col"', text) for side, text in zip(sides, heads, strict=True))
    rows = (
        "<tr>" + "".join(_cell("td", side, text) for side, text in zip(sides, row, strict=True)) + "</tr>"
        for row in zip(*columns, strict=True)
    )
    body = "\n".join(rows)
    return (
        f'<div class="okireports rows" tabindex="0">\n<table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody>\n</table>\n</div>"
    )


def _cell(tag: str, attributes: str, text: str) -> str:
    return f"<{tag}{' ' + attributes.strip() if attributes.strip() else ''}>{escape(text)}</{tag}>"
