"""Definitions by hand: who may change which, what is refused, and which version holds when."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pytest

import growing
import loaded
import okireports
from okireports.access import RIGHTS
from okireports.errors import BadOption, ChangeError, Refused, UnknownName
from okireports.faces import Center
from okireports.tables import CONTROL

WHY = {"actor": "admin", "reason": "a test"}
LENA = {"actor": "lena", "reason": "her project"}
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
LATER = "2025-08-01"
TARGET = {"queue": "Alpha line", "answer_within_s": 15, "goal": 0.8}
TARIFF = {"project": "Alpha", "status": "Busy", "free_s": 6, "first_s": 30, "step_s": 6, "price_per_min": "1.25"}
KPI = {"kpi": "Handling", "metric": "aht_s", "comparison": "<=", "target": 300}
ROWS: dict[str, dict[str, Any]] = {  # one of each kind
    "targets": TARGET,
    "hours": {
        "queue": "Alpha line",
        "weekday": 1,
        "opens": time(8),
        "closes": "20:00",
        "holidays": [date(2025, 12, 25)],
    },
    "kpis": KPI | {"role": "Operator", "weight": 2},
    "tariffs": TARIFF,
    "contracts": {"project": "Alpha", "term": "Each call", "metric": "handled", "price": 2.5},
    "activities": {"activity": "work", "status": "Busy"},
    "away_reasons": {"reason": "lunch", "allowed_s": 600, "paid": False},
    "check_plans": {"plan": "July", "evaluator": "anna", "due": 10},
    "results": {"project": "Alpha", "result": "sold", "person": True, "sale": True},
    "stages": {"form": "Card", "stage": "New", "position": 1, "lost": False},
    "imports": {"import": "June", "dialer": "Dialer"},
    "quotas": {"name": "Men", "form": "Card", "question": "Sex", "answer": "m", "goal": 50},
    "settings": {"formula": "offered"},
}
DATED = [kind for kind in ROWS if kind != "settings" and CONTROL[kind].dated]
UNDATED = [kind for kind in ROWS if kind != "settings" and not CONTROL[kind].dated]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    """Alpha and Beta with a queue each, a form and a dialer of Alpha; lena leads Alpha; a day of calls is loaded."""
    made = growing.make(folder := tmp_path_factory.mktemp("definitions"))
    manages = [right for right in RIGHTS if right.startswith("manage_")]
    made.roles.create("Lead", copy="Supervisor", add=manages, **WHY)
    made.users.create("lena", role="Lead", **WHY)
    made.projects.add_member("Alpha", "lena", **WHY)
    made.projects.add_object("Alpha", "crm_form", "Card", **WHY)
    made.projects.add_object("Alpha", "dialer", "Dialer", **WHY)
    made.load(growing.day(folder, 0))
    return made


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    """One's own copy of it."""
    return okireports.open(growing.copy(template, tmp_path).path, now=NOW)


def key_of(kind: str) -> dict[str, Any]:
    """Which definition the row of a kind is."""
    return {name: value for name, value in ROWS[kind].items() if name in CONTROL[kind].key}


def unchanged(center: Center, action: Callable[[], object], error: type[Exception], words: str) -> None:
    """The action is refused in these words, and nothing is published."""
    before = center.folder.current()
    with pytest.raises(error, match=words):
        action()
    assert center.folder.current() == before


# What there is


def test_every_definition_of_the_model_is_a_kind(center: Center) -> None:
    frame = center.definitions.frame.set_index("kind")
    people = {"projects", "users", "groups", "group_members", "memberships", "objects", "project_objects"}
    assert set(frame.index) == set(ROWS) == {n for n, c in CONTROL.items() if c.given} - people | {"settings"}
    assert frame.loc["targets", "columns"].split()[0] == "queue!"
    assert {kind for kind in frame.index if frame.loc[kind, "dated"]} == {*DATED, "settings"}


@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind != "settings"])
def test_what_is_set_is_read_back_by_name(center: Center, kind: str) -> None:
    center.definitions.set(kind, ROWS[kind], **WHY)
    (row,) = center.definitions.list(kind).to_dict("records")
    wanted = {
        "opens": time(8),
        "closes": time(20),
        "holidays": "2025-12-25",
        "price": Decimal("2.5"),
        "price_per_min": Decimal("1.25"),
    }
    for name, value in ROWS[kind].items():
        assert row[name] == wanted.get(name, value), name
    if kind in DATED:
        assert row["valid_from"] == NOW and row["valid_to"] is pd.NaT
    assert center.audit.verify() == []


