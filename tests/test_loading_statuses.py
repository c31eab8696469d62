"""What each project may see of operators: copies of presence, own contacts, N/A for the rest; whole and in pieces."""

from __future__ import annotations

from itertools import permutations

import pytest

import loaded
from loaded import call, calls, utc

HEADER = "operator,status,started_at,ended_at"


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


def statuses(*rows, columns=""):
    """`anna Ready 10:00 10:30` and values of further columns: times of 2 June, UTC; `-` is no end."""
    lines = [",".join(filter(None, [HEADER, columns]))]
    for row in rows:
        operator, status, start, end, *more = row.split(" ", 4)
        start, end = (f"2025-06-02T{t}:00Z" if t != "-" else "" for t in (start, end))
        lines.append(",".join([operator, status, start, end, *more]))
    return "\n".join(lines) + "\n"


def seen(center, project, *columns):
    """One project's statuses as `status start end` and columns, oldest first."""
    rows = [r for r in loaded.stored(center).get("statuses", []) if r["project"] == project]
    shown = [
        (r["operator"] or "?", r["started_at"], r["status"], r["ended_at"], *(r[c] for c in columns)) for r in rows
    ]
    return [
        " ".join([who, status, f"{start:%H:%M}", f"{end:%H:%M}" if end else "-", *map(str, more)])
        for who, start, status, end, *more in sorted(shown, key=lambda row: row[:3])
    ]


def test_an_end_that_is_left_out_is_the_operators_next_start(center):
    rows = ["anna Ready 10:00 -", "anna Away 10:30 -", "bea Ready 10:10 -", "anna Offline 11:00 -"]
    loaded.load(center, {"statuses": statuses(*rows)})
    assert seen(center, "Acme") == ["anna Ready 10:00 10:30", "anna Away 10:30 11:00", "anna Offline 11:00 -"]
    assert seen(center, "Bolt") == [*seen(center, "Acme"), "bea Ready 10:10 -"]


def test_the_column_of_ends_may_be_absent(center):
    text = "operator,status,started_at\nanna,Ready,2025-06-02T10:00:00Z\nanna,Away,2025-06-02T10:30:00Z\n"
    loaded.load(center, {"statuses": text})
    assert seen(center, "Acme") == ["anna Ready 10:00 10:30", "anna Away 10:30 -"]


def test_overlapping_statuses_are_cut_at_the_next_start_and_counted(center):
    rows = ["anna Ready 10:00 11:00", "anna Away 10:30 10:40", "anna Ready 10:40 12:00", "anna Offline 11:30 13:00"]
    result = loaded.load(center, {"statuses": statuses(*rows)})
    assert seen(center, "Acme") == [
        "anna Ready 10:00 10:30",
        "anna Away 10:30 10:40",
        "anna Ready 10:40 11:30",
        "anna Offline 11:30 13:00",
    ]
    assert result.notes["statuses that overlapped the operator's next one, cut at its start"] == 2
    assert result.rows_rejected == 0


def test_presence_is_copied_to_the_projects_of_that_time_and_kept_once_for_all(center):
    text = """
        operator,status,started_at,ended_at,reason,comment
        bea,Away,2025-06-09T23:00:00Z,2025-06-10T01:00:00Z,lunch,back soon
        bea,Ready,2025-06-10T01:00:00Z,2025-06-10T02:00:00Z,,
        cyd,Ready,2025-06-10T01:00:00Z,2025-06-10T02:00:00Z,,
        """
    result = loaded.load(center, {"statuses": text})
    rows = loaded.stored(center)["statuses"]
    assert {(r["operator"], r["status"], r["project"]) for r in rows} == {
        *(("bea", "Away", p) for p in ("Bolt", None)),  # a member of Bolt until midnight, when it started
        *(("bea", "Ready", p) for p in ("Cargo", None)),
        ("cyd", "Ready", None),
    }
    assert {(r["reason"], r["comment"]) for r in rows if r["status"] == "Away"} == {("lunch", "back soon")}
    assert len({r["status_id"] for r in rows}) == 3
    assert result.rows_unassigned == 1


CONTACT = [
    "anna Ready 10:00 10:10 ,,",
    "anna Waiting 10:10 10:11 Bolt care,,",
    "anna Busy 10:11 10:15 Bolt care,hello,c",
    "anna PCP 10:15 10:16 Bolt care,,",
    "anna Ready 10:16 10:30 ,,",
]
MORE = "queue,comment,call"


