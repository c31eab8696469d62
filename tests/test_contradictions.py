"""Input and questions that contradict themselves: each has a clear answer, and nothing is half-done."""

from __future__ import annotations

import pytest

import loaded
from loaded import call, calls
from okireports.errors import LoadError, UnknownName
from okireports.faces import Center, Viewer

JUNE = "2025-06"
SHIFT = "source_id,operator,activity,starts_at,ends_at,paid"


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


@pytest.fixture(scope="module")
def asked(tmp_path_factory) -> Center:
    """A call in Acme and one in Bolt; sue supervises Acme, tom both."""
    made = loaded.centre(tmp_path_factory.mktemp("contradictions") / "centre")
    people = "login,role,groups\ntom,Supervisor,\nanna,Operator,Early\nbea,Operator,Late\n"
    members = "login,project\ntom,Acme\ntom,Bolt\n"
    rows = [
        call("a", "2025-06-02T10:00:00Z", "Acme sales", "anna"),
        call("b", "2025-06-02T10:00:00Z", "Bolt care", "bea"),
    ]
    loaded.load(made, {"users": people, "memberships": members, "calls": calls(*rows, columns="queue,operator")})
    return made


# Filters


def said(viewer: Viewer, **filters: object) -> str:
    with pytest.raises(UnknownName) as caught:
        viewer.report("call_log", period=JUNE, **filters)
    return str(caught.value)


def test_a_queue_of_another_project_than_the_one_asked_for_is_named(asked):
    tom = asked.viewer("tom")
    words = "There is no queue 'Bolt care' among those you can see in the projects asked for (Acme)."
    assert said(tom, projects="Acme", queues="Bolt care") == words
    assert said(tom, projects=["Acme"], operators=["anna", "bea"]).startswith("There is no operator 'bea'")
    assert len(tom.report("call_log", period=JUNE, projects="Bolt", queues="Bolt care").frame) == 1
    assert len(tom.report("call_log", period=JUNE, queues="Bolt care").frame) == 1


def test_hidden_or_not_there_it_is_the_same_error(asked):
    """Sue sees Acme only, and is told the same of a queue of Bolt, of one that nobody has, asked either way."""
    sue = asked.viewer("sue")
    for projects in (None, "Acme"):
        texts = {said(sue, projects=projects, queues=name).replace(name, "...") for name in ("Bolt care", "Zeta care")}
        assert len(texts) == 1 and "Bolt" not in texts.pop()


def test_filters_that_leave_nothing_over_give_no_rows(asked):
    """Each is of something that is there; together they ask for calls that anna took in a group she is not in."""
    tom = asked.viewer("tom")
    result = tom.report("call_log", period=JUNE, operators="anna", groups="Late")
    assert result.frame.empty and result.provenance.filters == {"operators": ("anna",), "groups": ("Late",)}
    assert tom.report("call_log", period=JUNE, queues="Acme sales", operators="bea").frame.empty
    assert list(tom.report("call_log", period=JUNE, operators="anna", groups="Early").frame["call"]) == ["a"]


# Off the scale


@pytest.mark.parametrize(
    ("kind", "score", "reason"),
    [
        ("csat", 7, "a rating of the kind csat is 1 to 5"),
        ("csat", 0, "a rating of the kind csat is 1 to 5"),
        ("nps", 11, "a rating of the kind nps is 0 to 10"),
        ("nps", -1, "a rating of the kind nps is 0 to 10"),
    ],
)
def test_a_rating_off_its_scale_is_rejected(center, kind, score, reason):
    at = "2025-06-02T10:00:00Z"
    rows = f"source_id,kind,score,queue,at\nwrong,{kind},{score},Acme sales,{at}\nright,{kind},5,Acme sales,{at}\n"
    rows += f"silent,{kind},,Acme sales,{at}\n"
    result = loaded.load(center, {"ratings": rows})
    (row,) = result.rejects.to_dict("records")
    assert (row["line"], row["column_name"], row["value"], row["reason"]) == (2, "score", str(score), reason)
    assert {r["source_id"] for r in loaded.stored(center)["ratings"]} == {"right", "silent"}
    with pytest.raises(LoadError, match=reason):
        loaded.load(center, {"ratings": rows.replace("wrong", "again")}, strict=True)