@pytest.mark.parametrize("kind", [kind for kind in ROWS if kind != "settings"])
def test_a_file_says_the_same(center: Center, tmp_path: Path, kind: str) -> None:
    """One set of rules: what a folder of files makes of a row is what a change by hand makes of it."""
    center.definitions.set(kind, ROWS[kind], **({"valid_from": "2025-09-01"} if kind in DATED else {}), **WHY)
    other = growing.make(tmp_path / "other")
    for thing in (("crm_form", "Card"), ("dialer", "Dialer")):
        other.projects.add_object("Alpha", *thing, **WHY)
    said = {name: "2025-12-25" if name == "holidays" else value for name, value in ROWS[kind].items()}
    said |= {"valid_from": "2025-09-01"} if kind in DATED else {}
    other.load(growing.write(tmp_path / "files", {kind: [said]}))
    pd.testing.assert_frame_equal(center.definitions.history(kind), other.definitions.history(kind))
    assert len(center.definitions.history(kind)) == 1


# Rights


def changes(center: Center) -> dict[str, Callable[[dict[str, Any]], object]]:
    """A change of every kind and way."""
    definitions = center.definitions
    done: dict[str, Callable[[dict[str, Any]], object]] = {
        f"set {kind}": (lambda by, kind=kind: definitions.set(kind, ROWS[kind], **by)) for kind in ROWS
    }
    done |= {f"end {kind}": (lambda by, kind=kind: definitions.end(kind, key_of(kind), **by)) for kind in DATED}
    return done | {
        f"remove {kind}": (lambda by, kind=kind: definitions.remove(kind, key_of(kind), **by)) for kind in UNDATED
    }


def test_without_the_right_all_is_refused_and_noted(center: Center) -> None:
    center.roles.create("Nearly", copy="Admin", take=["manage_definitions"], **WHY)
    center.users.create("nela", role="Nearly", **WHY)
    words = r"nela \(role Nearly\) lacks the right 'manage_definitions'"
    tried = changes(center)
    for change in tried.values():
        unchanged(center, lambda change=change: change({"actor": "nela", "reason": "I may not"}), Refused, words)
    center.users.create("after", **WHY)  # the next writer takes the refusals into the log
    log = center.audit.frame
    refused = log[log["action"] == "refused"]
    assert len(refused) == len(tried) and set(refused["subject"]) == {"manage_definitions"}
    assert center.audit.verify() == []


def test_with_the_right_all_is_done_and_logged_once(center: Center) -> None:
    for name, change in changes(center).items():
        before, generation = len(center.audit.frame), center.folder.current().generation
        change({"actor": "ADMIN", "reason": f" {name} "})
        new = center.audit.frame.iloc[before:]
        assert list(zip(new["actor"], new["reason"], strict=True)) == [("admin", name)]
        assert center.folder.current().generation == generation + 1
    assert all(center.definitions.list(kind).empty for kind in ROWS if kind != "settings")
    assert center.audit.verify() == []


@pytest.mark.parametrize("reason", ["", " \n"])
def test_a_change_needs_a_reason(center: Center, reason: str) -> None:
    by = {"actor": "admin", "reason": reason}
    for change in changes(center).values():
        unchanged(center, lambda change=change: change(by), ChangeError, "Say why")


def test_a_lead_changes_what_is_of_her_projects(center: Center) -> None:
    for kind in ("targets", "hours", "tariffs", "contracts", "results", "stages", "imports", "quotas", "check_plans"):
        center.definitions.set(kind, ROWS[kind], **LENA)
    center.definitions.set("kpis", KPI | {"project": "Alpha"}, **LENA)
    center.definitions.end("tariffs", key_of("tariffs"), **LENA)
    log = center.audit.frame
    entry = log[log["action"] == "create tariff"].iloc[0]
    assert (entry["actor"], entry["project_id"]) == ("lena", 1)


def test_what_holds_for_all_is_for_those_who_see_all(center: Center) -> None:
    for kind in ("kpis", "activities", "away_reasons", "settings"):
        unchanged(center, lambda kind=kind: center.definitions.set(kind, ROWS[kind], **LENA), Refused, "all projects")
    unchanged(center, lambda: center.settings.change(goal="0.5", **LENA), Refused, "Settings hold for all projects")
    center.definitions.set("away_reasons", ROWS["away_reasons"], **WHY)
    unchanged(center, lambda: center.definitions.end("away_reasons", {"reason": "lunch"}, **LENA), Refused, "all proj")