def test_a_contact_of_one_project_is_one_masked_interval_of_the_other(center):
    rows = [CONTACT[0], CONTACT[1], CONTACT[2].replace(",c", ","), *CONTACT[3:]]
    loaded.load(center, {"statuses": statuses(*rows, columns=MORE)})
    assert seen(center, "Bolt") == [
        "anna Ready 10:00 10:10",
        "anna Waiting 10:10 10:11",
        "anna Busy 10:11 10:15",
        "anna PCP 10:15 10:16",
        "anna Ready 10:16 10:30",
    ]
    assert seen(center, "Acme") == ["anna Ready 10:00 10:10", "anna N/A 10:10 10:16", "anna Ready 10:16 10:30"]
    assert seen(center, None) == ["anna Ready 10:00 10:10", "anna Ready 10:16 10:30"]
    (masked,) = (r for r in loaded.stored(center)["statuses"] if r["masked"])
    hidden = ("queue_id", "call_id", "form_id", "reason", "comment", "source_id")
    assert [masked[name] for name in hidden] == [None] * len(hidden)
    own = {r["episode_key"] for r in loaded.stored(center)["statuses"] if r["project"] == "Bolt" and r["queue"]}
    assert own == {masked["episode_key"]}
    assert {r["episode_key"] for r in loaded.stored(center)["statuses"] if r["status"] == "Ready"} == {None}


@pytest.mark.parametrize(
    ("rows", "acme"),
    [
        # one contact ends with PCP or begins with Waiting
        (["anna Busy 10:00 10:05 Bolt care,", "anna PCP 10:05 10:06 Bolt care,", "anna Busy 10:06 10:09 Bolt care,"],
         ["anna N/A 10:00 10:06", "anna N/A 10:06 10:09"]),
        (["anna Busy 10:00 10:05 Bolt care,", "anna Waiting 10:05 10:06 Bolt care,", "anna Busy 10:06 10:09 Bolt care,"],
         ["anna N/A 10:00 10:05", "anna N/A 10:05 10:09"]),
        # a gap parts contacts, another call does, the same call joins
        (["anna Busy 10:00 10:05 Bolt care,", "anna Busy 10:06 10:09 Bolt care,"],
         ["anna N/A 10:00 10:05", "anna N/A 10:06 10:09"]),
        (["anna Busy 10:00 10:05 Bolt care,x", "anna Busy 10:05 10:09 Bolt care,y"],
         ["anna N/A 10:00 10:05", "anna N/A 10:05 10:09"]),
        (["anna PCP 10:00 10:05 Bolt care,x", "anna Waiting 10:05 10:09 Bolt care,x"], ["anna N/A 10:00 10:09"]),
        # an end that nobody said stays open, also of the mask
        (["anna Busy 10:00 - Bolt care,"], ["anna N/A 10:00 -"]),
    ],
)  # fmt: skip
def test_where_one_hidden_contact_ends_and_the_next_begins(center, rows, acme):
    loaded.load(center, {"statuses": statuses(*rows, columns="queue,call")})
    assert seen(center, "Acme") == acme


def test_activity_of_no_project_is_masked_in_all(center):
    result = loaded.load(center, {"statuses": statuses("anna Busy 10:00 10:05 Loose", columns="queue")})
    assert seen(center, None) == ["anna Busy 10:00 10:05"]
    assert seen(center, "Acme") == seen(center, "Bolt") == ["anna N/A 10:00 10:05"]
    assert result.rows_unassigned == 1


