"""What the notebooks say that they found is so in the invented centre: each sentence with its figures."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import pandas as pd
import pytest

import okireports as oki
from okireports.faces import Viewer

ROOT = Path(__file__).parent.parent
QUARTER, JUNE = ("2026-04-01", "2026-07-01"), "2026-06"
QUEUES, PEOPLE = "03-queues-and-calls", "04-people-and-kpi"


class Sara:
    """Her reports on the centre of the notebooks, each asked once."""

    def __init__(self, viewer: Viewer) -> None:
        self.result = cache(lambda name, period=JUNE, **options: viewer.report(name, period=period, **options))

    def __call__(self, name: str, period: Any = JUNE, **options: Any) -> pd.DataFrame:
        frame: pd.DataFrame = self.result(name, period, **options).frame
        return frame

    @property
    def hours(self) -> pd.DataFrame:
        """By hour of the day: how many stood in the queues, and which share nobody answered."""
        sums = self("calls_by_hour", QUARTER).groupby("hour")[["offered", "answered"]].sum()
        return sums.assign(lost=1 - sums["answered"] / sums["offered"])

    @property
    def queues(self) -> pd.DataFrame:
        """June by queue."""
        return self("queue_summary").set_index("queue")

    @property
    def operators(self) -> pd.Series:
        """Occupancy by operator, the lowest first."""
        return self("operator_summary").set_index("operator")["occupancy"].sort_values()


@pytest.fixture(scope="module")
def sara() -> Iterator[Sara]:
    with TemporaryDirectory() as folder:
        yield Sara(oki.demo(Path(folder) / "demo", calls=20_000).viewer("sara"))


@pytest.fixture(scope="module", params=[QUEUES, PEOPLE])
def told(request: pytest.FixtureRequest) -> tuple[str, str]:
    """A notebook and all its prose in one line."""
    cells = nbformat.read(ROOT / "notebooks" / f"{request.param}.ipynb", as_version=4).cells
    return request.param, " ".join(" ".join(c.source.split()) for c in cells if c.cell_type == "markdown")


def most_at_noon(s: Sara) -> bool:
    return bool(s.hours["offered"].idxmax() == 12 and s.hours.loc[lambda h: h["offered"] > 100, "lost"].idxmax() > 12)


def a_fourth_after_noon(s: Sara) -> bool:
    lost = s.hours["lost"]
    return all(1 / 4.5 < lost[h] < 1 / 4 for h in (13, 14, 15)) and 1 / 17.5 < lost[8] < 1 / 16.5


def support_loses_most(s: Sara) -> bool:
    rate = s.queues["abandon_rate"].round(2)
    return rate.to_dict() == {"Acme orders": 0.08, "Bluebird billing": 0.08, "Bluebird support": 0.12}


def left_early(s: Sara) -> bool:
    waits = s("wait_distribution").query("outcome == 'abandoned'")
    return bool(waits.query("wait_from_s < 30")["contacts"].sum() > waits["contacts"].sum() / 2)


def one_in_seven_called_back(s: Sara) -> bool:
    lost = s("lost_calls")
    back = lost["called_back_at"].notna().sum()
    return round(len(lost) / back) == 7 and lost["reached"].sum() > 0.9 * back


def no_goal_met(s: Sara) -> bool:
    days = s("service_level", by="day").groupby("queue")["met"].agg(["sum", "count"])
    return bool((s.queues["service_level"] < 0.8).all() and (days["sum"] * 3 <= days["count"]).all())


def worst_week(s: Sara) -> bool:
    weeks = s("service_level", QUARTER, by="week")
    worst = weeks.loc[weeks["service_level"].idxmin()]
    found = (worst["queue"], f"{worst['interval']:%d %B}", round(worst["service_level"], 2))
    return found == ("Bluebird billing", "04 May", 0.5)


def promise_changed(s: Sara) -> bool:
    rules = s.result("service_level", QUARTER, by="week").provenance.definitions["targets"]
    new, old = (t for t in rules if t["queue"] == "Bluebird support")
    harder = new["goal"] > old["goal"] and new["answer_within_s"] < old["answer_within_s"]
    return f"{new['valid_from']:%d %B}" == "22 May" and new["valid_from"] == old["valid_to"] and harder


def only_of_answered(s: Sara) -> bool:
    found = s("service_level_variants")
    others = found[["sl_short", "sl_offered", "sl_positive", "sl_ignore"]]
    return len(found) == 3 and bool((found["sl_answered"] >= 0.8).all() and (others < 0.8).all(axis=None))


def who_repeats(s: Sara) -> bool:
    rate = s("repeat_calls").dropna(subset="queue").set_index("queue")["repeat_rate"].round(2)
    return rate.to_dict() == {"Acme orders": 0.26, "Bluebird billing": 0.34, "Bluebird support": 0.31}


def without_a_queue(s: Sara) -> bool:
    calls = s("call_log").query("direction == 'inbound' and queue.isna()")
    answered = calls["outcome"] == "answered"
    return bool(calls["operator"].isna().all() and (answered | (calls["outcome"] == "left_in_scenario")).all())


def left_in_the_menu(s: Sara) -> bool:
    steps = s("ivr_paths").set_index(["scenario", "node"])
    share = (steps["hung_up"] / steps["entered"]).round(2)
    acme, bluebird = share["Acme welcome"]["main menu"], share["Bluebird welcome"]
    return bool(acme == 0.07 and bluebird["main menu"] < 0.03 and bluebird["what is it about"] == 0.09)


def to_and_from_others(s: Sara) -> bool:
    found = s("transfers")
    sides = found[["from_project", "to_project"]].eq("other project")
    inside = found[~sides.any(axis=1)]["transfers"].sum()
    came = found[sides["from_project"]]
    return bool(inside < 0.1 * found["transfers"].sum() and came["answered_after"].sum() == came["transfers"].sum() > 0)


def lines_are_free(s: Sara) -> bool:
    return bool(s("concurrent_calls", by=None, per="provider")["peak_share"].max() <= 0.2)


def busy_late(s: Sara) -> bool:
    day = s("staffing_by_interval", "2026-06-10", by="hour").set_index("interval")["occupancy"]
    hours = {at.hour: value for at, value in day.items()}
    return bool(abs(hours[11] - 1 / 8) < 0.01 and abs(hours[17] - 9 / 10) < 0.01)


def missed_shifts(s: Sara) -> bool:
    shifts, least = s("attendance"), s("schedule_adherence").sort_values("adherence")["operator"][:4]
    missed = shifts[shifts["first_seen_at"].isna()]
    return len(missed) == 6 and {*missed["operator"]} == {*least}


def late_once(s: Sara) -> bool:
    late = s("attendance").query("late_s > 300")
    return len(late) == 14 and late["operator"].nunique() >= 13


def unequally_busy(s: Sara) -> bool:
    there = s("operator_summary").set_index("operator")["logged_s"]
    idle, busiest = s.operators.index[0], s.operators.index[-3:]
    three = bool(((s.operators > 0.9) == s.operators.index.isin(busiest)).all())
    return three and s.operators.iloc[0] < 1 / 20 < s.operators.iloc[1] and there[idle] > there[busiest].sum()


def over_the_limit(s: Sara) -> bool:
    sums = s("away_reasons").groupby("reason")[["times", "over_limit"]].sum()
    lunch, technical = sums.loc["Lunch"], sums.loc["Technical problem"]
    return round(10 * lunch["over_limit"] / lunch["times"]) == 3 and technical.to_list() == [6, 5]


def mostly_handling_time(s: Sara) -> bool:
    rows = s("kpi_scorecard")
    missed = (rows["attainment"] < 1).groupby(rows["kpi"]).mean().sort_values()
    return bool(
        missed.index[-1] == "Handling time" and missed.iloc[-1] > 0.5 and missed["Quality"] == missed.min() < 0.25
    )


def target_changed(s: Sara) -> bool:
    def targets(period: str) -> list[tuple[Any, str]]:
        rules = s.result("kpi_scorecard", period).provenance.definitions["kpis"]
        return [
            (r["target"], f"{r['valid_from']:%d %B}" if r["valid_from"] else "")
            for r in rules
            if r["metric"] == "aht_s"
        ]

    april = s("kpi_scorecard", "2026-04").query("kpi == 'Handling time'")["target"]
    return targets("2026-05") == [(340.0, "22 May"), (360.0, "")] and {*april} == {360.0}


def plan_is_done(s: Sara) -> bool:
    return bool((s("check_plan_progress")["done_share"] > 1).all())


def the_last_one(s: Sara) -> bool:
    ranks = s("operator_rating")
    return bool(ranks["quality"].idxmin() == ranks["csat"].idxmin() == ranks["rank"].idxmax())


def all_overlap(s: Sara) -> bool:
    rows = s("customer_satisfaction").query("kind == 'csat'")[["csat_low", "csat_high"]].to_numpy()
    return len(rows) > 3 and all(a[0] <= b[1] and b[0] <= a[1] for a, b in combinations(rows, 2))


FOUND = {
    QUEUES: {
        "The most customers come at noon, but the largest share is lost after it": most_at_noon,
        "nearly every fourth customer is not answered, between 8 and 9 every seventeenth.": a_fourth_after_noon,
        "12 % of its customers gave up in June, in the two other queues 8 %.": support_loses_most,
        "more than half of them had waited less than half a minute": left_early,
        "One lost customer in seven is called back, and nearly all who are called answer": one_in_seven_called_back,
        "No queue met its goal in June as a whole, and none on more than a third of its days": no_goal_met,
        "The week from 4 May is the worst of the quarter: Bluebird billing answered only half": worst_week,
        "Bluebird support's promise became harder on 22 May.": promise_changed,
        "all three queues would meet 80 %; by each of the four other formulas none does.": only_of_answered,
        "In Bluebird's queues 31 to 34 % of contacts are repeats, in Acme orders 26 %.": who_repeats,
        "ended in the voice menu, or no operator answered them but a robot.": without_a_queue,
        "Acme loses 7 % of its callers in the main menu; Bluebird loses few there, and 9 %": left_in_the_menu,
        "nearly all come from or go to projects that Sara does not see": to_and_from_others,
        "Everybody who came in was answered.": to_and_from_others,
        "no provider ever carried more than a fifth of what it can.": lines_are_free,
    },
    PEOPLE: {
        "From 11 to 12 people were busy for an eighth of the time in which they could be, from 17 to 18": busy_late,
        "Six shifts were missed altogether, and they are those of the four people with the lowest": missed_shifts,
        "14 times by more than five minutes, and nearly every time somebody else.": late_once,
        "Three people are busy for more than nine tenths of their time, one for less than a twentieth": unequally_busy,
        "she is there longer than the three together.": unequally_busy,
        "Three lunches in ten are longer than allowed, and five technical problems of six": over_the_limit,
        "The handling time is missed by most people, quality by few.": mostly_handling_time,
        "lowered from 360 to 340 seconds on 22 May.": target_changed,
        "so a report of April still goes by 360.": target_changed,
        "The check plan is done, and more.": plan_is_done,
        "the lowest quality and the lowest satisfaction are one person's.": the_last_one,
        "the 95 % intervals of all of them overlap.": all_overlap,
    },
}  # fmt: skip


@pytest.mark.parametrize(("name", "sentence"), [(name, s) for name, found in FOUND.items() for s in found])
def test_what_was_found_is_so(sara: Sara, name: str, sentence: str) -> None:
    assert FOUND[name][sentence](sara)


def test_nothing_is_found_unproved(told: tuple[str, str]) -> None:
    name, prose = told
    assert [sentence for sentence in FOUND[name] if sentence not in prose] == []
    for part in prose.split("**Found.** ")[1:]:
        assert any(sentence in part for sentence in FOUND[name]), part