@pytest.mark.parametrize(
    ("kind", "column", "hidden", "missing"),
    [
        ("targets", "queue", "Beta line", "Zeta line"),
        ("hours", "queue", "Beta line", "Zeta line"),
        ("tariffs", "project", "Beta", "Zeta"),
        ("check_plans", "evaluator", "ola", "ula"),
        ("check_plans", "evaluator", "boss", "bass"),  # boss works in Beta, too
    ],
)
def test_what_is_hidden_is_as_unknown_as_what_is_not(
    center: Center, kind: str, column: str, hidden: str, missing: str
) -> None:
    said = []
    for name in (hidden, missing):
        for action in (center.definitions.set, center.definitions.end):
            with pytest.raises(UnknownName) as caught:
                action(kind, ROWS[kind] | {column: name}, **LENA)
            said.append(str(caught.value).replace(name, "..."))
    assert len(set(said)) == 1 and "Beta" not in said[0]


def test_in_a_simplified_centre_the_right_is_enough(tmp_path: Path) -> None:
    center = okireports.create(tmp_path / "centre", security="simplified", now=NOW)
    center.definitions.set("away_reasons", ROWS["away_reasons"], **WHY)
    center.settings.change(formula="offered", **WHY)
    assert len(center.definitions.list("away_reasons")) == 1


# Bad input


def test_what_is_wrong_is_said_and_nothing_is_half_done(center: Center) -> None:
    cases: list[tuple[str, Any, dict[str, Any], type[Exception], str]] = [
        ("target", TARGET, {}, ChangeError, "Did you mean 'targets'"),
        ("targets", {}, {}, ChangeError, "Say what to change"),
        ("targets", TARGET | {"gaol": 1}, {}, ChangeError, "no 'gaol'. Did you mean 'goal'"),
        ("targets", {"answer_within_s": 5}, {}, ChangeError, "queue=None: say of which one"),
        ("targets", {"queue": "Alpha line", "goal": 0.5}, {}, ChangeError, "answer_within_s=None: a value is missing"),
        ("targets", TARGET | {"answer_within_s": -1}, {}, ChangeError, "may not be negative"),
        ("targets", TARGET | {"short_abandon_s": "-0.5"}, {}, ChangeError, "may not be negative"),
        ("targets", TARGET | {"goal": 80}, {}, ChangeError, "0.8 for 80 %"),
        ("targets", TARGET | {"queue": "Alfa line"}, {}, UnknownName, "Did you mean 'Alpha line'"),
        ("targets", TARGET, {"valid_from": "soon"}, ChangeError, "it is no instant"),
        ("targets", TARGET | {"valid_to": "2025-07-02"}, {"valid_from": LATER}, ChangeError, "not after valid_from"),
        ("kpis", KPI | {"metric": "aht"}, {}, ChangeError, "Did you mean 'aht_s'"),
        ("kpis", KPI | {"comparison": "<"}, {}, ChangeError, "one of >=, <="),
        ("kpis", KPI | {"target": -5}, {}, ChangeError, "may not be negative"),
        ("kpis", KPI | {"group": "Early"}, {}, UnknownName, "no group 'Early'"),
        ("tariffs", TARIFF | {"step_s": 0}, {}, ChangeError, "step of 0 seconds"),
        ("tariffs", TARIFF | {"free_s": -6}, {}, ChangeError, "may not be negative"),
        ("tariffs", TARIFF | {"price_per_min": "-1"}, {}, ChangeError, "not negative"),
        ("tariffs", TARIFF | {"currency": "zloty"}, {}, ChangeError, "ISO 4217"),
        ("away_reasons", {"reason": "lunch", "allowed_s": -60}, {}, ChangeError, "may not be negative"),
        ("hours", ROWS["hours"] | {"weekday": 0}, {}, ChangeError, "1 .Monday. to 7"),
        ("results", ROWS["results"], {"valid_from": LATER}, ChangeError, "no dates"),
        ("settings", {"formula": "best"}, {}, BadOption, "it is one of"),
        ("settings", {"goal": "-1"}, {}, BadOption, "between 0 and 1"),
        ("settings", {"answer_within_s": -20}, {}, BadOption, "between 0 and"),
        ("settings", {"week_start": 6}, {"valid_from": LATER}, ChangeError, "week_start holds for all time"),
        ("settings", {"formula": "offered"}, {"valid_from": "soon"}, ChangeError, "no instant"),
    ]
    for kind, values, options, error, words in cases:
        unchanged(center, lambda k=kind, v=values, o=options: center.definitions.set(k, v, **o, **WHY), error, words)
    assert all(center.definitions.history(kind).empty for kind in ROWS if kind != "settings")


