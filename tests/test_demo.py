"""The invented centre: whole, plausible, the same for the same seed, with faults only where they were asked for."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

import okireports
from loaded import content, difference, together
from okireports import invention
from okireports.errors import BadOption, CenterError, Refused
from okireports.faces import Center
from okireports.invention.plan import holidays, planned
from okireports.invention.sample import write_sample
from okireports.tables import FACTS

ROOT = Path(__file__).parent.parent
CALLS = 5_000
PERIOD = ("2026-06-11", "2026-07-01")
ONCE = "(project_id = 0 AND NOT masked OR status IN ('Waiting', 'Busy', 'PCP'))"  # each interval of a person once


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return okireports.demo(tmp_path_factory.mktemp("demo") / "centre", calls=CALLS)


@pytest.fixture(scope="module")
def con(center: Center) -> duckdb.DuckDBPyConnection:
    return together(center)


def one(con: duckdb.DuckDBPyConnection, sql: str):
    """The one value of a query."""
    return con.execute(sql).fetchone()[0]


# What is there


def test_every_table_of_facts_has_rows(con):
    names = [name for name, fact in FACTS.items() if not fact.internal]
    assert {name: one(con, f'SELECT count(*) > 0 FROM "{name}"') for name in names} == dict.fromkeys(names, True)


def test_every_table_of_definitions_has_rows(con):
    names = (
        "settings projects roles users groups group_members memberships objects project_objects targets hours kpis "
        "tariffs contracts activities away_reasons results stages imports quotas check_plans loads segments audit"
    ).split()
    assert {name: one(con, f"SELECT count(*) > 0 FROM control.{name}") for name in names} == dict.fromkeys(names, True)


def test_no_report_is_empty_for_the_admin(center):
    admin = center.viewer("admin", reason="a test")
    assert [name for name in admin.reports["name"] if not len(admin.report(name, period=PERIOD).arrow)] == []


def test_as_many_calls_as_asked_for_and_none_rejected(center, con):
    assert one(con, "SELECT count(DISTINCT call_id) FROM calls") == CALLS
    loads = center.loads
    assert list(loads["rows_rejected"]) == [0]
    assert list(loads["notes"]) == ["{}"]


def test_every_column_of_the_facts_is_filled_somewhere(con):
    empty = {
        (name, column.name)
        for name, fact in FACTS.items()
        for column in fact.all_columns
        if not fact.internal
        if not one(con, f'SELECT count("{column.name}") FROM "{name}"')
    }
    # What no file says where facts say it: ids of rows that have none of their own, who a contact is in the source.
    unsaid = {("contacts", "fields"), ("contacts", "source"), ("recordings", "source_id")}
    assert empty <= unsaid | {(name, "source_id") for name, fact in FACTS.items() if fact.key}, empty


def test_only_wages_of_those_who_work_in_several_projects_belong_to_none(con):
    for name, fact in FACTS.items():
        if name == "charges" or fact.copied or fact.internal:
            continue
        assert one(con, f'SELECT count(*) FROM "{name}" WHERE project_id = 0') == 0, name
    assert con.execute("SELECT DISTINCT kind FROM charges WHERE project_id = 0").fetchall() == [("wage",)]
    alone = """SELECT count(*) FROM charges c WHERE project_id = 0 AND
        (SELECT count(DISTINCT project_id) FROM control.memberships m WHERE m.user_id = c.operator_id) = 1"""
    assert one(con, alone) == 0


def test_all_days_of_the_plan_have_calls_and_no_others(con):
    days = "timezone('Europe/Warsaw', started_at AT TIME ZONE 'UTC')::DATE"
    first, last, many = con.execute(f"SELECT min({days}), max({days}), count(DISTINCT {days}) FROM calls").fetchone()
    assert (first, last, many) == (date(2026, 6, 11), date(2026, 6, 30), 20)


# Statuses and calls fit


def test_statuses_of_an_operator_leave_no_gap_and_do_not_overlap(con):
    steps = f"""SELECT lead(started_at) OVER (PARTITION BY operator_id ORDER BY started_at) - ended_at AS step, ended_at
        FROM (SELECT DISTINCT operator_id, status_id, started_at, ended_at FROM statuses WHERE {ONCE})"""
    assert one(con, f"SELECT count(step) FROM ({steps})") > 5_000
    assert one(con, f"SELECT count(*) FROM ({steps}) WHERE step <> INTERVAL 0 SECOND") == 0
    assert one(con, f"SELECT count(*) FROM ({steps}) WHERE ended_at IS NULL") == 0


def test_statuses_of_a_call_are_its_ringing_talk_and_wrap(con):
    wrong = """SELECT count(*) FROM calls c JOIN (SELECT call_id,
            min(started_at) FILTER (status = 'Busy') AS busy_from, max(ended_at) FILTER (status = 'Busy') AS busy_to,
            sum(epoch_ms(ended_at) - epoch_ms(started_at)) FILTER (status = 'PCP') AS wrap
            FROM statuses WHERE NOT masked AND call_id IS NOT NULL GROUP BY call_id) s USING (call_id)
        WHERE busy_from <> c.answered_at OR busy_to <> c.ended_at OR coalesce(wrap, 0) <> coalesce(c.wrap_ms, 0)"""
    assert one(con, wrong) == 0
    manned = "SELECT count(*) FROM calls WHERE operator_id IS NOT NULL"
    with_status = "SELECT count(DISTINCT call_id) FROM statuses WHERE NOT masked AND status IN ('Waiting', 'Busy')"
    assert one(con, manned) == one(con, with_status) > CALLS / 2


def test_an_operator_is_never_on_two_calls(con):
    overlap = """SELECT count(*) FROM calls a JOIN calls b ON a.operator_id = b.operator_id AND a.call_id < b.call_id
        AND a.answered_at < b.ended_at AND b.answered_at < a.ended_at"""
    assert one(con, overlap) == 0


def test_instants_of_a_call_are_in_order(con):
    wrong = """started_at > queued_at OR queued_at > answered_at OR picked_up_at > answered_at OR answered_at > ended_at
        OR started_at > ended_at OR talk_ms + hold_ms <> epoch_ms(ended_at) - epoch_ms(answered_at)"""
    assert one(con, f"SELECT count(*) FROM calls WHERE {wrong}") == 0


def test_dialers_call_nobody_after_an_answer_and_nobody_too_often(con):
    after = """SELECT count(*) FROM calls a JOIN calls b ON a.task_id = b.task_id AND a.outcome = 'answered'
        AND b.started_at > a.started_at"""
    assert one(con, after) == 0
    counted = "SELECT task_id, count(*) AS n, max(attempt_no) AS last FROM calls WHERE task_id IS NOT NULL GROUP BY ALL"
    wrong = f"SELECT count(*) FROM tasks t LEFT JOIN ({counted}) c USING (task_id) WHERE coalesce(n, 0) <> attempts"
    assert one(con, wrong) == 0
    assert one(con, f"SELECT max(n) <= 5 AND bool_and(n = last) FROM ({counted})")
    people = "SELECT count(*) FROM (SELECT task_id FROM calls WHERE task_id IS NOT NULL GROUP BY task_id HAVING {})"
    assert one(con, people.format("count(DISTINCT contact_key) > 1")) == 0


# What it looks like


def test_shares_are_those_of_a_call_centre(con):
    offered = "queued_at IS NOT NULL AND NOT by_robot"
    in_time = f"avg((answered_at IS NOT NULL AND wait_ms <= 20000)::INT) FILTER ({offered})"
    assert 0.6 < one(con, f"SELECT {in_time} FROM calls") < 0.9
    assert 0.04 < one(con, f"SELECT avg((outcome = 'abandoned')::INT) FILTER ({offered}) FROM calls") < 0.15
    assert 150 < one(con, "SELECT avg(talk_ms) / 1000 FROM calls WHERE operator_id IS NOT NULL AND talk_ms > 0") < 420
    spent = f"""SELECT sum(ms) FILTER (status IN ('Waiting', 'Busy', 'PCP')) / sum(ms) FILTER (status NOT IN ('Away',
        'Offline')) FROM (SELECT status, epoch_ms(ended_at) - epoch_ms(started_at) AS ms FROM statuses WHERE {ONCE})"""
    assert 0.25 < one(con, spent) < 0.75


def test_the_outage_day_loses_many_calls(con):
    frame = planned(CALLS, 1, "2026-06-30")
    days = con.execute(
        """SELECT started_at::DATE, avg((outcome = 'abandoned')::INT), count(*)
        FROM calls JOIN control.projects USING (project_id)
        WHERE name = 'Bluebird Internet' GROUP BY ALL ORDER BY 2 DESC"""
    ).fetchall()
    assert days[0][0] == frame.day(frame.outage_day)
    assert days[0][1] > 2 * days[1][1]
    assert days[0][2] == max(n for _, _, n in days)


def test_a_queue_moves_and_takes_only_its_future_along(con):
    frame = planned(CALLS, 1, "2026-06-30")
    spans = con.execute(
        """SELECT p.name, min(started_at)::DATE, max(started_at)::DATE
        FROM calls c JOIN control.projects p USING (project_id)
        JOIN control.objects o ON o.object_id = c.queue_id WHERE o.name = 'Acme returns' GROUP BY ALL ORDER BY 2"""
    ).fetchall()
    assert [name for name, _, _ in spans] == ["Acme Shop", "Fern Logistics"]
    assert spans[0][2] < frame.day(frame.move_day) <= spans[1][1]


def test_a_third_of_the_operators_works_in_several_projects(con):
    several = """SELECT count(*) FILTER (n > 1), count(*) FROM (SELECT user_id, count(DISTINCT project_id) AS n
        FROM control.memberships JOIN control.users USING (user_id) WHERE role = 'Operator' GROUP BY user_id)"""
    assert con.execute(several).fetchone() == (24, 60)
    worked = "SELECT operator_id FROM calls GROUP BY operator_id HAVING count(DISTINCT project_id) > 1"
    assert one(con, f"SELECT count(*) FROM ({worked})") > 10


def test_customers_are_transferred_across_projects_and_call_again(con):
    went, came = con.execute("SELECT sum(went_to_other::INT), sum(came_from_other::INT) FROM calls").fetchone()
    assert went == came > 10
    assert one(con, "SELECT count(transfer_to_call_id) FROM calls") > 5
    again = "SELECT contact_key FROM calls GROUP BY contact_key HAVING count(*) > 1"
    assert one(con, f"SELECT count(*) FROM ({again})") > 200
    returned = """SELECT count(*) FROM calls o WHERE direction = 'outbound' AND EXISTS (FROM calls l
        WHERE l.contact_key = o.contact_key AND l.outcome IN ('abandoned', 'callback_requested', 'voicemail')
        AND l.ended_at < o.started_at)"""
    assert one(con, returned) > 30


def test_one_provider_is_bad(con):
    quality = con.execute(
        """SELECT name FROM calls JOIN control.objects ON object_id = provider_id GROUP BY name
        HAVING avg(mos) < 3.6"""
    ).fetchall()
    assert quality == [("Budget Voice",)]


def test_names_are_plainly_invented(con):
    assert one(con, r"SELECT count(*) FROM contacts WHERE phone NOT SIMILAR TO '\+4822000[0-9]{4,}'") == 0
    assert one(con, "SELECT count(*) FROM contacts WHERE email NOT LIKE '%@example.com'") == 0
    assert one(con, "SELECT count(*) FROM control.users WHERE email NOT LIKE '%@example.com'") == 0


def test_holidays_of_a_year_with_a_late_easter():
    assert date(2025, 4, 21) in holidays(2025)  # Easter Monday
    assert date(2025, 6, 19) in holidays(2025)  # Corpus Christi
    assert date(2026, 4, 6) in holidays(2026)


# Who looks


def test_there_is_a_viewer_of_each_preset_role(center):
    users = center.users.frame.set_index("login")
    assert list(users.loc[list(invention.VIEWERS), "role"]) == ["Admin", "Supervisor", "Operator", "Client", "Auditor"]
    assert list(users.loc["sara", "projects"]) == ["Acme Shop", "Bluebird Internet"]
    assert list(users.loc["clive", "projects"]) == ["Acme Shop"]
    for login in invention.VIEWERS:
        if login == "admin":
            with pytest.raises(Refused):
                center.viewer(login)
        viewer = center.viewer(login, reason="a look around" if login == "admin" else None)
        assert len(viewer.projects) == {"admin": 6, "sara": 2, "anna": 3, "clive": 1, "audrey": 6}[login]
    frame = center.viewer("sara").report("service_level", period=PERIOD, by="day").frame
    assert set(frame["project"]) == {"Acme Shop", "Bluebird Internet"}


def test_today_of_the_centre_is_the_day_after_the_last_one(center):
    result = center.viewer("sara").report("queue_summary", period="yesterday")
    assert result.frame["offered"].sum() > 20


# The same, and not the same


def test_the_same_seed_gives_the_same_bytes(center, tmp_path):
    twice = (center, okireports.demo(tmp_path / "again", calls=CALLS))
    for name in ("call_log", "queue_summary"):
        results = [made.viewer("sara").report(name, period=PERIOD) for made in twice]
        one, other = (result.save(tmp_path / f"{n}.csv").read_bytes() for n, result in enumerate(results))
        assert one == other
        assert len(one) > 200


def test_another_seed_gives_other_rows(center, tmp_path):
    other = okireports.demo(tmp_path / "other", calls=CALLS, seed=2)
    mine, others = (c.viewer("sara").report("queue_summary", period=PERIOD).frame for c in (center, other))
    assert list(mine["queue"]) == list(others["queue"])
    assert list(mine["offered"]) != list(others["offered"])


def test_in_several_loads_the_same_centre_comes_out(tmp_path, monkeypatch):
    whole = okireports.demo(tmp_path / "whole", calls=600)
    monkeypatch.setattr("okireports.invention.plan.CALLS_AT_ONCE", 300)
    parts = okireports.demo(tmp_path / "parts", calls=600)
    assert (len(whole.loads), len(parts.loads)) == (1, 2)
    assert difference(content(whole), content(parts)) == {}


def test_without_a_path_it_stands_in_a_temporary_folder():
    made = okireports.demo(calls=100)
    try:
        assert made.path.name.startswith("okireports-demo-")
        assert made.loads["rows_in"].sum() > 100
    finally:
        shutil.rmtree(made.path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"calls": 5}, "calls=5"),
        ({"calls": "many"}, "calls='many'"),
        ({"seed": "x"}, "seed='x'"),
        ({"until": "June"}, "until='June'"),
        ({"faults": ("orphan",)}, "Did you mean 'orphans'"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, options, said):
    with pytest.raises(BadOption, match=said):
        okireports.demo(tmp_path / "centre", **options)
    assert not (tmp_path / "centre").exists()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CenterError):
        okireports.demo(tmp_path, calls=100)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


# Faults


def test_each_fault_is_planted_as_often_as_it_says(center, tmp_path):
    made = okireports.demo(tmp_path / "faulty", calls=CALLS, faults=tuple(invention.FAULTS))
    con = together(made)
    counted = {name: fault.rows for name, fault in invention.FAULTS.items()}
    assert list(made.loads["rows_in"]) == [
        counted["late"],
        center.loads["rows_in"].sum() - counted["late"] + added(counted),
    ]
    rejected = 2 * counted["conflicts"] + counted["backwards"] + counted["unreadable"] + counted["future"]
    rejected += counted["wrong_scores"]
    assert list(made.loads["rows_rejected"]) == [0, rejected]
    notes = made.loads["notes"].iloc[1]
    for said in (
        '"calls: repeated rows, each counted once": 12',
        "\"outcome 'teleported' is not known, taken as other\": 5",
        '"negative ring_s taken as not known": 8',
        "\"operator 'nobody' is not declared: calls rows without it\": 5",
        '"statuses that overlapped the operator\'s next one, cut at its start": 10',
    ):
        assert said in notes
    assert one(con, "SELECT count(*) FROM calls WHERE project_id = 0") == counted["unassigned"]
    assert one(con, "SELECT count(*) FROM rings WHERE project_id = 0") == counted["orphans"]
    assert one(con, "SELECT count(*) FROM ratings WHERE score > 10") == 0
    assert one(con, "SELECT count(*) FROM calls WHERE started_at > '2027-01-01'") == 0  # the future is rejected
    assert one(con, f"SELECT count(*) FROM statuses WHERE ended_at IS NULL AND {ONCE}") == counted["open_ends"]
    gaps = f"""SELECT lead(started_at) OVER (PARTITION BY operator_id ORDER BY started_at) - ended_at AS gap
        FROM (SELECT DISTINCT operator_id, status_id, started_at, ended_at FROM statuses WHERE {ONCE})"""
    found = con.execute(f"SELECT gap FROM ({gaps}) WHERE gap <> INTERVAL 0 SECOND").fetchall()
    assert found == [(timedelta(minutes=7),)]


def added(counted: dict[str, int]) -> int:
    """How many rows the faults add."""
    copies = "duplicates backwards negative_durations unreadable unknown_words unknown_people unassigned future orphans"
    return sum(counted[name] for name in [*copies.split(), "wrong_scores"]) + 2 * counted["conflicts"]


# The sample


def test_the_sample_is_small_and_loads_without_a_reject(tmp_path):
    sample = ROOT / "data" / "sample"
    assert sum(path.stat().st_size for path in sample.iterdir()) < 5_000_000
    made = okireports.create(tmp_path / "centre")
    result = made.load(sample, strict=True)
    assert (result.rows_rejected, result.unknown_columns) == (0, {})
    assert result.rows_in > 10_000
    tables = {path.stem for path in sample.glob("*.csv")}
    assert {n for n, f in FACTS.items() if not f.internal} - {"contacts", "recordings"} <= tables


def test_the_sample_is_what_the_generator_writes(tmp_path):
    fresh = write_sample(tmp_path / "sample")
    mine, kept = ({p.name: p.read_bytes() for p in folder.iterdir()} for folder in (fresh, ROOT / "data" / "sample"))
    assert mine.keys() == kept.keys()
    assert [name for name in mine if mine[name] != kept[name]] == []
