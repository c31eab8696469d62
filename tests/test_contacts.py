"""What opens behind a row of a summary: the contacts that the row counts, all of them and no other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from ibis import Table

import growing
import okireports
import worlds
from laws import Trial, quick
from okireports import report as registry
from okireports import run
from okireports.answer import Log
from okireports.charts import bars
from okireports.clock import Interval
from okireports.errors import BadOption, Refused, UnknownName, UnknownReport
from okireports.faces import Center, Result, Viewer
from okireports.report import REPORTS, Contacts, all_reports

SUMMARIES = [r.name for r in all_reports() if r.contacts]
WITHOUT = {  # reports that look at contacts, and why no row of theirs opens any
    "call_log": "a row is a contact",
    "contract": "each term is measured over contacts by a rule of its own; its details list half hours",
    "concurrent_calls": "a contact runs in many intervals, and the figure is how many run at once",
    "costs": "charges; contacts stand beside them",
    "data_quality": "rows of any table",
    "evaluations_log": "a row is an evaluation",
    "imports": "tasks",
    "ivr_paths": "steps, of which a contact has several in one node",
    "kpi_scorecard": "each KPI is measured by a rule of its own",
    "lost_calls": "a row is a contact",
    "operators_log": "a row is a status",
    "orders": "orders; contacts stand beside them, on the row of each currency",
    "request_log": "a row is a request",
    "staffing_by_interval": "people; a contact keeps them busy in many intervals",
    "task_log": "a row is a task",
    "task_results": "tasks",
    "violations": "a row is a violation",
}
SEVERAL = ("speech_analytics", "transfers")  # a contact may be in several rows: of two rules, of two transfers
ROWS = 30 if int(os.environ.get("WORLDS") or 0) >= 50 else 1  # of a report in one way, chosen by chance
DEMO = ("2026-06-11", "2026-07-01")
KINDS = ("admin", "pair", "client", "all", "other")  # everything, a supervisor, aliases, own rows, costs


@pytest.fixture(scope="module", params=[3, 4], ids=["autumn", "spring"])
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """A random world around the night in which the clock changes."""
    made = Trial(worlds.world(request.param))
    assert made.world.shape.scene == {3: "autumn", 4: "spring"}[request.param]
    yield made
    made.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Center:
    with quick():
        return okireports.demo(tmp_path_factory.mktemp("contacts") / "centre", calls=1_500, until="2026-06-30")


def ways(name: str) -> list[dict[str, Any]]:
    """The options of a summary: as it is, day by day and by half hours; and whatever `per` takes."""
    told = REPORTS[name].options
    by = [None, "day", "30min"] if "by" in told else [...]
    per = told["per"].permitted if "per" in told else [...]
    chosen = [{"by": b, "per": p} for b, p in product(by, per)]
    return [{key: value for key, value in way.items() if value is not ...} for way in chosen]


def said(result: Result) -> list[int]:
    """How many contacts each row says that it counts."""
    column = result.answer.report.contacts
    assert column is not None
    return [count or 0 for count in result.arrow[column].to_pylist()]


def check(result: Result, log: Result, rng: Random, most: int = ROWS) -> int:
    """Rows open as many contacts as they say, of the log and in its order, with what tells the row apart."""
    counts, lines = said(result), log.arrow.to_pylist()
    positions = rng.sample(range(len(counts)), min(most, len(counts)))
    for position in positions:
        opened = result.contacts(position)
        assert opened.arrow.num_rows == counts[position], (result.answer.provenance, position)
        assert opened.arrow.schema.equals(log.arrow.schema)
        found = opened.arrow.to_pylist()
        calls = {line["call"] for line in found}
        assert found == [line for line in lines if line["call"] in calls]
        for name, value in opened.answer.provenance.options["row"].items():  # type: ignore[attr-defined]
            if name in opened.arrow.column_names:
                assert {line[name] for line in found} <= {value}, name
    return sum(counts)


@pytest.mark.parametrize("name", SUMMARIES)
def test_rows_open_what_they_count(trial: Trial, name: str) -> None:
    """Each way of asking, by viewers who take turns."""
    rng = Random(f"{trial.world.shape.seed} {name}")
    start = rng.randrange(len(KINDS))
    opened = 0
    for turn, way in enumerate(ways(name)):
        asking, kind = able(trial, name, start + turn)
        result = asking.report(name, period=trial.world.period, **way)
        log = trial.once(("log", kind), lambda asking=asking: asking.report("call_log", period=trial.world.period))
        total = check(result, log, rng)
        every = run.run(asking.viewing(), result._question.opened((), None, 0)).rows.count
        assert every <= total if name in SEVERAL else every == total, (kind, way)
        opened += every
    assert opened, "nothing was opened"


def able(trial: Trial, name: str, turn: int) -> tuple[Viewer, str]:
    """The next viewer who may run a report and the log, and sees a contact in it; the admin always does."""
    for step in range(len(KINDS)):
        kind = KINDS[(turn + step) % len(KINDS)]
        viewer = trial.viewer(kind)
        asking = trial.center.viewer(viewer.login, reason=viewer.reason)
        if trial.once(("sees", name, kind), lambda asking=asking: sees(asking, name, trial.world.period)):
            return asking, kind
    raise AssertionError(f"nobody sees anything in {name}")


@pytest.mark.parametrize("name", SUMMARIES)
def test_rows_of_an_invented_centre_open_what_they_count(demo: Center, name: str) -> None:
    for login, reason in (("admin", "a test"), (client(demo), None)):
        viewer = demo.viewer(login, reason=reason)
        if name not in set(viewer.reports["name"]):
            continue
        result = viewer.report(name, period=DEMO)
        assert check(result, viewer.report("call_log", period=DEMO), Random(name)) or login != "admin"


def sees(asking: Viewer, name: str, period: Any) -> bool:
    """May she run a report, and is there a contact in it?"""
    try:
        return bool(sum(said(asking.report(name, period=period))))
    except (UnknownReport, Refused):
        return False


def client(center: Center) -> str:
    people = center.users.frame
    return str(people.loc[people["role"] == "Client", "login"].iloc[0])


def test_every_report_of_contacts_opens_them_or_says_why_not() -> None:
    of_contacts = {r.name for r in all_reports() if any(run.WHOLE.get(t, t) == "calls" for t in r.tables)}
    assert of_contacts == {*SUMMARIES, *WITHOUT} and not {*SUMMARIES} & WITHOUT.keys()


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_grain_tells_rows_apart(trial: Trial, name: str) -> None:
    counted, viewer = REPORTS[name].counted, trial.viewer("admin")
    assert counted is not None
    asking = trial.center.viewer(viewer.login, reason=viewer.reason)
    for way in ways(name):
        rows = asking.report(name, period=trial.world.period, **way).arrow
        grain = [c for c in counted.grain if c in rows.column_names]
        assert grain == rows.column_names[: len(grain)]
        assert rows.select(grain).group_by(grain).aggregate([]).num_rows == rows.num_rows


@pytest.mark.parametrize("name", ["queue_summary", "reachability", "inbound_statistics", "transfers"])
def test_many_contacts_come_in_stretches_and_are_the_same(
    trial: Trial, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = trial.viewer("admin")
    result = trial.center.viewer(viewer.login, reason=viewer.reason).report(name, period=trial.world.period)
    most = max(range(result.arrow.num_rows), key=lambda position: said(result)[position])
    whole = result.contacts(most).arrow
    monkeypatch.setattr(run, "MOST_ROWS", 1)
    monkeypatch.setattr(run, "AT_ONCE", 1)
    long = result.contacts(most)
    alone = name in ("queue_summary", "reachability")  # others look at what is before and after
    assert isinstance(long.answer.rows, Log) == (alone and whole.num_rows > 1)
    assert whole.num_rows and long.arrow.equals(whole)


def test_of_another_project_nothing_opens(trial: Trial) -> None:
    """A transfer between two projects opens the contact on one's own side."""
    seen = 0
    for kind in ("single", "pair", "client"):
        viewer = trial.viewer(kind)
        result = trial.center.viewer(viewer.login).report("transfers", period=trial.world.period)
        for position, row in enumerate(result.arrow.to_pylist()):
            other = {"from": "to", "to": "from"}.get(next((s for s in ("from", "to") if elsewhere(row, s)), ""))
            if other is not None:
                found = result.contacts(position).arrow.to_pylist()
                assert len(found) == row["transfers"]
                assert {line["project"] for line in found} == {row[f"{other}_project"]} <= viewer.projects
                seen += len(found)
    assert seen