def test_several_rows_are_all_set_or_none(center: Center) -> None:
    week = [ROWS["hours"] | {"weekday": day} for day in range(1, 6)]
    wrong = [*week, ROWS["hours"] | {"weekday": 8}]
    unchanged(center, lambda: center.definitions.set("hours", wrong, **WHY), ChangeError, "weekdays are")
    center.definitions.set("hours", pd.DataFrame(week), **WHY)
    assert list(center.definitions.list("hours")["weekday"]) == [1, 2, 3, 4, 5]
    two = [key_of("hours"), key_of("hours") | {"weekday": 7}]
    unchanged(center, lambda: center.definitions.end("hours", two, **WHY), ChangeError, "No such row of hours holds")
    center.definitions.end("hours", two[:1], **WHY)
    assert list(center.definitions.list("hours")["weekday"]) == [2, 3, 4, 5]


def test_what_ends_and_what_is_taken_away(center: Center) -> None:
    for kind in DATED:
        unchanged(
            center, partial(center.definitions.remove, kind, key_of(kind), **WHY), ChangeError, "end them with `end`"
        )
    for kind in UNDATED:
        unchanged(
            center,
            partial(center.definitions.end, kind, key_of(kind), **WHY),
            ChangeError,
            "take a row away with `remove`",
        )
    unchanged(center, lambda: center.definitions.end("settings", {"goal": ""}, **WHY), ChangeError, "have no end")
    unchanged(
        center, lambda: center.definitions.remove("results", key_of("results"), **WHY), ChangeError, "no such row"
    )


# Stamped on what is stored


def test_a_target_does_not_contradict_what_is_stamped(center: Center) -> None:
    """The last call of Alpha started at 8:04 on 2 June, that of Beta at 8:06 (UTC): 10:04 and 10:06 in Warsaw."""
    words = "Contacts of Alpha line up to 2025-06-02 10:04:00 are loaded, and keep the target"
    targets = center.definitions
    for since in ("always", "2025-06-01", "2025-06-02T10:04:00", "2025-06-02T08:04:00+00:00"):
        unchanged(center, lambda at=since: targets.set("targets", TARGET, valid_from=at, **WHY), ChangeError, words)
    targets.set("targets", TARGET, valid_from="2025-06-02T10:04:00.001", **WHY)
    targets.set("targets", TARGET | {"queue": "Beta line"}, valid_from="2025-06-03", **WHY)
    targets.set(
        "targets",
        {"queue": "Alpha line", "answer_within_s": 9, "valid_to": "2025-06-01"},
        valid_from="2025-05-01",
        **WHY,
    )
    key = {"queue": "Alpha line"}
    unchanged(center, lambda: targets.end("targets", key, valid_to="2025-05-20", **WHY), ChangeError, words)
    for setting in ({"answer_within_s": 9}, {"short_abandon_s": 9}, {"goal": 0.5}):
        words = "Contacts up to 2025-06-02 10:06:00 are loaded"
        unchanged(
            center, lambda s=setting: targets.set("settings", s, valid_from="2025-06-02", **WHY), ChangeError, words
        )
        targets.set("settings", setting, valid_from="2025-06-03", **WHY)


def test_contacts_of_other_projects_are_not_told_by_a_refusal(center: Center, tmp_path: Path) -> None:
    """A contact of Beta that came by Alpha's queue is nothing that who leads Alpha hears of."""
    hidden = growing.call("hidden", datetime(2025, 6, 5, tzinfo=UTC), "Alpha line", "ola") | {"project": "Beta"}
    center.load(growing.write(tmp_path / "hidden", {"calls": [hidden]}))
    change = partial(center.definitions.set, "targets", TARGET)
    unchanged(center, lambda: change(valid_from="2025-06-02", **LENA), ChangeError, "up to 2025-06-02 10:04:00")
    unchanged(center, lambda: change(valid_from="2025-06-03", **WHY), ChangeError, "up to 2025-06-05 02:00:00")
    change(valid_from="2025-06-03", **LENA)