@pytest.mark.parametrize(
    ("score", "reason"), [("7", "it is above the best possible score"), ("-0.5", "a score is not negative")]
)
def test_an_evaluation_of_7_of_5_is_rejected(center, score, reason):
    columns = "source_id,evaluation,operator,criterion,score,max_score,at,project"
    rows = [f"{name},e1,anna,{name},{value},5,2025-06-02T10:00:00Z,Acme" for name, value in
            (("tone", score), ("greeting", 5), ("end", 0), ("missing", ""))]  # fmt: skip
    result = loaded.load(center, {"evaluations": "\n".join([columns, *rows]) + "\n"})
    (row,) = result.rejects.to_dict("records")
    assert (row["line"], row["column_name"], row["reason"]) == (2, "score", reason)
    assert {r["source_id"] for r in loaded.stored(center)["evaluations"]} == {"greeting", "end", "missing"}


# Shifts


def test_overlapping_shifts_are_counted_and_their_time_counts_once(center):
    """8 to 16, 10 to 12 inside it, 15 to 18 over its end: ten hours planned, of which anna is there from 9 to 17."""
    shifts = [("long", 8, 16), ("inside", 10, 12), ("later", 15, 18)]
    rows = [f"{name},anna,work,2025-06-02T{a:02}:00:00Z,2025-06-02T{b:02}:00:00Z,true" for name, a, b in shifts]
    apart = "apart,anna,work,2025-06-02T18:00:00Z,2025-06-02T19:00:00Z,true"
    other = "other,bea,work,2025-06-02T08:00:00Z,2025-06-02T16:00:00Z,true"
    ready = "operator,status,started_at,ended_at\nanna,Ready,2025-06-02T09:00:00Z,2025-06-02T17:00:00Z\n"
    tables = {
        "activities": "activity,status\nwork,Ready\n",
        "statuses": ready,
        "shifts": "\n".join([SHIFT, *rows, apart, other]) + "\n",
    }
    result = loaded.load(center, tables)
    assert result.rows_rejected == 0
    note = "shifts that overlap another one of the operator; reports count such time once"
    assert result.notes[note] == 2
    report = center.viewer("sue").report("schedule_adherence", period=JUNE, by=None)
    (row,) = report.frame.to_dict("records")
    hours = {name: row[name] / 3600 for name in ("planned_s", "adherent_s", "worked_s")}
    assert hours == {"planned_s": 11, "adherent_s": 8, "worked_s": 8}


def test_an_overlap_with_a_hidden_projects_shift_shows_nowhere(center):
    """Bolt plans anna over her hours for Acme; who sees Acme only has the same rows as if it did not."""
    hers = "x,anna,work,2025-06-02T08:00:00Z,2025-06-02T16:00:00Z,true,Acme"
    hidden = "a,anna,work,2025-06-02T07:00:00Z,2025-06-02T12:00:00Z,true,Bolt"
    seen = []
    for rows in ([hers], [hidden, hers]):
        loaded.load(center, {"shifts": "\n".join([f"{SHIFT},project", *rows]) + "\n"})
        seen.append(center.viewer("sue").report("attendance", period=JUNE).arrow)
    assert seen[0].num_rows == 1 and seen[1].equals(seen[0])


# Thresholds in files


@pytest.mark.parametrize(
    ("table", "text", "said"),
    [
        ("targets", "queue,answer_within_s,short_abandon_s\nAcme sales,20,-5\n", "may not be negative"),
        ("away_reasons", "reason,allowed_s\nlunch,-60\n", "may not be negative"),
        ("kpis", "kpi,metric,comparison,target\nTalk,talk,<=,300\n", "no figure of operators has this name"),
        ("tariffs", "project,status,free_s,first_s,step_s,price_per_min\nAcme,Busy,0,0,0,1\n", "step of 0 seconds"),
        ("hours", "queue,weekday,opens,closes,valid_from,valid_to\nAcme sales,1,8,20,2025-06-02,2025-06-01\n", "08:00"),
    ],
)
def test_a_wrong_definition_in_a_file_stops_the_load(center, table, text, said):
    before = center.folder.current()
    with pytest.raises(LoadError, match=said):
        loaded.load(center, {table: text, "calls": calls(call("a"))})
    assert center.folder.current() == before
