"""Where a fact belongs: its project, else the owner of its queue, dialer, scenario or form, else its parent's."""

from __future__ import annotations

import pytest

import loaded
from loaded import call, calls

BEFORE, AFTER = "2025-06-09T23:59:59.999Z", "2025-06-10T00:00:00Z"  # the queue `Moving` goes from Acme to Bolt


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


def test_a_call_belongs_to_who_owns_its_object_when_it_starts(center):
    columns = "queue,dialer,scenario,form"
    rows = {
        "queue": ("Acme sales,,,", "Acme"),
        "dialer": (",Bolt dialer,,", "Bolt"),
        "scenario": (",,Acme menu,", "Acme"),
        "form": (",,,Bolt form", "Bolt"),
        "nothing": (",,,", None),
        "queue before dialer": ("Acme sales,Bolt dialer,,", "Acme"),
        "dialer before scenario": (",Acme dialer,Bolt menu,", "Acme"),
        "scenario before form": (",,Bolt menu,Acme form", "Bolt"),
        "queue of nobody, then dialer": ("Loose,Bolt dialer,,", "Bolt"),
        "queue of nobody": ("Loose,,,", None),
    }
    lines = [call(name.replace(",", ""), "2025-06-02T10:00:00Z", said) for name, (said, _) in rows.items()]
    result = loaded.load(center, {"calls": calls(*lines, columns=columns)})
    assert loaded.places(center) == {name.replace(",", ""): project for name, (_, project) in rows.items()}
    assert result.rows_unassigned == 2


def test_a_queue_that_moves_leaves_its_past_behind(center):
    lines = [call("before", BEFORE, "Moving"), call("after", AFTER, "Moving")]
    loaded.load(center, {"calls": calls(*lines, columns="queue")})
    assert loaded.places(center) == {"before": "Acme", "after": "Bolt"}
    # also when the ownership as known today was said only later: what is stamped stays
    later = "kind,name,project,valid_from,valid_to\nqueue,Moving,Cargo,,\n"
    loaded.load(center, {"project_objects": later})
    assert loaded.places(center) == {"before": "Acme", "after": "Bolt"}


def test_an_explicit_project_wins_and_an_unknown_one_rejects_the_row(center):
    lines = [
        call("own", "2025-06-02T10:00:00Z", "Acme sales", "Cargo"),
        call("wrong", "2025-06-02T10:00:00Z", "Acme sales", "Carg"),
        call("silent", "2025-06-02T10:00:00Z", "Acme sales", ""),
    ]
    result = loaded.load(center, {"calls": calls(*lines, columns="queue,project")})
    assert loaded.places(center) == {"own": "Cargo", "silent": "Acme"}
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (3, 2, 1)
    row = result.rejects.iloc[0]
    assert (row["file"], row["line"], row["column_name"], row["value"]) == ("calls.csv", 3, "project", "Carg")
    assert row["reason"] == "there is no such project"


PARENTS = {
    # table: (its columns, a row of which {parent} is the parent's source id, the parent's table)
    "rings": ("call,operator,started_at", "{parent},anna,2025-06-02T10:00:00Z", "calls"),
    "ivr_steps": ("call,step_no,at", "{parent},1,2025-06-02T10:00:00Z", "calls"),
    "speech_hits": ("source_id,call,rule,at", "x,{parent},greeting,2025-06-02T10:00:00Z", "calls"),
    "recordings": ("source_id,call,url,at", "x,{parent},https://r.example.com/1,2025-06-02T10:00:00Z", "calls"),
    "charges": ("source_id,call,kind,amount,currency,at", "x,{parent},sms,1,PLN,2025-06-02T10:00:00Z", "calls"),
    "evaluations": (
        "source_id,call,evaluation,criterion,at",
        "x,{parent},e,polite,2025-06-02T10:00:00Z",
        "calls",
    ),
    "requests": ("source_id,call,created_at", "x,{parent},2025-06-02T10:00:00Z", "calls"),
    "ratings": ("source_id,dialogue,kind,at", "x,{parent},csat,2025-06-02T10:00:00Z", "dialogues"),
    "stage_changes": ("source_id,request,stage,at", "x,{parent},won,2025-06-02T10:00:00Z", "requests"),
    "answers": ("source_id,request,question,at", "x,{parent},why,2025-06-02T10:00:00Z", "requests"),
    "orders": ("source_id,request,at", "x,{parent},2025-06-02T10:00:00Z", "requests"),
    "calls": (
        "task,source_id,direction,started_at,ended_at,outcome",
        "{parent},x,outbound,2025-06-02T10:00:00Z,2025-06-02T10:01:00Z,busy",
        "tasks",
    ),
}
PARENT_ROWS = {
    "calls": calls(call("p", "2025-06-02T09:00:00Z", "Bolt care"), columns="queue"),
    "dialogues": "source_id,started_at,queue\np,2025-06-02T09:00:00Z,Bolt care\n",
    "requests": "source_id,created_at,form\np,2025-06-02T09:00:00Z,Bolt form\n",
    "tasks": "source_id,created_at,dialer\np,2025-06-02T09:00:00Z,Bolt dialer\n",
}