def test_which_target_counts_is_that_of_the_start(center: Center, tmp_path: Path) -> None:
    """A call that begins a millisecond before a target does, and lasts into it, keeps the one before."""
    center.definitions.set("targets", TARGET | {"answer_within_s": 30}, valid_from="2025-06-09", **WHY)
    noon = "2025-06-10T12:00:00"
    center.definitions.set("targets", {"queue": "Alpha line", "answer_within_s": 7}, valid_from=noon, **WHY)
    center.definitions.set("settings", {"short_abandon_s": 3}, valid_from=noon, **WHY)
    at = datetime(2025, 6, 10, 10, tzinfo=UTC)  # noon in Warsaw
    starts = {"first": datetime(2025, 6, 8, tzinfo=UTC), "before": at - timedelta(milliseconds=1), "at": at}
    calls = [growing.call(name, start, "Alpha line", "olek") for name, start in starts.items()]
    center.load(growing.write(tmp_path / "calls", {"calls": calls}))
    stamped = {name: loaded.one(center, "calls", source_id=name) for name in starts}
    thresholds = {name: (row["answer_within_s"], row["short_abandon_s"]) for name, row in stamped.items()}
    assert thresholds == {"first": (20, 5), "before": (30, 5), "at": (7, 3)}
    rows = center.viewer("boss").report("service_level", period="2025-06-10").frame  # each was answered after 10 s
    assert list(rows["answered_in_time"]) == [1, 0] and list(rows["interval"].dt.hour) == [11, 12]


def test_a_file_may_contradict_what_is_stamped_and_says_so(center: Center, tmp_path: Path) -> None:
    """Those contacts keep theirs until they come again; one set of files for both is a correction."""
    note = "targets that begin before contacts which are loaded already, and which keep their own"
    targets = [TARGET | {"answer_within_s": 5}, TARGET | {"valid_from": "2025-06-03"}]
    result = center.load(growing.write(tmp_path / "a", {"targets": targets}))
    assert result.notes[note] == 1
    day = {"period": "2025-06-02", "queues": "Alpha line"}
    assert center.viewer("boss").report("service_level", **day).frame["answered_in_time"].sum() == growing.ALPHA
    assert note not in center.load(growing.write(tmp_path / "b", {"targets": targets})).notes
    center.load(growing.day(tmp_path, 0))
    assert center.viewer("boss").report("service_level", **day).frame["answered_in_time"].sum() == 0


# Which version holds

DAY_0 = date(2026, 1, 1)
DAYS = 30


def day(n: int) -> str:
    return str(DAY_0 + timedelta(days=n))


class Model:
    """Day by day which limit holds, and where versions begin: said once more, in plain Python."""

    def __init__(self) -> None:
        self.limit: list[int | None] = [None] * (DAYS + 1)  # the last one stands for all days to come
        self.starts: set[int] = set()

    def set(self, limit: int, since: int, until: int | None) -> None:
        """Until the next version begins; with an end, what is interrupted goes on, unless it began then, too."""
        following = min((start for start in self.starts if start > since), default=DAYS + 1)
        stretch = range(since, following)
        if until is None:
            gaps = (n for n in stretch if self.limit[n] is None) if self.limit[since] is not None else ()
            end = min(gaps, default=following)
        else:
            end = min(until, following)
            if since in self.starts:
                self.limit[since:following] = [None] * len(stretch)
            elif until < following and self.limit[until] is not None:
                self.starts.add(until)
        self.limit[since:end] = [limit] * (end - since)
        self.starts.add(since)

    def end(self, at: int) -> bool:
        there = any(limit is not None for limit in self.limit[at:])
        self.limit[at:] = [None] * (DAYS + 1 - at)
        self.starts = {start for start in self.starts if start < at}
        return there


