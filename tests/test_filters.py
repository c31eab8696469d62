"""A filter cuts what a report counts; what it looks up beside its rows stays whole."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loaded
from loaded import call, calls
from okireports.errors import BadOption, Refused, UnknownName, UnknownViewer

JUNE, AT, AFTER = "2025-06", "2025-06-02T10:00:00Z", "2025-06-02T12:00"
WAITED = "queued_at,queue,phone,cost,operator"


@pytest.fixture(scope="module")
def viewer(tmp_path_factory):
    """Someone who sees all of a centre in which a customer of one queue is known from, and called back by, others."""
    center = loaded.centre(tmp_path_factory.mktemp("filters") / "centre")
    rows = [
        call("known", "2025-03-01T10:00:00Z", "2025-03-01T10:00:00Z", "Moving", "+48220000101", "", ""),
        call("lost", AT, AT, "Acme sales", "+48220000101", "", "", outcome="abandoned"),
        call("new", "2025-06-02T11:00:00Z", "2025-06-02T11:00:00Z", "Acme sales", "+48220000102", "", "anna"),
    ]
    back = "source_id,direction,started_at,ended_at,outcome,project,phone,answered_at,operator\n"
    back += f"back,outbound,{AFTER}:00Z,{AFTER}:50Z,answered,Acme,+48220000101,{AFTER}:10Z,anna\n"
    charges = "source_id,kind,call,amount,currency,at\nx,telephony,new,1.5,PLN,2025-06-02T11:00:00Z\n"
    loaded.load(center, {"calls": calls(*rows, columns=WAITED)})
    loaded.load(center, {"calls": back, "charges": charges})
    return center.viewer("admin", reason="a test")


def test_a_callback_is_found_whatever_the_queue(viewer):
    for queues in (None, "Acme sales"):
        (row,) = viewer.report("lost_calls", period=JUNE, queues=queues).arrow.to_pylist()
        assert (row["call"], row["called_back_by"], row["reached"]) == ("lost", "anna", True)


def test_a_caller_is_known_from_other_queues(viewer):
    (row,) = viewer.report("inbound_statistics", period=JUNE, by=None, queues="Acme sales").arrow.to_pylist()
    assert (row["inbound"], row["first_time"]) == (2, 1)


def test_a_cost_without_an_operator_stands_beside_the_operators_call(viewer):
    (row,) = viewer.report("call_log", period=JUNE, operators="anna", queues="Acme sales").arrow.to_pylist()
    assert (row["call"], str(row["cost"])) == ("new", "1.500000")


def test_who_is_refused_at_the_door_is_written_down(viewer):
    with pytest.raises(Refused):
        viewer.center.viewer("admin")
    viewer.center.users.create("new.one", actor="admin", reason="a test")
    log = viewer.center.audit.frame
    assert list(log[log["action"] == "refused"]["subject"]) == ["admin"]


def test_names_come_in_any_of_pythons_manners(viewer):
    """A name, an id, several of either; an id out of a dataframe is one of numpy's numbers."""
    names, ids = viewer.projects["project"], viewer.projects["project_id"]
    first, number = names[0], ids[0]
    assert isinstance(number, np.integer)
    for one in (first, [first], {first}, (n for n in [first]), number, int(number), [number], pd.Series([number])):
        assert viewer.report("call_log", period=JUNE, projects=one).provenance.projects == (first,)
    for one in ("anna", ["anna"], (n for n in ["anna"])):
        result = viewer.report("call_log", period=JUNE, operators=one)
        assert result.provenance.filters == {"operators": ("anna",)} and set(result.frame["operator"]) == {"anna"}


@pytest.mark.parametrize("wrong", [3.5, object()])
def test_what_is_no_name_is_said(viewer, wrong):
    for filter in ("projects", "operators", "queues", "lines"):
        with pytest.raises(BadOption, match=r"is no name\. Give a name or an id, or a list of them"):
            viewer.report("call_log", period=JUNE, **{filter: wrong})


@pytest.mark.parametrize("wrong", [True, [None], -1, 10**30, ["anna", "nobody"]])
def test_a_name_that_nobody_has(viewer, wrong):
    with pytest.raises(UnknownName, match="There is no operator"):
        viewer.report("call_log", period=JUNE, operators=wrong)


def test_a_login_is_compared_letter_by_letter(tmp_path):
    """A blank at an end, a look-alike letter, something that is no text: each is as unknown as any other."""
    center = loaded.centre(tmp_path / "centre")
    assert center.viewer("ANNA").projects.equals(center.viewer("anna").projects)
    for login in ("anna ", " anna", "\u0430nna", "anna\u200b", "anna\n", "an\u0578a", "", None, 5):
        with pytest.raises(UnknownViewer, match="There is no active user"):
            center.viewer(login)


def test_a_filter_that_a_report_does_not_know_is_no_silence(viewer):
    """Check plans have no queue: all of them, as if they were the queue's, would be a wrong answer."""
    with pytest.raises(BadOption, match=r"'check_plan_progress' cannot be filtered by queues; by operators, groups\."):
        viewer.report("check_plan_progress", period=JUNE, queues="Acme sales")