def elsewhere(row: dict[str, Any], side: str) -> bool:
    return bool(row[f"{side}_project"] == "other project")


# ---- a centre whose contacts are known one by one --------------------------------------------------------------------
TWICE = datetime(2025, 10, 26, 0, 30, tzinfo=UTC)  # 02:30 in Warsaw, an hour before the next 02:30


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha with 5 calls and Beta with 7 on 2 June, and one call each at both 02:30 of the autumn night."""
    folder = tmp_path_factory.mktemp("known")
    with quick():
        made = okireports.create(folder / "center", now=TWICE + timedelta(days=9))
        made.load(growing.write(folder / "definitions", growing.DEFINITIONS))
        made.load(growing.day(folder, 0))
        night = [growing.call(f"n{i}", TWICE + timedelta(hours=i), "Alpha line", "olek") for i in range(2)]
        made.load(growing.write(folder / "night", {"calls": night}))
    return made


@pytest.fixture
def center(kept: Center, tmp_path: Path) -> Center:
    """The same, to be changed."""
    shutil.copytree(kept.path, tmp_path / "center")
    return okireports.open(tmp_path / "center", now=TWICE + timedelta(days=9))


JUNE, NIGHT = "2025-06", "2025-10-26"
WHO = {"actor": "admin", "reason": "a test"}
ALPHA, BETA = ({"project": p, "queue": f"{p} line"} for p in ("Alpha", "Beta"))


def calls(result: Result) -> list[str]:
    return [str(call) for call in result.arrow["call"].to_pylist()]


def test_it_is_the_call_log(kept: Center) -> None:
    boss = kept.viewer("boss")
    result, log = boss.report("queue_summary", period=JUNE), boss.report("call_log", period=JUNE, projects="Alpha")
    opened = result.contacts(0)
    assert calls(opened) == [f"0-Alpha-{i}" for i in (4, 3, 2, 1, 0)]
    assert opened.arrow.equals(log.arrow)
    ours, theirs = opened.chart.to_dict(), log.chart.to_dict()
    assert ours["title"]["text"] == "Call log" and ours == theirs
    assert opened.answer.provenance.report == "call_log"
    assert opened.answer.provenance.options == {
        **{"by": None, "limit": None, "offset": 0},
        **{"contacts_of": "queue_summary", "row": ALPHA},
    }
    assert calls(result.contacts(0, limit=2, offset=1)) == ["0-Alpha-3", "0-Alpha-2"]
    assert "Alpha line" not in repr(opened) and "5 rows" in repr(opened)
    assert REPORTS["queue_summary"].contacts == "offered" and REPORTS["call_log"].contacts is None


def test_it_saves_as_a_log_does(kept: Center, tmp_path: Path) -> None:
    opened = kept.viewer("boss").report("service_level", period=JUNE, by="day").contacts(1)
    told = json.loads(opened.save(tmp_path / "contacts.json").read_text("utf-8"))["provenance"]["provenance"]
    assert told["options"]["row"] == {**BETA, "interval": "2025-06-02"}
    assert opened.save(tmp_path / "contacts.csv").read_text("utf-8").count("\n") == 1 + growing.BETA


def test_a_row_is_named_by_position_or_by_values(kept: Center) -> None:
    result = kept.viewer("boss").report("service_level", period=NIGHT, by="30min")
    first, second = result.arrow.to_pylist()
    assert [calls(result.contacts(i)) for i in range(2)] == [["n0"], ["n1"]]
    for at in (second["interval"], second["interval"].isoformat(), result.frame["interval"][1]):
        assert calls(result.contacts({**ALPHA, "interval": at})) == ["n1"]
    assert calls(result.contacts(first)) == ["n0"]
    assert calls(result.contacts(result.frame.iloc[1].to_dict())) == ["n1"]
    assert calls(result.contacts(result.frame.iloc[0])) == ["n0"]
    days = kept.viewer("boss").report("service_level", period=NIGHT, by="day")
    for at in (date(2025, 10, 26), NIGHT, days.frame["interval"][0]):
        assert calls(days.contacts({**ALPHA, "interval": at})) == ["n1", "n0"]
    outcomes = kept.viewer("boss").report("call_outcomes", period=NIGHT)
    assert calls(outcomes.contacts({"outcome": "answered", "result": None})) == ["n1", "n0"]
    assert calls(outcomes.contacts({"outcome": "answered", "result": float("nan")})) == ["n1", "n0"]


@pytest.mark.parametrize("row", [2, -1, "Alpha", 1.0, None, {}, {"project": "Alpha"}, {**ALPHA, "colour": "red"}])
def test_what_names_no_row_is_refused(kept: Center, row: Any) -> None:
    result = kept.viewer("boss").report("queue_summary", period=JUNE)
    with pytest.raises(BadOption):
        result.contacts(row)


@pytest.mark.parametrize("name", ["call_log", "concurrent_calls"])
def test_a_report_without_contacts_says_which_have_some(kept: Center, name: str) -> None:
    with pytest.raises(BadOption, match=rf"{name}.* no summaries of contacts\..*queue_summary"):
        kept.viewer("boss").report(name, period=JUNE).contacts(0)
    opened = kept.viewer("boss").report("queue_summary", period=JUNE).contacts(0)
    with pytest.raises(BadOption, match="no summaries"):
        opened.contacts(0)
    with pytest.raises(BadOption, match="no details"):
        _ = opened.details


def test_filters_and_projects_stay(kept: Center) -> None:
    boss = kept.viewer("boss")
    one = boss.report("call_outcomes", period=JUNE, operators="ola")
    assert said(one) == [growing.BETA] and len(calls(one.contacts(0))) == growing.BETA
    narrow = boss.report("call_outcomes", period=JUNE, projects=iter(["Alpha"]))
    assert said(narrow) == [growing.ALPHA] == [len(calls(narrow.contacts(0)))]


def test_a_hidden_row_is_as_unknown_as_one_that_is_not_there(kept: Center) -> None:
    result = kept.viewer("anna").report("queue_summary", period=JUNE)
    told = []
    for word in ("Beta", "Bela"):
        with pytest.raises(UnknownName) as refusal:
            result.contacts({"project": word, "queue": f"{word} line"})
        assert refusal.value.__context__ is None
        told.append(str(refusal.value).replace(word, "..."))
    assert told[0] == told[1] and "Alpha" not in told[0]
    for word in ("Beta", "Bela"):  # nor does the run tell more, whoever asks it past the frame
        asked = result._question.opened((("project", word), ("queue", f"{word} line")), None, 0)
        with pytest.raises(UnknownName, match=f"no project '{word}' among those you can see"):
            run.run(kept.viewer("anna").viewing(), asked)


def test_it_is_asked_anew(center: Center) -> None:
    result = center.viewer("boss").report("queue_summary", period=JUNE)
    center.projects.remove_member("Beta", "boss", **WHO)
    assert len(calls(result.contacts(ALPHA))) == growing.ALPHA
    with pytest.raises(UnknownName, match="no project 'Beta' among those you can see"):
        result.contacts(BETA)
    center.users.change("boss", active=False, **WHO)
    with pytest.raises(Refused, match="no active user"):
        result.contacts(ALPHA)


def test_it_shows_what_the_log_shows_her(center: Center) -> None:
    result = center.viewer("boss").report("queue_summary", period=JUNE)
    assert "phone" in result.contacts(0).arrow.column_names
    center.users.change("boss", role="Client", **WHO)
    opened = result.contacts(0)
    assert "phone" not in opened.arrow.column_names and "cost" not in opened.arrow.column_names
    assert {*opened.arrow["operator"].to_pylist()} == {f"Operator {number:04d}" for number in operators(center, "olek")}
    named = center.viewer("boss").report("call_outcomes", period=JUNE, per="operator")
    assert [len(calls(named.contacts(i))) for i in range(2)] == said(named)


def operators(center: Center, login: str) -> list[int]:
    return [int(i) for (i,) in growing.query(center, "SELECT user_id FROM control.users WHERE login = ?", login)]


def test_who_may_not_run_the_log_opens_nothing(center: Center) -> None:
    center.roles.create("Figures", copy="Supervisor", reports=("*", "-call_log"), **WHO)
    center.users.change("anna", role="Figures", **WHO)
    anna = center.viewer("anna")
    told = []
    for ask in (
        lambda: anna.report("queue_summary", period=JUNE).contacts(0),
        lambda: anna.report("call_log", period=JUNE),
    ):
        with pytest.raises(UnknownReport) as refusal:
            ask()
        told.append(str(refusal.value))
    assert told[0] == told[1]


def test_who_may_not_run_the_summary_any_more_opens_nothing(center: Center) -> None:
    result = center.viewer("anna").report("queue_summary", period=JUNE)
    center.users.change("anna", role="Operator", **WHO)
    with pytest.raises(UnknownReport, match="no report 'queue_summary'"):
        result.contacts(0)


def test_who_sees_only_her_own_rows_opens_no_report_about_everybody(center: Center) -> None:
    summary = center.viewer("boss").report("queue_summary", period=JUNE)
    center.roles.create("Own", copy="Supervisor", take=("run_sql",), add=("own_rows_only",), **WHO)
    for login in ("boss", "ola"):
        center.users.change(login, role="Own", **WHO)
    with pytest.raises(Refused, match="'queue_summary' is about everybody's"):
        summary.contacts(0)
    hers = center.viewer("ola").report("call_outcomes", period=JUNE)
    assert said(hers) == [growing.BETA] and len(calls(hers.contacts(0))) == growing.BETA
    assert center.viewer("boss").report("call_outcomes", period=JUNE).arrow.num_rows == 0


def test_each_opening_is_written_down(kept: Center) -> None:
    result = kept.viewer("boss").report("queue_summary", period=JUNE)
    before = {*kept.folder.journal.iterdir()}
    result.contacts(0)
    (entry,) = (json.loads(path.read_text("utf-8")) for path in {*kept.folder.journal.iterdir()} - before)
    assert (entry["actor"], entry["action"], entry["subject"]) == ("boss", "run report", "call_log")


# ---- what a report may say of its contacts ---------------------------------------------------------------------------
def of_queues(calls: Table, queues: Table) -> Table:
    """Contacts, and names of queues."""
    return calls


def of_days(calls: Table, *, by: Interval = "day") -> Table:  # type: ignore[assignment]  # the run makes the Interval
    """Contacts, in another grain."""
    return calls


def of_formula(calls: Table, *, formula: str) -> Table:
    """Contacts, by what the report does not ask for."""
    return calls


@pytest.mark.parametrize("rows", [of_queues, of_days, of_formula])
def test_contacts_are_made_of_what_their_report_takes(rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def plain(calls: Table, *, by: Interval = "hour") -> Table:  # type: ignore[assignment]  # the run makes the Interval
        """Contacts.

        Definitions: none.
        """
        return calls

    plain.__module__ = "okireports.reports.sip"
    monkeypatch.setattr(registry, "REPORTS", {})
    with pytest.raises(TypeError, match=f"{rows.__name__}: contacts are made of what 'plain' takes"):
        registry.report("Plain", pl="Prosty", chart=bars("queue"), contacts=Contacts("contacts", (), rows))(plain)


def test_statements_of_one_row_and_of_its_report_are_made_once(kept: Center) -> None:
    from okireports.statement import statement

    result = kept.viewer("boss").report("queue_summary", period=JUNE)
    result.contacts(0)
    made = statement.cache_info().misses
    assert pa.table(result.contacts(0)).num_rows == growing.ALPHA
    assert statement.cache_info().misses == made
