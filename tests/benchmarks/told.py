"""What was measured, for people: tables and the picture, from `benchmarks.json` and `slopes.json`.

    python tests/benchmarks/told.py [FOLDER]

writes docs/benchmarks.svg, and the parts of README.md and of docs/scale.md between their marks, for what was measured.
"""

from __future__ import annotations

import json
import statistics
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from every_report import LENGTHS, TIMES, short
from paper import Known, reckoned
from slopes import steepness

from okireports import charts
from okireports.charts.theme import THEMES

PICTURE = Path("docs") / "benchmarks.svg"
PROJECTS = {"one": "1 project", "three": "3 projects", "member": "all, as a member", "all": "all projects"}
ENGINES = {
    "okireports": "okireports",
    "hand": "DuckDB, SQL by hand",
    "clickhouse": "ClickHouse (chdb)",
    "polars": "Polars, Parquet",
    "pandas": "pandas, in memory",
    "postgres": "PostgreSQL 15, row policy",
}
GAP = {"left": 40, "top": 5, "right": 20, "bottom": 5}  # names are wider in the fonts of some readers
DRAWN = "all/{}/year"  # the questions of the picture


def main() -> None:
    """Write what there is."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    benchmarks, slopes = folder / "benchmarks.json", folder / "slopes.json"
    if benchmarks.exists():
        told = json.loads(benchmarks.read_text("utf-8"))
        between(folder / "README.md", "benchmarks", "make bench", "".join(written(told)))
        if frame := drawn(told):
            (folder / PICTURE).write_text(charts.svg(picture(pd.DataFrame(frame), told)), "utf-8")
    if slopes.exists():
        found = json.loads(slopes.read_text("utf-8"))
        between(folder / "docs" / "scale.md", "slopes", "make slopes", "".join(grown(found)))
        if benchmarks.exists():
            try:
                known = Known.of(told, found)
            except (LookupError, ValueError) as missing:
                print(f"docs/scale.md is not reckoned anew, for something was not measured: {missing}")
            else:
                text = "".join(reckoned(known))
                between(folder / "docs" / "scale.md", "paper", "make bench` and `make slopes", text)


def between(page: Path, name: str, command: str, text: str) -> None:
    """Write a page's part between its marks anew."""
    begin, end = f"<!-- {name}: made by `{command}` -->\n", f"<!-- end of {name} -->\n"
    before, rest = page.read_text("utf-8").split(begin)
    page.write_text(f"{before}{begin}{text}{end}{rest.split(end)[1]}", "utf-8")


def grown(slopes: dict[str, Any]) -> Iterator[str]:
    """A row for each cost and each size that grows."""
    yield "\n| what | over | sizes | seconds | steep | MB of memory or disk | steep |\n|---|---|---|---|--:|---|--:|\n"
    for over, told in slopes.items():
        sizes = sorted(told, key=int)
        for what in told[sizes[0]]:
            cells = []
            for unit, scale, form in (("wall_s", 1, ".3g"), ("bytes", 1e-6, ",.0f")):
                points = {size: told[size][what][unit] for size in sizes if unit in told[size][what]}
                values = " · ".join(f"{value * scale:{form}}" for value in points.values())
                cells += [values or "-", f"{steepness(points):.2f}" if points else "-"]
            listed = " · ".join(f"{int(size):,}" for size in sizes)
            yield f"| {what} | {over} | {listed} | {' | '.join(cells)} |\n"
    yield "\n"


def written(told: dict[str, Any]) -> Iterator[str]:
    """What the README says."""
    rows, calls = sum(told["rows"].values()), told["rows"]["calls"]
    yield f"\nOn {told['at']}, {told['cores']} cores, DuckDB {told['duckdb']}, Python {told['python']}: {calls:,} calls"
    yield f" and {rows - calls:,} other rows in {told['projects']['all']} projects. Milliseconds are medians of"
    yield f" {often(told)} warm runs; seconds of processors, memory, bytes, rows and cold runs are in"
    yield " `benchmarks.json`.\n\n"
    if told["questions"]:
        yield "| who sees | period | reports | okireports | SQL by hand | times | within the target | cold, times |\n"
        yield "|---|---|--:|--:|--:|--:|--:|--:|\n"
        yield from beside_hand(told["questions"])
        yield f"\nEach figure is the median over the reports; the target is {TIMES} times and 30 ms.\n"
    if "rivals" in told:
        yield from beside_rivals(told["rivals"])
        yield f"\n![Ten reports by engine]({PICTURE.as_posix()})\n"
    yield "\n"


def often(told: dict[str, Any]) -> str:
    """Of how many runs the medians are."""
    sides = [side for one in told["questions"].values() for side in one["warm"].values() if isinstance(side, dict)]
    answers = [one for rival in told.get("rivals", {}).values() for one in rival["questions"].values()]
    runs = {one["runs"] for one in (*sides, *answers)}
    return str(max(runs)) if len(runs) == 1 else f"{max(runs)} (where one takes long, of fewer: {min(runs)} at least)"


