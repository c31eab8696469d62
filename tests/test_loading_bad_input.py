"""Files and definitions that cannot be right: each error says what, where and what next, and nothing is half done."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

import loaded
from loaded import CALLS, call, calls, utc
from okireports.errors import BadOption, LoadError, OkiReportsError

AT = "2025-06-02T10:00:00Z"
GOOD = call("good", AT)


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


@pytest.fixture
def refused(center):
    """Load files that must be refused whole; gives the error."""

    def check(files, **options):
        was = (sorted(p for p in center.path.rglob("*")), center.folder.pointer.read_text())
        with pytest.raises(LoadError) as caught:
            loaded.load(center, {"calls/0": calls(GOOD)} | files, **options)
        assert (sorted(p for p in center.path.rglob("*")), center.folder.pointer.read_text()) == was
        assert str(caught.value).endswith("Nothing of this load was published.")
        return caught.value

    return check


# Files


def test_a_wrong_delimiter(refused):
    error = refused({"calls": calls(GOOD).replace(",", ";")})
    assert (error.file, error.line) == ("calls.csv", 1)
    assert "separated by a semicolon" in str(error)
    assert "Export it with commas, or load it with a mapping" in str(error)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(tmp_path):
    text = calls(call("a", AT, "Zażółć"), call("b", AT, ""), columns="line")
    plain, other = (loaded.centre(tmp_path / name) for name in ("plain", "other"))
    loaded.load(plain, {"calls": text})
    loaded.load(other, {"calls": b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode()})
    assert loaded.content(plain) == loaded.content(other)
    assert loaded.one(other, "calls", source_id="a")["line"] == "Zażółć"


def test_latin_2(refused):
    error = refused({"calls": calls(GOOD + ",zażółć", columns="line").encode("iso-8859-2")})
    assert (error.file, error.line) == ("calls.csv", 2)
    assert "not text in UTF-8" in str(error)
    assert "a mapping that says its encoding" in str(error)


def test_a_missing_required_column(refused):
    error = refused({"calls": calls(GOOD).replace("ended_at", "end")})
    assert (error.file, error.column) == ("calls.csv", "ended_at")
    assert "source_id, direction, started_at, end, outcome" in str(error)


def test_a_column_that_stands_twice(refused):
    error = refused({"calls": calls(GOOD + ",1,2", columns="wrap_s,Wrap_S")})
    assert (error.file, error.column) == ("calls.csv", "Wrap_S")


@pytest.mark.parametrize("data", ["", "\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(refused, data):
    assert "empty" in str(refused({"calls": data}))


def test_a_table_that_does_not_exist(refused):
    error = refused({"cals": calls(GOOD)})
    assert error.file == "cals.csv"
    assert "Did you mean 'calls'" in str(error)


def test_a_folder_that_is_not_there(center, tmp_path):
    with pytest.raises(LoadError, match="There is nothing at this path"):
        center.load(tmp_path / "nowhere")


def test_a_file_of_another_kind_than_its_name(refused):
    assert "but this is no such file" in str(refused({"calls/1.parquet": calls(GOOD)}))


def test_a_mapping_that_is_not_there(refused):
    assert "There is no source 'canonnical'. Did you mean 'canonical'?" in str(refused({}, source="canonnical"))


def test_a_decimal_comma_costs_its_row_only(center):
    rows = calls(call("a", AT, '"12,5"'), call("b", AT, "12.5"), columns="wrap_s")
    result = loaded.load(center, {"calls": rows})
    assert (result.rows_loaded, result.rows_rejected) == (1, 1)
    assert loaded.one(center, "calls")["wrap_ms"] == 12_500


MANY = 200_000


def test_one_bad_row_of_very_many(center):
    """It is found, and the rest is there; the time is printed with -s, it is no promise."""
    bad = MANY // 2
    rows = [f"c{i},inbound,{AT},{AT if i != bad else 'noon'},busy" for i in range(MANY)]
    began = time.perf_counter()
    result = loaded.load(center, {"calls": calls(*rows)})
    print(f"{MANY:,} rows in {time.perf_counter() - began:.1f} s")
    assert (result.rows_in, result.rows_loaded, result.rows_rejected) == (MANY, MANY - 1, 1)
    (row,) = result.rejects.to_dict("records")
    assert (row["line"], row["column_name"], row["value"]) == (bad + 2, "ended_at", "noon")


# Times


MISSING, DOUBLED = "2025-03-30T02:30:00", "2025-10-26T02:30:00"  # in Warsaw: skipped, and shown twice


@pytest.mark.parametrize(
    ("said", "ambiguous", "meant"),
    [
        (MISSING, "earlier", "2025-03-30 01:30:00"),  # by the offset before the change: an hour after 01:30 there
        (MISSING, "later", "2025-03-30 00:30:00"),  # by the offset after it
        (DOUBLED, "earlier", "2025-10-26 00:30:00"),
        (DOUBLED, "later", "2025-10-26 01:30:00"),
        ("2025-03-30T01:59:59.999", "later", "2025-03-30 00:59:59.999"),
        ("2025-03-30T03:00:00", "later", "2025-03-30 01:00:00"),
        ("2025-10-26T01:59:59.999", "later", "2025-10-25 23:59:59.999"),
        ("2025-10-26T02:00:00", "earlier", "2025-10-26 00:00:00"),
        ("2025-10-26T02:59:59.999", "later", "2025-10-26 01:59:59.999"),
        ("2025-10-26T03:00:00", "earlier", "2025-10-26 02:00:00"),
        ("2025-10-26T02:30:00+01:00", "earlier", "2025-10-26 01:30:00"),  # with an offset nothing is in doubt
        ("2025-10-26T02:30:00+02:00", "later", "2025-10-26 00:30:00"),
    ],
)
def test_local_times_around_the_changes_of_the_clock(center, said, ambiguous, meant):
    row = f"c,inbound,{said},2025-12-01T00:00:00Z,busy"
    result = loaded.load(center, {"calls": calls(row)}, ambiguous=ambiguous)
    assert loaded.one(center, "calls")["started_at"] == utc(meant)
    doubtful = {MISSING: "missing", DOUBLED: "ambiguous"}
    doubtful |= {"2025-10-26T02:00:00": "ambiguous", "2025-10-26T02:59:59.999": "ambiguous"}
    expected = {f"{doubtful[said]} local time taken as the {ambiguous} one": 1} if said in doubtful else {}
    assert {n: c for n, c in result.notes.items() if "local time" in n} == expected


def test_doubtful_times_can_be_rejected(center):
    other = {"doubled": DOUBLED, "clear": "2025-10-26T03:30:00", "offset": f"{DOUBLED}+01:00"}
    rows = [f"{name},inbound,{said},2025-12-01T00:00:00Z,busy" for name, said in other.items()]
    rows.append(f"missing,inbound,2025-03-01T00:00:00,{MISSING},busy")
    result = loaded.load(center, {"calls": calls(*rows)}, ambiguous="reject")
    assert sorted(loaded.places(center)) == ["clear", "offset"]
    found = {(r["line"], r["column_name"], r["value"], r["reason"]) for r in result.rejects.to_dict("records")}
    assert found == {
        (2, "started_at", DOUBLED, "this local time is ambiguous in Europe/Warsaw"),
        (5, "ended_at", MISSING, "this local time is missing in Europe/Warsaw"),
    }


def test_changes_of_the_clock_are_those_of_the_zone_that_is_given(center):
    """New York went back on 2 November; the night of Warsaw is an ordinary one there."""
    rows = [f"{i},inbound,{said},2025-12-01T00:00:00Z,busy" for i, said in enumerate((DOUBLED, "2025-11-02T01:30:00"))]
    result = loaded.load(center, {"calls": calls(*rows)}, timezone="America/New_York")
    starts = sorted(r["started_at"] for r in loaded.stored(center)["calls"])
    assert starts == [datetime(2025, 10, 26, 6, 30), datetime(2025, 11, 2, 5, 30)]
    assert {n: c for n, c in result.notes.items() if "local time" in n} == {
        "ambiguous local time taken as the earlier one": 1
    }


@pytest.mark.parametrize("zone", ["Europe/Warsawa", "CEST+2", "../etc/passwd", "", "Mars/Base"])
def test_an_unknown_zone(center, tmp_path, zone):
    before = center.folder.pointer.read_text()
    with pytest.raises(BadOption) as caught:
        center.load(tmp_path, timezone=zone)
    assert repr(zone) in str(caught.value)
    assert center.folder.pointer.read_text() == before


# Definitions


def test_a_queue_that_two_projects_own_at_once(refused):
    owned = """
        kind,name,project,valid_from,valid_to
        queue,Loose,Acme,,2025-06-10T00:00:00Z
        queue,Loose,Bolt,2025-06-09T23:59:59Z,
        """
    error = refused({"project_objects": owned})
    assert (error.file, error.line, error.column, error.value) == ("project_objects.csv", 3, "project", "Bolt")
    assert "Loose is in Acme at that time" in str(error)


def test_a_queue_that_two_rows_of_objects_give_to_two_projects(refused):
    error = refused({"objects": "kind,name,project\nqueue,Loose,Acme\nqueue,Loose,Bolt\n"})
    assert (error.file, error.line, error.column, error.value) == ("objects.csv", 3, "project", "Bolt")
    assert "Acme" in str(error)


def test_shared_kinds_may_be_in_many_projects_at_once(center):
    loaded.load(center, {"objects": "kind,name,project\nlist,Leads,Acme\nlist,Leads,Bolt\n"})


def test_a_queue_that_follows_itself_without_a_gap_is_right(center):
    owned = """
        kind,name,project,valid_from,valid_to
        queue,Loose,Bolt,2025-06-10T00:00:00Z,
        queue,Loose,Acme,,2025-06-10T00:00:00Z
        """
    loaded.load(center, {"project_objects": owned})
    rows = [call("a", "2025-06-09T23:59:59.999Z", "Loose"), call("b", "2025-06-10T00:00:00Z", "Loose")]
    loaded.load(center, {"calls": calls(*rows, columns="queue")})
    assert loaded.places(center) == {"a": "Acme", "b": "Bolt"}


def test_an_object_that_moves_today_leaves_its_past(center):
    loaded.load(center, {"objects": "kind,name,project\nqueue,Acme sales,Bolt\n"})
    rows = [call("a", "2025-12-01T11:59:59.999Z", "Acme sales"), call("b", "2025-12-01T12:00:00Z", "Acme sales")]
    loaded.load(center, {"calls": calls(*rows, columns="queue")})
    assert loaded.places(center) == {"a": "Acme", "b": "Bolt"}, "the clock of these tests stands at noon"


def test_a_queue_that_no_project_owns(center):
    result = loaded.load(center, {"calls": calls(call("a", AT, "Loose"), columns="queue")})
    assert (result.rows_loaded, result.rows_unassigned) == (1, 1)
    assert loaded.one(center, "calls")["queue"] == "Loose"
    assert "1 of no project" in str(result)


@pytest.mark.parametrize("goal", ["80", "1.01", "0", "-0.8", "0,8", "80%"])
def test_a_goal_that_is_no_share(refused, goal):
    error = refused({"targets": f'queue,answer_within_s,goal\nAcme sales,20,"{goal}"\n'})
    assert (error.file, error.line, error.column, error.value) == ("targets.csv", 2, "goal", goal)
    if goal == "80":
        assert "0.8 for 80 %" in str(error)


@pytest.mark.parametrize(
    ("users", "column", "problem"),
    [
        ("login\nANNA\n", "login", "differs from the login 'anna' only by case"),
        ("login\nnew\nNew\n", "login", "differs from the login 'new' only by case"),
        ("login\nanna \n", "login", "no blanks at its ends"),
        ('login\n" new"\n', "login", "no blanks at its ends"),
        ("login\nаnna\n", "login", "one alphabet"),  # noqa: RUF001 (the first letter is Cyrillic: that is the test)
        ("login\nan\u200bna\n", "login", "cannot be seen"),
        ("login\n\uff41nna\n", "login", "letters"),
        ("login\nﬁona\n", "login", "look like others"),
        ("login,role\nnew,Operater\n", "role", "Did you mean 'Operator'?"),
        ("login,active\nnew,perhaps\n", "active", "neither true nor false"),
    ],
)
def test_a_person_who_could_be_taken_for_another(refused, users, column, problem):
    error = refused({"users": users})
    assert (error.file, error.column) == ("users.csv", column)
    assert error.line in (2, 3)
    assert problem in str(error)


@pytest.mark.parametrize(
    ("files", "file", "column", "problem"),
    [
        ({"memberships": "login,project\nnobody,Acme\n"}, "memberships.csv", "login", "no such user"),
        ({"memberships": "login,project\nanna,Acne\n"}, "memberships.csv", "project", "Did you mean 'Acme'"),
        ({"memberships": "login,project,valid_from,valid_to\nanna,Acme,2025-06-02,2025-06-02\n"}, "memberships.csv",
         "valid_to", "not after valid_from"),
        ({"memberships": "login,project,valid_from\nanna,Acme,02.06.2025\n"}, "memberships.csv", "valid_from",
         "write 2025-06-01"),
        ({"objects": "kind,name\nqeue,New\n"}, "objects.csv", "kind", "Did you mean 'queue'?"),
        ({"objects": "kind,name,attributes\nqueue,New,{capacity: 30\n"}, "objects.csv", "attributes", "not JSON"),
        ({"objects": "kind,name,project\nqueue,New,Acne\n"}, "objects.csv", "project", "Did you mean 'Acme'"),
        ({"project_objects": "kind,name,project\nqueue,Acme sale,Acme\n"}, "project_objects.csv", "name",
         "Did you mean 'Acme sales'"),
        ({"targets": "queue,answer_within_s\nAcme sale,20\n"}, "targets.csv", "queue", "Did you mean 'Acme sales'"),
        ({"targets": "queue,answer_within_s\nAcme sales,-20\n"}, "targets.csv", "answer_within_s", "not be negative"),
        ({"targets": "queue,answer_within_s\nAcme sales,\n"}, "targets.csv", "answer_within_s", "a value is missing"),
        ({"projects": "name,client\n,Client\n"}, "projects.csv", "name", "a value is missing"),
    ],
)  # fmt: skip
def test_a_definition_that_contradicts_what_is_there(refused, files, file, column, problem):
    error = refused(files)
    assert (error.file, error.line, error.column) == (file, 2, column)
    assert problem in str(error)


def test_an_error_never_names_what_the_loader_did_not_ask_for(refused):
    """Nothing near it: no suggestion."""
    assert "Did you mean" not in str(refused({"memberships": "login,project\nanna,Zzz\n"}))


def test_a_row_of_definitions_with_a_field_too_many_stops_the_load(refused):
    error = refused({"users": "login,name\nnew,New,Extra\n"})
    assert (error.file, error.line) == ("users.csv", 2)


def test_every_error_is_of_the_one_tree():
    assert issubclass(LoadError, OkiReportsError)
    error = LoadError("It is wrong.", file="a.csv", line=3, column="x", value="y", hint="Mend it.")
    assert str(error) == (
        "a.csv, line 3, column x, value 'y': It is wrong. Mend it. Nothing of this load was published."
    )


def test_the_header_of_calls_in_these_tests_is_the_required_one():
    from okireports.tables import FACTS

    assert set(CALLS.split(",")) == FACTS["calls"].required


def test_a_mapping_may_be_given_as_a_path(tmp_path):
    mapping, file = tmp_path / "vendor.toml", tmp_path / "calls.csv"
    columns = CALLS.split(",")
    lines = [f'{name} = "{name}"' for name in columns]
    mapping.write_text("\n".join(['[source]\nname = "vendor"\n[[table]]\ntable = "calls"\n[table.columns]', *lines]))
    file.write_text(calls(call("c")))
    center = loaded.centre(tmp_path / "centre")
    assert center.load(file, source=mapping).rows_loaded == 1
    assert center.sync(file, source=mapping) is None  # the same source as before
