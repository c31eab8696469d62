"""Laws of loading: the order of rows, files and loads changes nothing; loading the same again changes no file."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import loaded
import okireports
import worlds
from loaded import call, calls
from projection import DEFINITIONS

DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)  # a world takes seconds to load: none is made smaller


def empty(path, world):
    """A centre for a world, with the secret that all centres of these tests have."""
    made = okireports.create(path, now=world.now)
    made.folder.secret.write_text(loaded.SECRET)
    return made


def load_at_once(path, world):
    """The world in one load."""
    center = empty(path / "centre", world)
    result = center.load(worlds.write(world, path / "in"))
    assert result.rows_rejected == 0
    return center


def facts_of(world):
    """All rows of facts as (table, row)."""
    return [(t, row) for t, rows in world.tables.items() if t not in DEFINITIONS for row in rows]


def load_in_parts(path, world, parts):
    """The definitions, then each part: a list of (table, row)."""
    center = empty(path / "centre", world)
    defined = {t: rows for t, rows in world.tables.items() if t in DEFINITIONS}
    center.load(worlds.write(worlds.select(world, defined), path / "defined"))
    for number, part in enumerate(parts):
        tables = {}
        for table, row in part:
            tables.setdefault(table, []).append(row)
        if tables:
            center.load(worlds.write(worlds.select(world, tables), path / f"part{number}"))
    return center


@settings(max_examples=3, phases=DRAWN)
@given(world=worlds.worlds(), seed=st.integers(0, 2**20))
def test_the_order_of_rows_changes_nothing(tmp_path_factory, world, seed):
    path, rng = tmp_path_factory.mktemp("order"), Random(seed)
    plain = load_at_once(path / "plain", world)
    facts = {t: rng.sample(rows, len(rows)) for t, rows in world.tables.items() if t not in DEFINITIONS}
    turned = load_at_once(path / "turned", worlds.select(world, world.tables | facts))
    assert loaded.difference(loaded.content(plain), loaded.content(turned)) == {}


@settings(max_examples=4, phases=DRAWN)
@given(world=worlds.worlds(), seed=st.integers(0, 2**20), parts=st.integers(2, 3))
def test_the_same_rows_in_several_loads_give_the_same_tables(tmp_path_factory, world, seed, parts):
    path, rng = tmp_path_factory.mktemp("parts"), Random(seed)
    plain = load_at_once(path / "plain", world)
    split = [[] for _ in range(parts)]
    for fact in facts_of(world):
        rng.choice(split).append(fact)
    apart = load_in_parts(path / "apart", world, split)
    assert loaded.difference(loaded.content(plain), loaded.content(apart)) == {}


@pytest.mark.parametrize("seed", [1])
def test_table_by_table_in_any_order_gives_the_same(tmp_path, seed):
    """Children before their parents, contacts of an interaction before and after each other."""
    world = worlds.world(seed)
    tables = list(dict.fromkeys(t for t, _ in facts_of(world)))
    Random(seed).shuffle(tables)
    parts = [[(t, row) for row in world.tables[t]] for t in tables]
    plain = load_at_once(tmp_path / "plain", world)
    apart = load_in_parts(tmp_path / "apart", world, parts)
    assert loaded.difference(loaded.content(plain), loaded.content(apart)) == {}


@pytest.mark.parametrize("seed", [0])
def test_the_same_rows_again_change_no_file(tmp_path, seed):
    world = worlds.world(seed)
    center = load_at_once(tmp_path, world)
    before, rows = loaded.files(center), loaded.content(center, but=())
    result = center.load(tmp_path / "in")
    assert loaded.files(center) == before
    assert loaded.content(center, but=()) == rows  # even the number of the load
    assert (result.rows_updated, result.rows_rejected) == (0, 0)
    # some of the rows, in another order, change nothing either
    few = {t: rows[::-2] for t, rows in world.tables.items() if t not in DEFINITIONS}
    again = center.load(worlds.write(worlds.select(world, few), tmp_path / "few"))
    assert loaded.files(center) == before
    assert again.rows_updated == 0


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


def test_a_new_row_rewrites_the_segment_that_gains_it_and_no_other(center):
    first = [call("a", "2025-06-02T10:00:00Z", "Acme"), call("b", "2025-06-02T10:00:00Z", "Bolt")]
    loaded.load(center, {"calls": calls(*first, columns="project")})
    before = loaded.files(center)
    loaded.load(center, {"calls": calls(first[0], call("c", "2025-06-02T11:00:00Z", "Acme"), columns="project")})
    changed = loaded.files(center) ^ before
    assert len(changed) == 2
    assert all("p0001/calls.2025-06" in file for file in changed)


def test_a_known_id_with_new_content_replaces_the_row(center):
    first = calls(
        call("a", "2025-06-02T10:00:00Z", "Acme", "1"),
        call("b", "2025-06-02T10:00:00Z", "Acme", "1"),
        columns="project,wrap_s",
    )
    loaded.load(center, {"calls": first})
    result = loaded.load(center, {"calls": first.replace("Acme,1\nb", "Acme,2\nb")})
    assert {r["source_id"]: r["wrap_ms"] for r in loaded.stored(center)["calls"]} == {"a": 2_000, "b": 1_000}
    assert (result.rows_in, result.rows_loaded, result.rows_updated) == (2, 2, 1)


@pytest.mark.parametrize(
    ("at", "project"),
    [
        ("2025-06-02T10:00:00Z", "Bolt"),  # another project
        ("2025-07-02T10:00:00Z", "Acme"),  # another month
        ("2024-11-30T10:00:00Z", "Bolt"),  # another year and project
        ("2025-06-02T10:00:00Z", ""),  # no project any more
    ],
)
def test_a_row_that_moves_is_gone_from_where_it_was(center, at, project):
    columns = "project,phone"
    first = calls(call("a", "2025-06-02T10:00:00Z", "Acme", "+48220000101"), columns=columns)
    other = calls(call("b", "2025-06-05T10:00:00Z", "Acme", ""), columns=columns)
    loaded.load(center, {"calls": first})
    loaded.load(center, {"calls": other})
    result = loaded.load(center, {"calls": calls(call("a", at, project, "+48220000101"), columns=columns)})
    assert result.rows_updated == 1
    row = loaded.one(center, "calls", source_id="a")
    assert (row["project"], row["started_at"]) == (project or None, loaded.utc(at[:10] + " 10:00:00"))
    assert loaded.one(center, "calls", source_id="b")["project"] == "Acme"
    assert loaded.one(center, "contacts")["project"] == (project or None), "the customer moves with the only call"


def test_an_empty_segment_is_not_kept(center):
    loaded.load(center, {"calls": calls(call("a", "2025-06-02T10:00:00Z", "Acme"), columns="project")})
    loaded.load(center, {"calls": calls(call("a", "2025-06-02T10:00:00Z", "Bolt"), columns="project")})
    (file,) = loaded.files(center)
    assert file.startswith("stores/p0002/calls.2025-06.")


def test_months_and_years_in_any_order_hold_the_same_rows(tmp_path):
    """Rows of fourteen months, month by month in two orders, against all at once."""
    months = [f"{2024 + i // 12}-{i % 12 + 1:02}" for i in range(14)]
    rows = {m: calls(call(f"c{m}", f"{m}-15T10:00:00Z", "Acme", "Acme"), columns="project,line") for m in months}
    everything = calls(*(text.splitlines()[1] for text in rows.values()), columns="project,line")
    once = loaded.centre(tmp_path / "once")
    loaded.load(once, {"calls": everything})
    for name, order in (("forward", months), ("shuffled", Random(7).sample(months, len(months)))):
        center = loaded.centre(tmp_path / name)
        for month in order:
            loaded.load(center, {"calls": rows[month]})
        assert loaded.content(center) == loaded.content(once)


# Transfers


CHAIN = {
    "a": call("a", "2025-06-02T10:00:00Z", "Acme", "i"),
    "b": call("b", "2025-06-02T10:01:00Z", "Bolt", "i"),
    "c": call("c", "2025-06-02T10:02:00Z", "Acme", "i"),
    "z": call("z", "2025-06-02T10:02:00Z", "Acme", ""),
}


def flags(center):
    rows = loaded.stored(center)["calls"]
    return {r["source_id"]: (r["went_to_other"], r["came_from_other"]) for r in rows}


@pytest.mark.parametrize("order", ["a b c z", "c b a z", "b a z c", "z,a c,b", "a b,c z", "a,b,c,z"])
def test_both_sides_of_a_transfer_are_told_whichever_comes_first(center, order):
    for part in order.split():
        loaded.load(center, {"calls": calls(*(CHAIN[s] for s in part.split(",")), columns="project,interaction")})
    assert flags(center) == {"a": (True, False), "b": (True, True), "c": (False, True), "z": (False, False)}


def test_the_first_file_is_written_anew_when_the_other_side_arrives(center):
    loaded.load(center, {"calls": calls(CHAIN["a"], CHAIN["z"], columns="project,interaction")})
    assert flags(center)["a"] == (False, False)
    before = {f for f in loaded.files(center) if "p0001/calls" in f}
    result = loaded.load(center, {"calls": calls(CHAIN["b"], columns="project,interaction")})
    assert flags(center) == {"a": (True, False), "b": (False, True), "z": (False, False)}
    assert not before & loaded.files(center)
    assert result.rows_updated == 0, "no row of this load replaced one"


def test_a_named_target_goes_before_the_next_contact(center):
    """a says that it went to c, of its own project, though b of the other project comes between."""
    rows = [
        call("a", "2025-06-02T10:00:00Z", "Acme", "i", "c"),
        call("b", "2025-06-02T10:01:00Z", "Bolt", "i", ""),
        call("c", "2025-06-02T10:02:00Z", "Acme", "i", ""),
    ]
    for part in (rows[:2], rows[2:]):
        loaded.load(center, {"calls": calls(*part, columns="project,interaction,transfer_to")})
    assert flags(center) == {"a": (False, False), "b": (True, False), "c": (False, True)}
    tables = loaded.stored(center)["calls"]
    ids = {r["source_id"]: r["call_id"] for r in tables}
    assert {r["source_id"]: r["transfer_to_call_id"] for r in tables} == {"a": ids["c"], "b": None, "c": None}


def test_a_transfer_that_is_taken_back_leaves_no_flag(center):
    rows = [call("a", "2025-06-02T10:00:00Z", "Acme", "b"), call("b", "2025-06-02T10:01:00Z", "Bolt", "")]
    loaded.load(center, {"calls": calls(*rows, columns="project,transfer_to")})
    assert flags(center) == {"a": (True, False), "b": (False, True)}
    loaded.load(center, {"calls": calls(call("a", "2025-06-02T10:00:00Z", "Acme", ""), columns="project,transfer_to")})
    assert flags(center) == {"a": (False, False), "b": (False, False)}


@pytest.mark.parametrize("order", ["a t b", "a b t", "b a t", "t a b"])
def test_a_call_that_waits_for_its_task_is_joined_all_the_same(center, order):
    """a belongs to Acme by its task only; before that comes it belongs to no project, which is not Bolt either."""
    parts = {
        "a": {"calls": calls(call("a", "2025-06-02T10:00:00Z", "", "i", "t"), columns="project,interaction,task")},
        "b": {"calls": calls(CHAIN["b"], columns="project,interaction")},
        "t": {"tasks": "source_id,created_at,dialer\nt,2025-06-01T10:00:00Z,Acme dialer\n"},
    }
    for name in order.split():
        loaded.load(center, parts[name])
    assert loaded.places(center) == {"a": "Acme", "b": "Bolt"}
    assert flags(center) == {"a": (True, False), "b": (False, True)}


# Customers of rows that wait for their parent


def test_a_waiting_rows_customer_moves_with_it_and_takes_nobody_elses_name_along(tmp_path):
    """Two calls from one phone of no project, under two names; the task of one of them comes later."""
    columns = "phone,contact_name,task"
    rows = [
        call("mine", "2025-06-02T10:00:00Z", "+48220000101", "Ann", "t"),
        call("other", "2025-06-02T10:00:00Z", "+48220000101", "Zed", ""),
    ]
    task = "source_id,created_at,dialer\nt,2025-06-01T10:00:00Z,Bolt dialer\n"
    together, apart = (loaded.centre(tmp_path / name) for name in ("together", "apart"))
    loaded.load(together, {"calls": calls(*rows, columns=columns), "tasks": task})
    loaded.load(apart, {"calls": calls(*rows, columns=columns)})
    loaded.load(apart, {"tasks": task})
    names = {(r["project"], r["phone"], r["name"]) for r in loaded.stored(together)["contacts"]}
    assert names == {("Bolt", "+48220000101", "Ann"), (None, "+48220000101", "Zed")}
    assert loaded.content(together) == loaded.content(apart)


def test_a_waiting_rows_customer_does_not_stay_behind(tmp_path):
    columns = "phone,contact_name,task"
    row = calls(call("c", "2025-06-02T10:00:00Z", "+48220000101", "Ann", "t"), columns=columns)
    center = loaded.centre(tmp_path / "centre")
    loaded.load(center, {"calls": row})
    assert loaded.one(center, "contacts")["project"] is None
    loaded.load(center, {"tasks": "source_id,created_at,dialer\nt,2025-06-01T10:00:00Z,Bolt dialer\n"})
    found = loaded.one(center, "contacts")
    assert (found["project"], found["name"]) == ("Bolt", "Ann")
    assert found["contact_key"] == loaded.one(center, "calls")["contact_key"]