def beside_hand(questions: dict[str, Any]) -> Iterator[str]:
    """A row for each viewer and length of period."""
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for key, one in questions.items():
        who, _, length = key.split("/")
        grouped[who, length].append(one)
    for who in PROJECTS:
        for length in LENGTHS:
            both = [one for one in grouped[who, length] if "hand" in one["warm"] and one["warm"]["same"]]
            if both:
                ours, hand = (
                    statistics.median(one["warm"][side]["wall_s"] for one in both) for side in ("ours", "hand")
                )
                times = statistics.median(one["warm"]["ours"]["wall_s"] / one["warm"]["hand"]["wall_s"] for one in both)
                kept = sum(not short(one["warm"]) for one in both)
                yield f"| {PROJECTS[who]} | {length} | {len(both)} | {ours * 1000:,.0f} | {hand * 1000:,.0f} "
                yield f"| {times:.2f} | {kept} of {len(both)} | {cold(both)} |\n"


def cold(both: list[dict[str, Any]]) -> str:
    """How many times as long okireports takes where nothing is in memory, the median."""
    pairs = [(one.get("cold_ours", {}).get("wall_s"), one.get("cold_hand", {}).get("wall_s")) for one in both]
    times = [ours / hand for ours, hand in pairs if ours and hand]
    return f"{statistics.median(times):.2f}" if times else "-"


def beside_rivals(rivals: dict[str, Any]) -> Iterator[str]:
    """A row for each question of a year: milliseconds of okireports, and how many times as long the others take."""
    others = [name for name in ENGINES if name in rivals and name != "okireports"]
    yield f"\n| report | who sees | okireports, a year | {' | '.join(ENGINES[name] for name in others)} |\n"
    yield f"|---|---|--:|{'--:|' * len(others)}\n"
    ahead: dict[str, list[bool]] = {name: [] for name in others}
    for key, mine in rivals["okireports"]["questions"].items():
        who, report, length = key.split("/")
        cells = {name: rivals[name]["questions"].get(key) for name in others}
        times = {name: cell["wall_s"] / mine["wall_s"] for name, cell in cells.items() if cell and cell["same"]}
        for name, x in times.items():
            ahead[name].append(x >= 1)
        if length == "year":
            said = {name: f"{x:.1f}" if x >= 1 else f"{x:.2f}" for name, x in times.items()}
            listed = " | ".join(f"{said[name]} times" if name in said else "-" for name in others)
            yield f"| `{report}` | {PROJECTS[who]} | {mine['wall_s'] * 1000:,.0f} | {listed} |\n"
    counts = "; ".join(f"{ENGINES[name]}: {sum(won)} of {len(won)}" for name, won in ahead.items())
    yield f"\nQuestions, of shorter periods too, in which okireports is ahead: {counts}.\n"


def drawn(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The points of the picture: report, engine, milliseconds."""
    rivals = told.get("rivals", {})
    points = []
    for report in dict.fromkeys(key.split("/")[1] for key in rivals.get("okireports", {}).get("questions", {})):
        key = DRAWN.format(report)
        found = {name: rival["questions"][key]["wall_s"] for name, rival in rivals.items() if key in rival["questions"]}
        hand = told["questions"].get(key, {}).get("warm", {}).get("hand")
        found |= {"hand": hand["wall_s"]} if hand else {}
        points += [{"report": report, "engine": ENGINES[name], "ms": s * 1000} for name, s in found.items()]
    return points


def picture(frame: pd.DataFrame, told: dict[str, Any]) -> alt.Chart:
    """Points on a line for each report, the quicker the further left."""
    there = [name for name in ENGINES.values() if name in set(frame["engine"])]
    order = frame[frame["engine"] == ENGINES["okireports"]].sort_values("ms")["report"].tolist()
    title = alt.Title(
        "Ten reports, all projects, a year", subtitle=f"{told['rows']['calls']:,} calls; milliseconds, warm"
    )
    colours = alt.Scale(domain=there, range=list(THEMES["light"].palette[: len(there)]))
    said = f"Milliseconds of ten reports over {told['rows']['calls']:,} calls, by engine"
    return (
        alt.Chart(frame, title=title, description=said, width=600, height=alt.Step(26), padding=GAP)
        .mark_point(filled=True, size=90, opacity=0.85)
        .encode(
            x=alt.X("ms:Q", scale=alt.Scale(type="log"), title="milliseconds, on a logarithmic axis"),
            y=alt.Y("report:N", sort=order, title=None, axis=alt.Axis(grid=True)),
            color=alt.Color("engine:N", scale=colours, legend=alt.Legend(columns=3)),
            shape=alt.Shape("engine:N", scale=alt.Scale(domain=there)),
        )
        .configure(**THEMES["light"].config)
    )


if __name__ == "__main__":
    main()
