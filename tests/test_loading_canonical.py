"""The canonical input: what each column becomes, by the rules of the data model, with values worked out by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter

import loaded
import okireports
from loaded import NOW, call, calls, utc

EXAMPLE = """
    source_id,direction,started_at,queued_at,answered_at,ended_at,hold_s,wrap_s,queue,operator,phone,outcome,ended_by
    c-1,inbound,2025-10-26T02:30:00+02:00,2025-10-26T02:30:08+02:00,2025-10-26T02:30:20+02:00,2025-10-26T02:33:00+02:00,0,25,Acme sales,anna,+48220000101,answered,customer
    c-2,inbound,2025-10-26T02:30:00+01:00,2025-10-26T02:30:05+01:00,,2025-10-26T02:30:09+01:00,,,Acme sales,,+48220000102,abandoned,customer
    """


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


def the_call(center, **having):
    return loaded.one(center, "calls", **having)


def test_the_example_of_the_data_model(center):
    result = loaded.load(center, {"calls": EXAMPLE})
    assert (result.rows_in, result.rows_loaded, result.rows_rejected, result.rows_unassigned) == (2, 2, 0, 0)
    first, second = (the_call(center, source_id=f"c-{n}") for n in (1, 2))
    assert {k: first[k] for k in ("project", "queue", "operator", "direction", "outcome", "ended_by")} == {
        "project": "Acme",
        "queue": "Acme sales",
        "operator": "anna",
        "direction": "inbound",
        "outcome": "answered",
        "ended_by": "customer",
    }
    # both 02:30 of that night, an hour apart
    assert first["started_at"] == datetime(2025, 10, 26, 0, 30)
    assert second["started_at"] == datetime(2025, 10, 26, 1, 30)
    lengths = ("wait_ms", "talk_ms", "hold_ms", "wrap_ms", "ring_ms")
    assert [first[k] for k in lengths] == [12_000, 160_000, 0, 25_000, None]
    assert [second[k] for k in lengths] == [4_000, None, None, None, None]
    assert second["answered_at"] is None


@pytest.mark.parametrize(
    ("said", "wait", "talk"),
    [
        # queued, answered, ended, wait_s, talk_s, hold_s
        ("00:08,00:20,03:00,,,", 12_000, 160_000),
        ("00:08,00:20,03:00,,,15.5", 12_000, 144_500),
        ("00:08,,03:00,,,", 172_000, None),
        (",00:20,03:00,,,", None, 160_000),
        (",,03:00,,,", None, None),
        ("00:08,00:20,03:00,7,8,15", 7_000, 8_000),
        ("00:08,00:20,03:00,0,0,0", 0, 0),
        ("00:20,00:08,03:00,,,", None, 172_000),  # answered before queued: the wait is not known
        ("00:08,00:20,03:00,,,500", 12_000, None),  # held for longer than the call
        ("00:08.0004,00:20.0006,03:00,,,", 12_001, 159_999),  # instants are whole milliseconds first
        ("00:08,00:20,03:00,-1,-2,", 12_000, 160_000),  # not known, so worked out
    ],
)
def test_lengths_are_computed_where_the_instants_allow_and_given_ones_win(center, said, wait, talk):
    queued, answered, ended, *lengths = said.split(",")
    queued, answered, ended = (f"2025-06-02T10:{t}Z" if t else "" for t in (queued, answered, ended))
    columns = "source_id,direction,started_at,outcome,queued_at,answered_at,ended_at,wait_s,talk_s,hold_s"
    row = ["c", "inbound", "2025-06-02T10:00:00Z", "answered", queued, answered, ended, *lengths]
    loaded.load(center, {"calls": f"{columns}\n{','.join(row)}\n"})
    found = the_call(center)
    assert (found["wait_ms"], found["talk_ms"]) == (wait, talk)


def test_a_negative_length_is_not_known_and_counted(center):
    rows = [call(f"c{i}", "2025-06-02T10:00:00Z", said) for i, said in enumerate(("-3", "-0.001", "0", "2.5", ""))]
    result = loaded.load(center, {"calls": calls(*rows, columns="wrap_s")})
    by_id = {r["source_id"]: r["wrap_ms"] for r in loaded.stored(center)["calls"]}
    assert by_id == {"c0": None, "c1": None, "c2": 0, "c3": 2500, "c4": None}
    assert result.notes["negative wrap_s taken as not known"] == 2
    assert result.rows_rejected == 0


def test_instants_and_lengths_are_rounded_to_whole_milliseconds(center):
    row = "c,inbound,2025-06-02T10:00:00.0014Z,2025-06-02T10:00:01.9996Z,answered,1.2344,0.0006"
    loaded.load(center, {"calls": calls(row, columns="ring_s,wrap_s")})
    found = the_call(center)
    assert found["started_at"] == utc("02 10:00:00.001")
    assert found["ended_at"] == utc("02 10:00:02.000")
    assert (found["ring_ms"], found["wrap_ms"]) == (1_234, 1)


@pytest.mark.parametrize(
    ("zone", "said", "meant"),
    [
        (None, "2025-06-02T10:00:00", "02 08:00:00"),  # the centre's: Warsaw
        ("Asia/Kolkata", "2025-06-02T10:00:00", "02 04:30:00"),
        ("Asia/Kolkata", "2025-06-02T10:00:00Z", "02 10:00:00"),  # an offset of its own wins
        ("Asia/Kolkata", "2025-06-02T10:00:00+00:00", "02 10:00:00"),
        ("Asia/Kolkata", "2025-06-02T10:00:00-03:00", "02 13:00:00"),
        ("Asia/Kolkata", "2025-06-02 10:00:00.5+0200", "02 08:00:00.5"),
        (None, " 2025-06-02 10:00 ", "02 08:00:00"),
        (None, "2025-06-02", "01 22:00:00"),
        (None, "2025-01-15T10:00:00", "2025-01-15 09:00:00"),  # winter time
        ("UTC", "2025-06-02T10:00:00", "02 10:00:00"),
    ],
)
def test_times_without_an_offset_are_local(center, zone, said, meant):
    row = f"c,inbound,{said},2025-07-01T00:00:00Z,answered"
    loaded.load(center, {"calls": calls(row)}, timezone=zone)
    assert the_call(center)["started_at"] == utc(meant)


def test_people_are_known_by_login_or_name_in_any_case(center):
    said = ("anna", "ANNA", " anna ", "Anna Example", "anna example", "Anna", "nobody", "")
    rows = [call(f"c{i}", "2025-06-02T10:00:00Z", name) for i, name in enumerate(said)]
    result = loaded.load(center, {"calls": calls(*rows, columns="operator")})
    found = [r["operator"] for r in sorted(loaded.stored(center)["calls"], key=lambda r: r["source_id"])]
    assert found == ["anna"] * 6 + [None, None]
    assert result.notes["operator 'nobody' is not declared: calls rows without it"] == 1
    assert result.rows_loaded == len(said)


def test_a_name_that_two_people_share_is_nobody_and_a_login_comes_before_a_name(tmp_path):
    users = "login,name\nkim1,Kim\nkim2,Kim\nlee,Park\npark,Other\n"
    center = loaded.centre(tmp_path / "centre", {"users": users})
    rows = [call(f"c{i}", "2025-06-02T10:00:00Z", name) for i, name in enumerate(("Kim", "Park"))]
    loaded.load(center, {"calls": calls(*rows, columns="operator")})
    found = [r["operator"] for r in sorted(loaded.stored(center)["calls"], key=lambda r: r["source_id"])]
    assert found == [None, "park"]


def test_objects_are_known_by_their_exact_name_and_kind(center):
    said = ("Acme sales", " Acme sales ", "ACME SALES", "Acme dialer")
    rows = [call(f"c{i}", "2025-06-02T10:00:00Z", name) for i, name in enumerate(said)]
    result = loaded.load(center, {"calls": calls(*rows, columns="queue")})
    assert list(loaded.places(center).values()).count("Acme") == 2
    assert result.notes["queue 'ACME SALES' is not declared: calls rows without it"] == 1
    assert result.notes["queue 'Acme dialer' is not declared: calls rows without it"] == 1
    assert result.rows_unassigned == 2


def test_a_login_that_is_a_number_by_its_type_is_text(tmp_path):
    center = okireports.create(tmp_path / "center", now=NOW)
    (folder := tmp_path / "files").mkdir()
    pq.write_table(pa.table({"login": [7, 8], "name": [None, "Ola"]}), folder / "users.parquet")
    pq.write_table(pa.table({"name": [2025]}), folder / "projects.parquet")
    pq.write_table(pa.table({"login": [7, 8, 7], "project": [2025] * 3}), folder / "memberships.parquet")
    center.load(folder)
    center.load(folder)  # nothing new
    users = center.users.frame.set_index("login")["projects"]
    assert {login: list(users[login]) for login in ("7", "8")} == {"7": ["2025"], "8": ["2025"]}
    with center.folder.reading() as reading:
        assert reading.con.execute("SELECT count(*) FROM control.memberships").fetchone() == (2,)


def test_many_unknown_names_are_all_counted(center):
    rows = [call(f"c{i}", "2025-06-02T10:00:00Z", f"Queue {i:02}") for i in range(50)]
    result = loaded.load(center, {"calls": calls(*rows, columns="queue")})
    counted = {note: count for note, count in result.notes.items() if "queue" in note}
    assert sum(counted.values()) == 50
    assert len(counted) < 50, "a log of a thousand lines helps nobody"


def test_create_missing_declares_people_and_objects_of_no_project(center):
    rows = [
        call(f"c{i}", "2025-06-02T10:00:00Z", *names)
        for i, names in enumerate([("New line", "zoe"), ("New line", "Zoe")])
    ]
    result = loaded.load(center, {"calls": calls(*rows, columns="queue,operator")}, create_missing=True)
    found = loaded.stored(center)["calls"]
    assert {(r["project"], r["queue"], r["operator"].lower()) for r in found} == {(None, "New line", "zoe")}
    assert result.rows_unassigned == 2
    assert not [note for note in result.notes if "declared" in note]
    users = center.users.frame.set_index("login")
    assert len([login for login in users.index if login.lower() == "zoe"]) == 1
    # a second load knows them
    loaded.load(
        center, {"calls": calls(call("c9", "2025-06-02T10:00:00Z", "New line", "ZOE"), columns="queue,operator")}
    )
    assert the_call(center, source_id="c9")["operator"].lower() == "zoe"


def test_create_missing_makes_no_login_that_could_be_taken_for_another(center):
    look_alike = "\N{CYRILLIC SMALL LETTER A}nna"
    rows = calls(call("c", "2025-06-02T10:00:00Z", look_alike), columns="operator")
    result = loaded.load(center, {"calls": rows}, create_missing=True)
    assert look_alike not in set(center.users.frame["login"])
    assert the_call(center)["operator"] is None
    assert result.notes[f"operator {look_alike!r} is not declared: calls rows without it"] == 1


def test_unknown_columns_are_named_and_not_loaded(center):
    result = loaded.load(
        center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", "red", "7"), columns="colour,call_id")}
    )
    assert result.unknown_columns == {"calls": ("colour", "call_id")}
    assert "colour" not in the_call(center)
    assert "calls: columns not loaded: colour, call_id" in str(result)


def test_targets_are_stamped_as_of_the_start(tmp_path):
    targets = """
        queue,valid_from,answer_within_s,short_abandon_s,goal
        Acme sales,,30,10,0.9
        Acme sales,2025-06-10T00:00:00Z,15,,0.95
        Bolt care,2025-06-10T00:00:00Z,60,6,0.7
        """
    center = loaded.centre(tmp_path / "centre")
    loaded.load(center, {"targets": targets})
    just_before, then = "2025-06-09T23:59:59.999Z", "2025-06-10T00:00:00Z"
    rows = [
        call("old", just_before, "Acme sales"),
        call("new", then, "Acme sales"),
        call("too early", just_before, "Bolt care"),
        call("from", then, "Bolt care"),
        call("never", then, "Moving"),
        call("no queue", then, ""),
    ]
    loaded.load(center, {"calls": calls(*rows, columns="queue")})
    found = {
        r["source_id"]: (r["answer_within_s"], r["short_abandon_s"], r["goal"]) for r in loaded.stored(center)["calls"]
    }
    assert found == {
        "old": (30, 10, 0.9),
        "new": (15, 5, 0.95),  # what the target leaves out is the centre's
        "too early": (20, 5, None),  # the centre's defaults
        "from": (60, 6, 0.7),
        "never": (20, 5, None),
        "no queue": (None, None, None),
    }


def test_a_centres_own_defaults_are_stamped(tmp_path):
    settings = {"answer_within_s": "45", "short_abandon_s": "3", "goal": "0.75"}
    center = loaded.centre(tmp_path / "centre", {"objects": "kind,name\nqueue,Line\n"}, **settings)
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", "Line"), columns="queue")})
    found = the_call(center)
    assert (found["answer_within_s"], found["short_abandon_s"], found["goal"]) == (45, 3, 0.75)


def test_new_targets_change_nothing_that_is_stamped(center):
    rows = {"calls": calls(call("c", "2025-06-02T10:00:00Z", "Acme sales"), columns="queue")}
    loaded.load(center, rows)
    loaded.load(center, {"targets": "queue,answer_within_s\nAcme sales,99\n"})
    assert the_call(center)["answer_within_s"] == 20
    loaded.load(center, rows)
    assert the_call(center)["answer_within_s"] == 99, "a row that is loaded again is stamped again"


def test_a_dialogue_is_stamped_with_its_time_to_reply(center):
    loaded.load(center, {"targets": "queue,answer_within_s,reply_within_s\nAcme sales,20,3600\n"})
    said = "source_id,started_at,queue\nd,2025-06-02T10:00:00Z,Acme sales\ne,2025-06-02T10:00:00Z,Bolt care\n"
    loaded.load(center, {"dialogues": said})
    assert {r["source_id"]: r["reply_within_s"] for r in loaded.stored(center)["dialogues"]} == {"d": 3600, "e": None}


SPELLINGS = ("+48220000101", "+48 22 000 01 01", "0048 22 000-01-01", " +48(22)0000101 ")


def test_a_phone_in_any_spelling_is_one_person_of_each_project(tmp_path):
    center = loaded.centre(tmp_path / "centre", calling_code="48")
    loaded.load(center, {"projects": "name\nAcme\nBolt\n"})
    spelt = [*SPELLINGS, "22 000 01 01", "022 000 01 01"]
    rows = [
        call(f"{project}{i}", "2025-06-02T10:00:00Z", project, phone)
        for project in ("Acme", "Bolt")
        for i, phone in enumerate(spelt)
    ]
    loaded.load(center, {"calls": calls(*rows, columns="project,phone")})
    tables = loaded.stored(center)
    keys = {p: {r["contact_key"] for r in tables["calls"] if r["project"] == p} for p in ("Acme", "Bolt")}
    assert all(len(k) == 1 for k in keys.values())
    assert keys["Acme"] != keys["Bolt"]
    assert {(r["project"], r["phone"]) for r in tables["contacts"]} == {
        ("Acme", "+48220000101"),
        ("Bolt", "+48220000101"),
    }
    assert {r["project"]: {r["contact_key"]} for r in tables["contacts"]} == keys


def test_keys_differ_between_centres(tmp_path):
    rows = {"calls": calls(call("c", "2025-06-02T10:00:00Z", "Acme", "+48220000101"), columns="project,phone")}
    keys = []
    for name in ("one", "other"):
        center = loaded.centre(tmp_path / name)
        if name == "other":
            center.folder.secret.write_text("f" * 64)
        loaded.load(center, rows)
        keys.append({(the_call(center)["contact_key"], the_call(center)["interaction_id"])})
    assert keys[0].isdisjoint(keys[1])


def test_without_a_code_of_the_centre_a_national_number_stays_as_it_is(center):
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", "22 000 01 01"), columns="phone")})
    assert loaded.one(center, "contacts")["phone"] == "220000101"


def test_what_facts_say_of_a_person_adds_up(center):
    rows = [
        call("c1", "2025-06-02T10:00:00Z", "+48220000101", "", "ann@example.com"),
        call("c2", "2025-06-02T11:00:00Z", "+48220000101", "Ann", ""),
        call("c3", "2025-06-02T11:00:00Z", "", "Nobody", "no@example.com"),
    ]
    loaded.load(center, {"calls": calls(*rows, columns="phone,contact_name,email")})
    found = loaded.one(center, "contacts")
    assert (found["phone"], found["name"], found["email"]) == ("+48220000101", "Ann", "ann@example.com")
    assert the_call(center, source_id="c3")["contact_key"] is None


def test_an_explicit_contact_stands_for_itself_in_either_order(tmp_path):
    contacts = 'project,phone,name,fields\nAcme,+48 22 000 01 01,Dr Ann,"{""age"": 40}"\n'
    its_call = calls(
        call("c", "2025-06-02T10:00:00Z", "Acme", "+48220000101", "Annie"), columns="project,phone,contact_name"
    )
    centers = [loaded.centre(tmp_path / name) for name in ("together", "contact first", "call first")]
    loaded.load(centers[0], {"contacts": contacts, "calls": its_call})
    loaded.load(centers[1], {"contacts": contacts})
    loaded.load(centers[1], {"calls": its_call})
    loaded.load(centers[2], {"calls": its_call})
    loaded.load(centers[2], {"contacts": contacts})
    for center in centers:
        found = loaded.one(center, "contacts")
        assert (found["project"], found["phone"], found["name"]) == ("Acme", "+48220000101", "Dr Ann")
        assert found["contact_key"] == the_call(center)["contact_key"]
    assert loaded.content(centers[0]) == loaded.content(centers[1]) == loaded.content(centers[2])


def test_one_person_twice_in_contacts_is_a_bad_row_and_no_crash(center):
    contacts = "project,phone,name\nAcme,+48220000101,Ann\nAcme,+48 22 000 01 01,Annie\nAcme,+48220000102,Bob\n"
    result = loaded.load(center, {"contacts": contacts})
    assert (result.rows_loaded, result.rows_rejected) == (1, 2)
    assert [r["name"] for r in loaded.stored(center)["contacts"]] == ["Bob"]
    assert set(result.rejects["line"]) == {2, 3}


def test_costs_and_recordings_go_to_tables_of_their_own(center):
    columns = "project,operator,answered_at,cost,currency,recording,recording_bytes"
    at, url = "2025-06-02T10:00:00Z", "https://r.example.com/1.wav"
    rows = [
        call("both", at, "Acme", "anna", "2025-06-02T10:00:30Z", "1.234567", "EUR", url, "4096"),
        call("cost", at, "Acme", "", "", "0", "", "", ""),
        call("none", at, "Acme", "", "", "", "EUR", "", ""),
    ]
    loaded.load(center, {"calls": calls(*rows, columns=columns)})
    tables = loaded.stored(center)
    ids = {r["source_id"]: r["call_id"] for r in tables["calls"]}
    assert not {"cost", "recording", "_cost"} & set(tables["calls"][0])
    charges = {r["call_id"]: r for r in tables["charges"]}
    assert set(charges) == {ids["both"], ids["cost"]}
    both = charges[ids["both"]]
    assert (both["kind"], both["operator"], both["unit"], both["quantity"]) == (
        "telephony",
        "anna",
        "minute",
        Decimal("0.5"),
    )
    assert (both["amount"], both["currency"], both["at"]) == (Decimal("1.234567"), "EUR", utc("02 10:00:00"))
    assert (charges[ids["cost"]]["amount"], charges[ids["cost"]]["currency"]) == (0, "PLN")  # the centre's currency
    (recording,) = tables["recordings"]
    assert (recording["call_id"], recording["url"], recording["bytes"]) == (ids["both"], url, 4096)
    assert (recording["length_ms"], recording["project"]) == (30_000, "Acme")


def test_a_call_that_is_loaded_again_without_its_cost_loses_it(center):
    first = calls(call("c", "2025-06-02T10:00:00Z", "1", "https://r.example.com/1"), columns="cost,recording")
    loaded.load(center, {"calls": first})
    assert {"charges", "recordings"} <= set(loaded.stored(center))
    loaded.load(center, {"calls": calls(call("c", "2025-06-02T10:00:00Z", ""), columns="cost")})
    assert set(loaded.stored(center)) == {"calls"}


def test_costs_of_calls_stand_beside_charges_of_a_file(center):
    charges = "source_id,kind,amount,currency,at\nfee,licence,9,PLN,2025-06-02T10:00:00Z\n"
    loaded.load(center, {"charges": charges, "calls": calls(call("c", "2025-06-02T10:00:00Z", "1"), columns="cost")})
    assert {r["kind"]: r["amount"] for r in loaded.stored(center)["charges"]} == {"licence": 9, "telephony": 1}


def test_words_of_closed_lists_are_read_in_any_spelling(center):
    row = "c, Inbound ,2025-06-02T10:00:00Z,2025-06-02T10:01:00Z,ANSWERED,Customer"
    loaded.load(center, {"calls": calls(row, columns="ended_by")})
    found = the_call(center)
    assert (found["direction"], found["outcome"], found["ended_by"]) == ("inbound", "answered", "customer")
    assert found["source_outcome"] == "ANSWERED"


def test_an_unknown_outcome_becomes_other_and_is_named(center):
    rows = [call("c1", outcome="Zaginiony"), call("c2", outcome="Zaginiony"), call("c3", outcome=""), call("c4")]
    result = loaded.load(center, {"calls": calls(*rows)})
    found = {r["source_id"]: (r["outcome"], r["source_outcome"]) for r in loaded.stored(center)["calls"]}
    assert found["c1"] == found["c2"] == ("other", "Zaginiony")
    assert found["c3"] == ("other", None)
    assert found["c4"] == ("answered", None)
    assert result.notes["outcome 'Zaginiony' is not known, taken as other"] == 2
    assert result.notes["outcome not given, taken as other"] == 1


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("calls", "source_id,direction,started_at,ended_at,outcome\nc,sideways,{t},{t},answered"),
        ("statuses", "operator,status,started_at\nanna,Dreaming,{t}"),
        ("dialogues", "source_id,channel,started_at\nd,pigeon,{t}"),
        ("ratings", "source_id,kind,at\nr,stars,{t}"),
        ("charges", "source_id,kind,amount,currency,at\nc,tips,1,PLN,{t}"),
        ("ivr_steps", "call,step_no,input_kind,at\nc,1,smoke,{t}"),
    ],
)
def test_another_unknown_word_is_a_bad_row(center, table, row):
    result = loaded.load(center, {table: row.format(t="2025-06-02T10:00:00Z") + "\n"})
    assert (result.rows_in, result.rows_rejected) == (1, 1)
    assert result.rejects.iloc[0]["reason"].startswith("not one of ")
    assert loaded.stored(center) == {}


def test_ids_are_63_bit_hashes_of_table_source_and_id(tmp_path):
    """The same in every centre and load; another table, source or id gives another one."""
    rows = {
        "calls": calls(call("x"), call("y")),
        "dialogues": "source_id,started_at\nx,2025-06-02T10:00:00Z\n",
        "rings": "call,operator,started_at\nx,anna,2025-06-02T10:00:00Z\n",
    }
    one, other = (loaded.centre(tmp_path / name) for name in ("one", "other"))
    loaded.load(one, rows)
    loaded.load(other, {"calls": rows["calls"]})
    loaded.load(other, {"dialogues": rows["dialogues"]})
    loaded.load(other, {"rings": rows["rings"]})
    assert loaded.content(one) == loaded.content(other)
    tables = loaded.stored(one)
    ids = [r["call_id"] for r in tables["calls"]] + [r["dialogue_id"] for r in tables["dialogues"]]
    assert len(set(ids)) == 3
    assert all(0 <= i < 2**63 for i in ids)
    assert max(ids) > 2**53
    assert tables["rings"][0]["call_id"] == next(r["call_id"] for r in tables["calls"] if r["source_id"] == "x")


def test_an_id_and_a_reference_to_it_meet_whatever_blanks_surround_them(center):
    rings = "call,operator,started_at\n x,anna,2025-06-02T10:00:00Z\n"
    loaded.load(center, {"calls": calls(call("x ", "2025-06-02T10:00:00Z", "Acme"), columns="project"), "rings": rings})
    assert loaded.one(center, "rings")["project"] == "Acme"


def test_transfer_to_names_a_call(center):
    rows = [call("a", "2025-06-02T10:00:00Z", "Acme", "b", "i"), call("b", "2025-06-02T10:01:00Z", "Acme", "", "i")]
    loaded.load(center, {"calls": calls(*rows, columns="project,transfer_to,interaction")})
    a, b = (the_call(center, source_id=s) for s in "ab")
    assert a["transfer_to_call_id"] == b["call_id"]
    assert a["interaction_id"] == b["interaction_id"]
    assert not a["went_to_other"]


def test_an_interaction_is_by_default_the_calls_own(center):
    loaded.load(center, {"calls": calls(call("a"), call("b"))})
    ids = {r["interaction_id"] for r in loaded.stored(center)["calls"]}
    assert len(ids) == 2


def test_every_fact_table_takes_its_required_columns(center):
    """One row of each table from no more than it must have."""
    at = "2025-06-02T10:00:00Z"
    needed = {
        "calls": f"source_id,direction,started_at,ended_at,outcome\nx,inbound,{at},{at},busy",
        "rings": f"call,operator,started_at\nx,anna,{at}",
        "statuses": f"operator,status,started_at\nanna,Ready,{at}",
        "ivr_steps": f"call,step_no,at\nx,1,{at}",
        "tasks": f"source_id,created_at\nx,{at}",
        "dialogues": f"source_id,started_at\nx,{at}",
        "requests": f"source_id,created_at\nx,{at}",
        "stage_changes": f"source_id,request,stage,at\nx,x,won,{at}",
        "answers": f"source_id,request,question,at\nx,x,why,{at}",
        "orders": f"source_id,at\nx,{at}",
        "evaluations": f"source_id,evaluation,criterion,at\nx,e,polite,{at}",
        "ratings": f"source_id,kind,at\nx,nps,{at}",
        "speech_hits": f"source_id,call,rule,at\nx,x,greeting,{at}",
        "shifts": f"source_id,operator,activity,starts_at,ends_at\nx,anna,work,{at},{at}",
        "charges": f"source_id,kind,amount,currency,at\nx,wage,1,PLN,{at}",
        "recordings": f"source_id,call,url,at\nx,x,https://r.example.com,{at}",
        "contacts": "project,phone\nAcme,+48220000101",
    }
    result = loaded.load(center, {table: f"{text}\n" for table, text in needed.items()})
    assert (result.rows_in, result.rows_rejected) == (len(needed), 0)
    assert {t for t in loaded.stored(center) if t != "links"} == set(needed)


# Other kinds of files


def test_parquet_of_native_types_says_the_same_as_csv(tmp_path):
    at = datetime(2025, 6, 2, 12)  # local, in Warsaw: 10:00 UTC
    table = pa.table(
        {
            "source_id": pa.array([1, 2], pa.int64()),
            "direction": ["inbound", "outbound"],
            "started_at": pa.array([at, at], pa.timestamp("ns")),
            "answered_at": pa.array([NOW.replace(month=6, day=2, hour=10, second=5), None], pa.timestamp("us", "UTC")),
            "ended_at": pa.array([at + timedelta(seconds=65), at + timedelta(seconds=3)], pa.timestamp("ms")),
            "outcome": ["answered", "busy"],
            "ring_s": pa.array([2.5, None], pa.float64()),
            "by_robot": pa.array([False, None], pa.bool_()),
            "sip_code": pa.array([200, 486], pa.int32()),
            "cost": pa.array([Decimal("0.125"), None], pa.decimal128(9, 3)),
        }
    )
    text = """
        source_id,direction,started_at,answered_at,ended_at,outcome,ring_s,by_robot,sip_code,cost
        1,inbound,2025-06-02T12:00:00,2025-06-02T10:00:05Z,2025-06-02T12:01:05,answered,2.5,false,200,0.125
        2,outbound,2025-06-02T12:00:00,,2025-06-02T12:00:03,busy,,,486,
        """
    one, other = (loaded.centre(tmp_path / name) for name in ("parquet", "csv"))
    (tmp_path / "in").mkdir()
    pq.write_table(table, tmp_path / "in" / "calls.parquet")
    one.load(tmp_path / "in")
    loaded.load(other, {"calls": text})
    assert loaded.content(one) == loaded.content(other)
    first = loaded.one(one, "calls", source_id="1")
    assert (first["started_at"], first["talk_ms"], first["ring_ms"]) == (utc("02 10:00:00"), 60_000, 2_500)


def test_a_workbook_says_the_same_as_csv(tmp_path):
    at = datetime(2025, 6, 2, 12)
    with xlsxwriter.Workbook(tmp_path / "calls.xlsx") as book:
        sheet, as_time = book.add_worksheet("calls"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        names = "source_id direction started_at ended_at outcome hold_s phone".split()
        sheet.write_row(0, 0, names)
        sheet.write_row(1, 0, [17, "inbound"])
        sheet.write_datetime(1, 2, at, as_time)
        sheet.write_datetime(1, 3, at + timedelta(seconds=65), as_time)
        sheet.write_row(1, 4, ["answered", 2.5, "+48220000101"])
    one, other = (loaded.centre(tmp_path / name) for name in ("workbook", "csv"))
    one.load(tmp_path / "calls.xlsx")
    row = "17,inbound,2025-06-02T12:00:00,2025-06-02T12:01:05,answered,2.5,+48220000101"
    loaded.load(other, {"calls": calls(row, columns="hold_s,phone")})
    assert loaded.content(one) == loaded.content(other)


def test_a_table_may_be_many_files(center):
    files = {
        "calls.csv": calls(call("a", "2025-06-02T10:00:00Z", "Acme"), columns="project"),
        "calls/2.csv": calls(call("b")),
        "calls/3.csv": "outcome,ended_at,started_at,direction,source_id,wrap_s\nbusy,{0},{0},outbound,c,4\n".format(
            "2025-06-02T10:00:00Z"
        ),
    }
    result = loaded.load(center, files)
    assert result.rows_loaded == 3
    assert loaded.places(center) == {"a": "Acme", "b": None, "c": None}
    assert the_call(center, source_id="c")["wrap_ms"] == 4_000


def test_what_was_loaded_is_listed_with_its_files(center):
    result = loaded.load(center, {"calls": calls(call("a"), call("b", outcome="odd"))})
    row = center.loads.iloc[0]
    assert (row["load_id"], row["rows_in"], row["rows_loaded"], row["rows_rejected"]) == (result.load_id, 2, 2, 0)
    assert '"calls.csv"' in row["files"]
    assert "sha256" in row["files"]
    assert "odd" in row["notes"]
    assert row["generation"] == result.generation == center.folder.current().generation


def test_stores_hold_the_types_of_the_model(center):
    loaded.load(center, {"calls": calls(call("a", "2025-06-02T10:00:00Z", "4.41", "1"), columns="mos,ring_s")})
    (file,) = loaded.files(center)
    with duckdb.connect(str(center.path / file), read_only=True) as con:
        types = {name: kind for name, kind, *_ in con.execute("DESCRIBE calls").fetchall()}
    assert types["started_at"] == "TIMESTAMP"
    assert types["ring_ms"] == types["call_id"] == types["contact_key"] == "BIGINT"
    assert types["mos"] == "DECIMAL(12,4)"
    assert types["outcome"] == "VARCHAR"
    assert the_call(center)["mos"] == Decimal("4.41")