PIECES = [*CONTACT, "anna Busy 10:30 10:50 Acme sales,,", "anna Away 10:40 10:45 ,,", "anna Offline 11:00 - ,,"]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All pieces in one load."""
    center = loaded.centre(tmp_path_factory.mktemp("whole") / "centre")
    its_call = calls(call("c", "2025-06-02T10:11:00Z", "Bolt care"), columns="queue")
    loaded.load(center, {"statuses": statuses(*PIECES, columns=MORE), "calls": its_call})
    assert "anna N/A 10:11 10:15" in seen(center, "Acme")  # by its call a contact of its own
    assert "anna Busy 10:30 10:40" in seen(center, "Acme")
    return loaded.content(center)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_timeline_in_pieces_is_the_same_timeline(center, whole, order):
    """The three pieces take turns: a contact begun in one load goes on in another, cuts come later."""
    for part in order:
        loaded.load(center, {"statuses": statuses(*PIECES[part::3], columns=MORE)})
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:11:00Z", "Bolt care"), columns="queue")})
    assert loaded.difference(whole, loaded.content(center)) == {}


def test_a_mask_grows_with_its_contact(center):
    loaded.load(center, {"statuses": statuses("anna Busy 10:00 10:05 Bolt care", columns="queue")})
    assert seen(center, "Acme") == ["anna N/A 10:00 10:05"]
    loaded.load(center, {"statuses": statuses("anna PCP 10:05 10:06 Bolt care", columns="queue")})
    assert seen(center, "Acme") == ["anna N/A 10:00 10:06"]
    loaded.load(center, {"statuses": statuses("anna Waiting 09:59 10:00 Bolt care", columns="queue")})
    assert seen(center, "Acme") == ["anna N/A 09:59 10:06"]


def test_an_open_status_of_long_ago_is_closed_by_the_next_one(center):
    first = "operator,status,started_at,queue\nanna,Busy,2025-03-03T10:00:00Z,Bolt care\n"
    loaded.load(center, {"statuses": first})
    loaded.load(center, {"statuses": statuses("anna Ready 10:00 10:30")})
    rows = [r for r in loaded.stored(center)["statuses"] if r["started_at"] == loaded.utc("2025-03-03 10:00:00")]
    assert {(r["project"], r["status"], r["ended_at"]) for r in rows} == {
        ("Bolt", "Busy", utc("02 10:00:00")),
        ("Acme", "N/A", utc("02 10:00:00")),
    }


def test_the_activity_of_a_call_moves_to_its_project_when_the_call_comes(center):
    loaded.load(center, {"statuses": statuses("anna Busy 10:00 10:05 c", columns="call")})
    assert seen(center, "Acme") == seen(center, "Bolt") == ["anna N/A 10:00 10:05"]
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", "Bolt care"), columns="queue")})
    assert seen(center, "Bolt") == ["anna Busy 10:00 10:05"]
    assert seen(center, "Acme") == ["anna N/A 10:00 10:05"]
    assert seen(center, None) == []


def test_a_status_that_is_said_anew_is_replaced_and_counted(center):
    rows = ["anna Away 10:00 10:30 lunch", "anna Ready 10:30 11:00 "]
    loaded.load(center, {"statuses": statuses(*rows, columns="reason")})
    again = [rows[0].replace("lunch", "training"), rows[1]]
    result = loaded.load(center, {"statuses": statuses(*again, columns="reason")})
    assert seen(center, "Acme", "reason") == ["anna Away 10:00 10:30 training", "anna Ready 10:30 11:00 None"]
    assert (result.rows_in, result.rows_updated) == (2, 1)


def test_activity_that_moves_to_another_project_is_masked_where_it_was(center):
    loaded.load(center, {"statuses": statuses("anna Busy 10:00 10:05 Bolt care", columns="queue")})
    loaded.load(center, {"statuses": statuses("anna Busy 10:00 10:05 Acme sales", columns="queue")})
    assert seen(center, "Acme") == ["anna Busy 10:00 10:05"]
    assert seen(center, "Bolt") == ["anna N/A 10:00 10:05"]


def test_statuses_of_people_nobody_declared_do_not_cut_each_other(center):
    rows = ["ghost Ready 10:00 11:00", "spirit Ready 10:30 11:30", "ghost Away 11:10 11:20"]
    result = loaded.load(center, {"statuses": statuses(*rows)})
    assert seen(center, None) == ["? Ready 10:00 11:00", "? Ready 10:30 11:30", "? Away 11:10 11:20"]
    assert result.notes["operator 'ghost' is not declared: statuses rows without it"] == 2
    assert result.rows_unassigned == 3
    loaded.load(center, {"statuses": statuses(*rows)})
    assert len(seen(center, None)) == 3


def test_one_operator_under_login_and_name_is_one(center):
    """The same instant twice for one person: no row is kept, since nobody knows which is right."""
    text = """
        operator,status,started_at,ended_at
        anna,Ready,2025-06-02T10:00:00Z,2025-06-02T10:30:00Z
        Anna Example,Away,2025-06-02T10:00:00Z,2025-06-02T10:30:00Z
        ANNA,Away,2025-06-02T10:30:00Z,2025-06-02T10:40:00Z
        """
    result = loaded.load(center, {"statuses": text})
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (3, 1, 2)
    assert seen(center, "Acme") == ["anna Away 10:30 10:40"]


def test_a_masked_interval_may_be_given_and_stays_in_its_project(center):
    """As an extract of one project says it."""
    text = """
        operator,status,started_at,ended_at,project,masked
        anna,N/A,2025-06-02T10:00:00Z,2025-06-02T10:30:00Z,Acme,true
        anna,Ready,2025-06-02T10:30:00Z,2025-06-02T10:40:00Z,,false
        """
    loaded.load(center, {"statuses": text})
    assert seen(center, "Acme", "masked") == ["anna N/A 10:00 10:30 True", "anna Ready 10:30 10:40 False"]
    assert seen(center, "Bolt") == ["anna Ready 10:30 10:40"]