def child(table):
    """The files of a child and of its parent, which belongs to Bolt."""
    columns, row, parent = PARENTS[table]
    return {table: f"{columns}\n{row.format(parent='p')}\n"}, {parent: PARENT_ROWS[parent]}


@pytest.mark.parametrize("table", PARENTS)
def test_a_fact_follows_its_parent_whichever_comes_first(tmp_path, table):
    rows, parent = child(table)
    centers = [loaded.centre(tmp_path / name) for name in ("together", "parent first", "child first")]
    loaded.load(centers[0], parent | rows)
    loaded.load(centers[1], parent)
    loaded.load(centers[1], rows)
    alone = loaded.load(centers[2], rows)
    assert alone.rows_unassigned == 1
    assert [r["project"] for r in loaded.stored(centers[2])[table]] == [None]
    loaded.load(centers[2], parent)
    for center in centers:
        assert [r["project"] for r in loaded.stored(center)[table]] == ["Bolt"]
    assert loaded.content(centers[0]) == loaded.content(centers[1]) == loaded.content(centers[2])


def test_a_grandchild_follows_its_grandparent(center):
    """A stage change of a request of a call of a task, loaded in that order; the task comes last."""
    loaded.load(center, {"stage_changes": "source_id,request,stage,at\ns,r,won,2025-06-02T11:00:00Z\n"})
    loaded.load(center, {"requests": "source_id,call,created_at\nr,c,2025-06-02T10:30:00Z\n"})
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", "t"), columns="task")})
    assert {r["project"] for rows in loaded.stored(center).values() for r in rows} == {None}
    loaded.load(center, {"tasks": PARENT_ROWS["tasks"].replace("\np,", "\nt,")})
    tables = loaded.stored(center)
    assert {(t, r["project"]) for t, rows in tables.items() for r in rows} == {
        (t, "Bolt") for t in ("stage_changes", "requests", "calls", "tasks")
    }


def test_own_objects_win_over_the_parent(center):
    requests = "source_id,call,created_at,form\nr,c,2025-06-02T10:00:00Z,Acme form\nn,c,2025-06-02T10:00:00Z,\n"
    loaded.load(
        center, {"requests": requests, "calls": calls(call("c", "2025-06-02T10:00:00Z", "Bolt care"), columns="queue")}
    )
    assert loaded.places(center, "requests") == {"r": "Acme", "n": "Bolt"}


def test_a_child_placed_by_its_own_form_stays_when_its_parent_moves(center):
    requests = "source_id,call,created_at,form\nown,c,2025-06-02T10:00:00Z,Acme form\nnone,c,2025-06-02T10:00:00Z,\n"
    first = calls(call("c", "2025-06-02T10:00:00Z", "Acme sales"), columns="queue")
    loaded.load(center, {"requests": requests, "calls": first})
    assert loaded.places(center, "requests") == {"own": "Acme", "none": "Acme"}
    loaded.load(center, {"calls": first.replace("Acme sales", "Bolt care")})
    assert loaded.places(center, "requests") == {"own": "Acme", "none": "Bolt"}


