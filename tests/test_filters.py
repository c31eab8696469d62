"""A filter cuts what a report counts; what it looks up beside its rows stays whole."""

from __future__ import annotations

import pytest

import loaded
from loaded import call, calls
from okireports.errors import Refused

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