@pytest.mark.parametrize("seed", range(3))
def test_versions_hold_as_a_calendar_would_say(center: Center, seed: int) -> None:
    rng, model, limits = Random(f"versions {seed}"), Model(), center.definitions
    for number in range(1, 13):
        since = rng.randrange(DAYS)
        if rng.random() < 0.25:
            if model.end(since):
                limits.end("away_reasons", {"reason": "lunch"}, valid_to=day(since), **WHY)
            continue
        until = rng.choice((None, None, rng.randrange(since + 1, DAYS + 1)))
        model.set(number, since, until)
        values = {"reason": "lunch", "allowed_s": number} | ({"valid_to": day(until)} if until else {})
        limits.set("away_reasons", values, valid_from=day(since), **WHY)
        history = limits.history("away_reasons")
        said = [
            [
                row["allowed_s"]
                for row in history.to_dict("records")
                if row["valid_from"].date() <= DAY_0 + timedelta(days=n)
                and (row["valid_to"] is pd.NaT or row["valid_to"].date() > DAY_0 + timedelta(days=n))
            ]
            for n in range(DAYS + 1)
        ]
        assert said == [[] if limit is None else [limit] for limit in model.limit]
    for n in range(0, DAYS + 1, 7):
        assert list(limits.list("away_reasons", on=day(n))["allowed_s"]) == said[n] or model.limit[n] is None


def test_what_is_not_said_stays_and_none_takes_it_away(center: Center) -> None:
    limits = center.definitions
    limits.set("targets", TARGET | {"short_abandon_s": 5}, **WHY)
    limits.set("targets", {"queue": "Alpha line", "goal": 0.9}, valid_from=LATER, **WHY)
    limits.set("targets", {"queue": "Alpha line", "goal": None}, valid_from="2025-09-01", **WHY)
    rows = limits.history("targets")
    assert list(rows["answer_within_s"]) == [15, 15, 15] and list(rows["short_abandon_s"]) == [5, 5, 5]
    assert list(rows["goal"])[:2] == [0.8, 0.9] and pd.isna(rows["goal"][2])
    limits.set("targets", {"queue": "Alpha line", "goal": 0.7}, valid_from="2025-09-01", **WHY)  # the same version
    assert list(limits.history("targets")["goal"]) == [0.8, 0.9, 0.7]
    log = center.audit.frame
    entry = log[log["action"] == "change target"].iloc[-1]
    assert (json.loads(entry["before"]), json.loads(entry["after"])) == ({"goal": None}, {"goal": 0.7})


def test_instants_are_local_and_days_begin_at_midnight(center: Center) -> None:
    center.definitions.set("away_reasons", ROWS["away_reasons"], valid_from="2025-10-26", **WHY)
    (row,) = center.definitions.history("away_reasons").to_dict("records")
    assert row["valid_from"] == datetime(2025, 10, 25, 22, tzinfo=UTC)
    assert str(row["valid_from"].tz) == "Europe/Warsaw"
    assert center.definitions.list("away_reasons", on="2025-10-25T23:59:59").empty
    assert len(center.definitions.list("away_reasons", on=date(2025, 10, 26))) == 1
    with pytest.raises(ChangeError, match="no instant"):
        center.definitions.list("away_reasons", on="yesterday")


# Settings


def test_a_setting_begins_and_what_holds_now_is_said(center: Center) -> None:
    center.definitions.set("settings", {"formula": "offered"}, valid_from="2025-07-02", **WHY)
    assert center.settings.values["formula"] == "short"
    assert okireports.open(center.path, now=NOW + timedelta(days=1)).settings.values["formula"] == "offered"
    rows = center.definitions.history("settings").set_index("setting").loc["formula"]
    assert list(rows["value"]) == ["short", "offered"]
    assert list(
        center.definitions.list("settings", on="2025-07-02").set_index("setting").loc[["formula"], "value"]
    ) == ["offered"]
    center.settings.change(formula="answered", **WHY)  # for all time
    assert list(center.definitions.history("settings").set_index("setting").loc[["formula"], "value"]) == ["answered"]
    log = center.audit.frame
    entry = log[log["action"] == "change setting"].iloc[-1]
    assert json.loads(entry["before"]) == {"value": "short", "from 2025-07-01 22:00:00": "offered"}


def test_a_formula_counts_for_periods_that_end_in_its_time(center: Center) -> None:
    center.definitions.set("settings", {"formula": "answered"}, valid_from="2025-06-03", **WHY)
    boss = center.viewer("boss")
    formulas = {
        period: boss.report("queue_summary", period=period).provenance.formula
        for period in ("2025-06-02", "2025-06-03", "2025-06", "2025-05")
    }
    assert formulas == {"2025-06-02": "short", "2025-06-03": "answered", "2025-06": "answered", "2025-05": "short"}