def test_of_two_parents_the_call_decides_also_when_it_comes_last(tmp_path):
    ratings = "source_id,call,dialogue,kind,at\nr,c,d,csat,2025-06-02T10:00:00Z\n"
    dialogues = "source_id,started_at,queue\nd,2025-06-02T09:00:00Z,Acme sales\n"
    its_call = calls(call("c", "2025-06-02T10:00:00Z", "Bolt care"), columns="queue")
    together, apart = (loaded.centre(tmp_path / name) for name in ("together", "apart"))
    loaded.load(together, {"ratings": ratings, "dialogues": dialogues, "calls": its_call})
    loaded.load(apart, {"ratings": ratings, "dialogues": dialogues})
    assert loaded.places(apart, "ratings") == {"r": "Acme"}
    loaded.load(apart, {"calls": its_call})
    assert loaded.places(together, "ratings") == loaded.places(apart, "ratings") == {"r": "Bolt"}


def test_the_form_of_an_evaluation_is_a_check_list_and_places_nothing(center):
    said = "source_id,evaluation,form,criterion,at\nx,e,Acme form,polite,2025-06-02T10:00:00Z\n"
    loaded.load(center, {"evaluations": said})
    row = loaded.one(center, "evaluations")
    assert (row["form"], row["project"]) == ("Acme form", None)


def test_a_child_follows_a_call_whose_project_changes(center):
    first = calls(call("c", "2025-06-02T10:00:00Z", "Acme sales", "2"), columns="queue,cost")
    rings = "call,operator,started_at\nc,anna,2025-06-02T10:00:00Z\n"
    loaded.load(center, {"calls": first, "rings": rings})
    assert {r["project"] for rows in loaded.stored(center).values() for r in rows} == {"Acme"}
    result = loaded.load(center, {"calls": first.replace("Acme sales", "Bolt care")})
    assert result.rows_updated == 1
    tables = loaded.stored(center)
    assert {(t, r["project"]) for t, rows in tables.items() for r in rows} == {
        ("calls", "Bolt"),
        ("rings", "Bolt"),
        ("charges", "Bolt"),
    }


def test_shifts_are_copied_to_every_project_of_the_operator_at_that_time(center):
    shifts = """
        source_id,operator,activity,starts_at,ends_at,project
        both,anna,work,2025-06-02T08:00:00Z,2025-06-02T16:00:00Z,
        old,bea,work,2025-06-09T20:00:00Z,2025-06-10T04:00:00Z,
        new,bea,work,2025-06-10T00:00:00Z,2025-06-10T08:00:00Z,
        none,cyd,work,2025-06-02T08:00:00Z,2025-06-02T16:00:00Z,
        one,anna,training,2025-06-03T08:00:00Z,2025-06-03T16:00:00Z,Bolt
        """
    result = loaded.load(center, {"shifts": shifts})
    placed = {(r["source_id"], r["project"]) for r in loaded.stored(center)["shifts"]}
    assert placed == {
        *(("both", p) for p in ("Acme", "Bolt", None)),
        *(("old", p) for p in ("Bolt", None)),
        *(("new", p) for p in ("Cargo", None)),
        ("none", None),
        *(("one", p) for p in ("Bolt", None)),
    }
    assert (result.rows_in, result.rows_loaded, result.rows_unassigned) == (5, 5, 1)


def test_a_wage_that_no_project_was_charged_for_stays_unassigned(center):
    charges = """
        source_id,kind,operator,amount,currency,at,project
        general,wage,anna,4000,PLN,2025-06-30T00:00:00Z,
        charged,wage,anna,100,PLN,2025-06-30T00:00:00Z,Bolt
        """
    result = loaded.load(center, {"charges": charges})
    assert loaded.places(center, "charges") == {"general": None, "charged": "Bolt"}
    assert result.rows_unassigned == 1


def test_a_simplified_centre_has_one_project_for_all(tmp_path):
    queues = "kind,name\nqueue,Line\n"
    center = loaded.centre(tmp_path / "centre", {"objects": queues}, security="simplified")
    loaded.load(
        center,
        {
            "calls": calls(
                call("c1", "2025-06-02T10:00:00Z", "Line"), call("c2", "2025-06-02T10:00:00Z", ""), columns="queue"
            )
        },
    )
    assert {r["project_id"] for r in loaded.stored(center)["calls"]} == {1}
