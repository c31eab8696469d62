"""A report of one's own, written in a notebook: it goes the way of every report, and its mistakes are sentences."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

import growing
from okireports import catalogue, columns, metrics
from okireports import report as registry
from okireports.columns import declare, label
from okireports.engines.stop import Stop
from okireports.errors import BadReport, OkiReportsError, Stopped, UnknownName, UnknownReport
from okireports.faces import Center, Viewer

ALPHA, BETA = 2 * growing.ALPHA, 2 * growing.BETA  # calls of two days
WHY = {"actor": "admin", "reason": "a test"}
CELL = '''
import ibis
from ibis import Table

from okireports.charts import bars, own
from okireports.metrics import measure, metric, ratio, tally
from okireports.metrics.volume import offered
from okireports.report import report


@metric("Waited over 5 s", "Powyżej 5 s", unit="share", counts="contact", of=("waited", "offered"))
def impatience_share(calls):
    """Share of contacts that waited longer than five seconds."""
    return ratio(tally(calls.wait_ms > 5_000), offered(calls))


@report("Patience", pl="Cierpliwość", chart=bars("queue", "offered"))
def patience(calls: Table, queues: Table, *, doubled: bool = False) -> Table:
    """How long customers of each queue have patience. More of it is not said here."""
    t = calls.join(queues, "queue_id")
    found = t.group_by("queue").agg(
        **measure(t, offered, impatience_share), odd_ones=t.count(), last_at=t.ended_at.max()
    )
    return (found.mutate(offered=found.offered * 2) if doubled else found).order_by("queue")
'''


def cell(source: str, module: str = "__main__") -> dict[str, Any]:
    """Run a cell as a notebook does; what it has made."""
    names: dict[str, Any] = {"__name__": module}
    exec(compile(source, f"cell of {module}", "exec"), names)
    return names


def broken(body: str, tables: str = "calls: Table", chart: str = 'bars("queue", "offered")') -> None:
    """Register a report that has a mistake in line 9."""
    cell(
        f"import altair\nimport ibis\nfrom ibis import Table\nfrom okireports.charts import bars, own\n"
        f"from okireports.report import report\n@report('Broken', chart={chart})\ndef broken({tables}) -> Table:\n"
        f"    'A report with a mistake.'\n    return {body}\n"
    )


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    path = tmp_path_factory.mktemp("own")
    made = growing.make(path)
    for number in (0, 1):
        made.load(growing.day(path, number))
    return made


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """What is registered in a test is gone after it."""
    registry.all_reports()
    every: tuple[dict[Any, Any], ...] = (registry.REPORTS, metrics.METRICS, columns._OWN, columns._SUPPOSED)
    kept = [(known, dict(known)) for known in every]
    yield
    for known, before in kept:
        known.clear()
        known.update(before)


@pytest.fixture
def boss(center: Center) -> Viewer:
    return center.viewer("boss")


def counted(viewer: Viewer, **asked: Any) -> dict[str, int]:
    frame = viewer.report("patience", **{"period": growing.YEAR} | asked).frame
    return dict(zip(frame["queue"], frame["offered"], strict=True))


# ---- the way of every report -----------------------------------------------------------------------------------------
def test_it_sees_what_the_viewer_sees(center: Center, boss: Viewer) -> None:
    cell(CELL)
    assert counted(boss) == {"Alpha line": ALPHA, "Beta line": BETA}
    assert counted(center.viewer("anna")) == {"Alpha line": ALPHA}
    assert counted(boss, projects="Beta") == {"Beta line": BETA}
    assert counted(boss, queues=["Alpha line"]) == {"Alpha line": ALPHA}
    assert counted(boss, period="2025-06-02") == {"Alpha line": growing.ALPHA, "Beta line": growing.BETA}
    assert counted(boss, doubled=True) == {"Alpha line": 2 * ALPHA, "Beta line": 2 * BETA}
    with pytest.raises(UnknownName) as hidden:
        counted(center.viewer("anna"), queues="Beta line")
    with pytest.raises(UnknownName) as absent:
        counted(center.viewer("anna"), queues="Gamma line")
    assert str(hidden.value) == str(absent.value).replace("Gamma", "Beta")


def test_it_says_where_it_comes_from_and_is_listed_last(boss: Viewer) -> None:
    cell(CELL)
    said = boss.report("patience", period="2025-06", projects="Alpha").provenance
    assert (said.report, said.projects, said.options) == ("patience", ("Alpha",), {"doubled": False})
    row = boss.reports.iloc[-1]
    told = ["patience", "Patience", "Your own", "How long customers of each queue have patience.", "doubled=False"]
    assert row.tolist() == told
    found = registry.find("patience")
    assert (found.section.pl, found.pl, found.definitions) == ("Własne", "Cierpliwość", "")


def test_definitions_are_said_with_it(boss: Viewer, tmp_path: Path) -> None:
    cell(CELL.replace("More of it is not said here.", "\n\n    Definitions: patience is not a virtue here."))
    page = boss.report("patience", period="2025").save(tmp_path / "patience.html").read_text("utf-8")
    assert "patience is not a virtue here." in page


def test_the_catalogue_does_not_hold_it() -> None:
    before = [*catalogue.sections()], [*catalogue.listed()]
    cell(CELL)
    assert ([*catalogue.sections()], [*catalogue.listed()]) == before  # of which the page is made, too


# ---- who may ---------------------------------------------------------------------------------------------------------
def test_it_takes_the_right_to_ask_freely(center: Center, boss: Viewer) -> None:
    cell(CELL)
    center.roles.create("Reader", copy="Supervisor", take=["run_sql"], **WHY)
    center.roles.create("Chooser", copy="Supervisor", reports=["call_log", "patience"], **WHY)
    center.roles.create("Avoider", copy="Supervisor", reports=["*", "-patience"], **WHY)
    for role in ("Reader", "Chooser", "Avoider"):
        center.users.create(role.lower(), role=role, projects=["Alpha"], **WHY)
    assert counted(center.viewer("chooser")) == {"Alpha line": ALPHA}
    for login in ("olek", "reader", "avoider"):
        asking = center.viewer(login)
        assert "patience" not in set(asking.reports["name"])
        with pytest.raises(UnknownReport) as hidden:
            asking.report("patience", period="2025")
        with pytest.raises(UnknownReport) as absent:
            asking.report("zzzzzzzz", period="2025")
        told, said = (str(error.value).partition(" Did you mean")[0] for error in (hidden, absent))
        assert told == said.replace("zzzzzzzz", "patience")  # what is suggested is near one name and not the other
        assert "patience'?" not in str(hidden.value)


@pytest.mark.parametrize(
    ("tables", "open_to"),
    [
        ("calls: Table", {"boss", "withheld"}),
        ("targets: Table", {"boss", "withheld"}),
        ("contacts: Table", {"boss"}),  # telephone numbers
        ("charges: Table", set()),  # costs
        ("contracts: Table", set()),  # definitions on which no report of theirs rests
        ("contracts: Table | None", set()),
        ("audit: Table", set()),  # who did what
    ],
)
def test_a_table_that_is_closed_stays_closed(center: Center, tables: str, open_to: set[str]) -> None:
    if "Withheld" not in set(center.roles.frame["role"]):
        center.roles.create("Withheld", copy="Supervisor", take=["see_phone_numbers"], **WHY)
        center.users.create("withheld", role="Withheld", projects=["Alpha"], **WHY)
    name = tables.split(":")[0]
    broken(f"{name}", tables)
    able = {login for login in ("boss", "withheld") if "broken" in set(center.viewer(login).reports["name"])}
    assert able == open_to
    for login in ("boss", "withheld"):
        if login in able:
            center.viewer(login).report("broken", period="2025")
        else:
            with pytest.raises(UnknownReport):
                center.viewer(login).report("broken", period="2025")


@pytest.mark.parametrize(
    "other",
    [
        "ibis.table({'queue_id': 'int64', 'queue': 'string'}, name='queues')",
        "ibis.table({'name': 'string'}, name='projects', database='control')",
        "ibis.table({'call_id': 'int64'}, name='calls')",
        "calls.select('queue_id').union(ibis.table({'queue_id': 'int64'}, name='statuses'))",
        "ibis.memtable(__import__('pyarrow').table({'n': [1]}))",
        "calls.filter(calls.queue_id.isin(ibis.table({'queue_id': 'int64'}, name='queues').queue_id))",
        "ibis.table({'queue_id': 'int64'}, name='statuses').alias('calls')",
    ],
)
def test_it_is_made_of_what_it_was_given(boss: Viewer, other: str) -> None:
    broken(other)
    with pytest.raises(BadReport, match=r"report of your own 'broken' uses '.*', which it was not given"):
        boss.report("broken", period="2025")


def test_what_it_names_on_the_way_is_made_of_that(boss: Viewer) -> None:
    joined = "t.join(t.select('queue_id').distinct(), 'queue_id')"
    broken(f"(lambda t: {joined}.agg(n=lambda g: g.count()))(calls.alias('mine'))")
    assert boss.report("broken", period="2025").frame["n"].tolist() == [ALPHA + BETA]


# ---- a notebook's cells are run again --------------------------------------------------------------------------------
def test_run_again_it_replaces_what_it_was(boss: Viewer) -> None:
    cell(CELL)
    cell(CELL.replace("found.offered * 2", "found.offered * 3"))
    assert counted(boss, doubled=True) == {"Alpha line": 3 * ALPHA, "Beta line": 3 * BETA}
    assert [*boss.reports["name"]].count("patience") == 1


def test_what_it_calls_may_change_without_it(boss: Viewer) -> None:
    names = cell(CELL)
    assert counted(boss)["Alpha line"] == ALPHA
    names["offered"] = lambda calls: calls.count() * 10
    names["offered"].__name__ = "offered"
    assert counted(boss)["Alpha line"] == 10 * ALPHA


def test_a_name_of_others_is_taken(boss: Viewer) -> None:
    cell(CELL)
    with pytest.raises(ValueError, match=r"two reports 'patience': in __main__ and here"):
        cell(CELL.replace("impatience", "other_patience"), "elsewhere")
    with pytest.raises(ValueError, match=r"two metrics 'impatience_share': in __main__ and here"):
        cell(CELL, "elsewhere")
    with pytest.raises(ValueError, match=r"two reports 'call_log': in okireports\.reports"):
        cell(CELL.replace("def patience", "def call_log"))
    with pytest.raises(ValueError, match="column 'pace' is the catalogue's: Pace"):
        cell(CELL.replace("impatience_share", "pace"))


def test_a_docstring_says_what_it_is() -> None:
    with pytest.raises(ValueError, match="patience: a docstring is a sentence"):
        cell(CELL.replace('"""How long customers of each queue have patience. More of it is not said here."""', ""))


# ---- mistakes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("calls.no_such_column", r"failed \(line 9 of its cell or file\): AttributeError: .*no_such_column"),
        ("1 / 0", r"failed \(line 9 of its cell or file\): ZeroDivisionError: division by zero"),
        ("None", "gave NoneType; a report gives a table"),
        ("calls.count()", "gave IntegerScalar; a report gives a table"),
        ("calls.select(a=calls.outcome.cast('int64'))", "failed: ConversionException: .*answered"),
    ],
)
def test_a_mistake_is_a_sentence_with_its_name(boss: Viewer, body: str, said: str) -> None:
    broken(body)
    with pytest.raises(BadReport, match=f"^The report of your own 'broken' {said}") as failed:
        boss.report("broken", period="2025")
    assert "\n" not in str(failed.value) and isinstance(failed.value, OkiReportsError)
    assert boss.report("queue_summary", period="2025").arrow.num_rows == 2  # the others work on


def test_a_table_that_there_is_not_is_named(boss: Viewer) -> None:
    broken("cals", "cals: Table")
    with pytest.raises(BadReport, match=r"'broken' wants a table 'cals', which there is not\. Did you mean 'calls'\?"):
        boss.report("broken", period="2025")
    assert "queue_summary" in set(boss.reports["name"])


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        ("own(lambda frame: 1 / 0)", r"\(line 6 of its cell or file\): ZeroDivisionError: division by zero"),
        ("own(lambda frame: frame)", ": TypeError: it gave DataFrame, and not an Altair chart"),
    ],
)
def test_a_mistake_in_the_chart_leaves_the_rows(boss: Viewer, chart: str, said: str) -> None:
    broken("calls", chart=chart)
    result = boss.report("broken", period="2025")
    assert result.frame.shape[0] == ALPHA + BETA
    with pytest.raises(BadReport, match=f"^The chart of your own 'broken' failed ?{said}"):
        _ = result.chart


def test_a_run_that_is_ended_is_no_mistake(boss: Viewer) -> None:
    stop = Stop()
    names = cell(CELL)
    names["offered"] = lambda calls: stop.ask() or 1 / 0
    with pytest.raises(Stopped):
        replace(boss, stop=stop).report("patience", period="2025")


# ---- columns and charts ----------------------------------------------------------------------------------------------
def test_columns_have_labels_everywhere(boss: Viewer, tmp_path: Path) -> None:
    cell(CELL)
    result = boss.report("patience", period="2025")
    english = ["Queue", "Offered", "Waited over 5 s", "Odd ones", "Last at"]
    sheet = CalamineWorkbook.from_path(result.save(tmp_path / "patience.xlsx")).get_sheet_by_index(0)
    assert english in [[*row] for row in sheet.to_python()]
    shown = result._repr_mimebundle_()
    assert all(f">{word}</th>" in shown["text/html"] for word in english)  # type: ignore[operator]  # it is text
    assert "100.0%" in shown["text/html"]  # type: ignore[operator]  # it is text
    page = result.save(tmp_path / "patience.html", language="pl").read_text("utf-8")
    assert all(f">{word}</th>" in page for word in ("Kolejka", "Powyżej 5 s", "Odd ones")) and "100,0%" in page
    assert (label("odd_ones", "patience").unit, label("last_at", "patience").unit) == ("count", "instant")
    with pytest.raises(KeyError):
        label("odd_ones", "queue_summary")


def test_a_declaration_holds_for_all_and_can_be_made_again(boss: Viewer) -> None:
    cell(CELL)
    boss.report("patience", period="2025")
    declare("odd_ones", "Odd / even", unit="number")
    assert (label("odd_ones", "patience").words("pl"), label("odd_ones").unit) == ("Odd / even", "number")
    declare("odd_ones", "Odd", "Dziwne", unit="number", weight="offered")
    assert (label("odd_ones").words("pl"), label("odd_ones").weight) == ("Dziwne", ("offered",))
    with pytest.raises(ValueError, match=r"'odd_rate' has the unit 'count', its suffix says 'share'"):
        declare("odd_rate", "Odd", unit="count")
    with pytest.raises(ValueError, match="'offered' is the catalogue's"):
        declare("offered", "Mine", unit="count")


def test_a_chart_of_ones_own_has_what_all_charts_have(boss: Viewer) -> None:
    drawing = "own(lambda f: altair.Chart(f).mark_tick().encode(x='started_at:T', y='line'))"
    broken("calls.select('started_at', 'line')", chart=drawing)
    result = boss.report("broken", period="2025-06-02", projects="Alpha")
    spec = result.chart.to_dict()
    assert spec["title"]["text"] == "Broken" and spec["mark"]["type"] == "tick" and spec["config"]
    ((_, rows),) = spec["datasets"].items()
    assert {row["started_at"][:13] for row in rows} == {"2025-06-02T10"}  # of the clock on the wall; UTC is 8
    assert spec["description"].startswith("Broken. 2 June 2025")
    assert boss.report("broken", period="2024").frame.empty
    assert "No data" in str(boss.report("broken", period="2024").chart.to_dict())


def test_the_explorer_offers_it(boss: Viewer) -> None:
    cell(CELL)
    explorer = boss.explore(report="patience", period=("2025-06-01", "2025-07-01"), projects="Alpha", language="pl")
    try:
        end = time.monotonic() + 60
        while explorer.status.state not in ("done", "failed") and time.monotonic() < end:
            time.sleep(0.02)
        assert explorer.status.state == "done", explorer.status.text
        assert ("Własne", "own") in explorer.reports.section.options
        titles = [column["title"] for column in explorer.views.pager.columns]
        assert titles == ["Kolejka", "Oferowane", "Powyżej 5 s", "Odd ones", "Last at"]
    finally:
        explorer.close()
