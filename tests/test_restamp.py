"""A correction of the past: rows stand where they would stand had another project owned it, and nowhere else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import growing
import laws
import loaded
import okireports
import worlds
from loaded import call, calls
from okireports.errors import BadPeriod, ChangeError, Refused, UnknownName
from okireports.faces import Center
from projection import DEFINITIONS, Row

WHY = {"actor": "admin", "reason": "the queue was theirs all along"}
DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)  # a world takes seconds to load: none is made smaller
WORDS = ("name", "email", "fields", "load_id")  # of contacts: what their rows said of them


# The law: as if it had been loaded so from the start


def owned_otherwise(
    rows: list[Row], kind: str, name: str, to: str | None, since: datetime, until: datetime
) -> list[Row]:
    """The rows of `project_objects` in which one object was another project's for a while, worked out by hand."""
    found = []
    for row in rows:
        if (row["kind"], row["name"]) != (kind, name):
            found.append(row)
            continue
        if row["valid_from"] is None or row["valid_from"] < since:
            ends = min(row["valid_to"] or since, since)
            found.append(row | {"valid_to": ends})
        if row["valid_to"] is None or row["valid_to"] > until:
            begins = max(row["valid_from"] or until, until)
            found.append(row | {"valid_from": begins})
    new = {"kind": kind, "name": name, "project": to, "valid_from": since, "valid_to": until}
    return [*found, new] if to else found


def placed_by_rule(world: worlds.World) -> worlds.World:
    """The world without explicit projects that say what the rule says: stored rows do not tell them from others."""
    known = worlds.Definitions(world.tables)
    tables = dict(world.tables)
    for table in ("calls", "dialogues"):
        rows = []
        for row in tables.get(table, []):
            by_queue = known.owner("queue", row["queue"], row["started_at"]) if row.get("queue") else None
            same = by_queue is not None and by_queue == row.get("project")
            rows.append({k: v for k, v in row.items() if not (k == "project" and same)})
        tables |= {table: rows} if rows else {}
    return worlds.select(world, tables)


def centre_of(path: Path, world: worlds.World) -> Center:
    """A centre into which a world was loaded."""
    made = okireports.create(path / "centre", now=world.now)
    made.folder.secret.write_text(loaded.SECRET)
    assert made.load(worlds.write(world, path / "in")).rows_rejected == 0
    return made


def facts_again(center: Center, path: Path, world: worlds.World) -> None:
    """Load the facts of a world once more."""
    facts = {t: rows for t, rows in world.tables.items() if t not in DEFINITIONS}
    center.load(worlds.write(worlds.select(world, facts), path))


PLACING = {"queue": "queue", "dialer": "dialer", "scenario": "scenario", "form": "crm_form"}
BEGIN = {"calls": "started_at", "dialogues": "started_at", "tasks": "created_at", "requests": "created_at"}


def corrections(world: worlds.World, seed: int) -> tuple[str, str, str | None, datetime, datetime] | None:
    """An object that a row of the world names, a project or none, and a stretch that holds the row or ends at it."""
    rng = worlds.Random(seed)
    named = [
        (kind, row[column], row[begin])
        for table, begin in BEGIN.items()
        for row in world.tables.get(table, [])
        for column, kind in PLACING.items()
        if row.get(column)
    ]
    if not named:
        return None
    kind, name, at = rng.choice(named)
    to = rng.choice([None, *(p["name"] for p in world.tables["projects"])])
    since = rng.choice([at, at - timedelta(hours=5), world.start - timedelta(days=9)])
    until = rng.choice([at, at + timedelta(milliseconds=1), at + timedelta(hours=20), world.end + timedelta(days=9)])
    return kind, name, to, since, until if until > since else until + timedelta(milliseconds=1)


@pytest.fixture(autouse=True)
def quick() -> Iterator[None]:
    """Nothing here is about a loss of power."""
    with laws.quick():
        yield


def lawful(path: Path, world: worlds.World, seed: int) -> dict[str, int]:
    """A restamped centre equals one that was loaded under the corrected ownership; gives the rows that moved."""
    world = placed_by_rule(world)
    if (drawn := corrections(world, seed)) is None:
        return {}
    kind, name, to, since, until = drawn
    other = owned_otherwise(world.tables["project_objects"], kind, name, to, since, until)
    truth = centre_of(path / "truth", worlds.select(world, world.tables | {"project_objects": other}))
    center, rows = centre_of(path / "restamped", world), {}
    try:
        rows = center.restamp(kind, name, to=to, period=(since, until), **WHY).rows
    except ChangeError as error:  # it was so already
        assert "nothing to correct" in str(error)
    contents = [loaded.content(made, but=WORDS) for made in (truth, center)]
    for content in contents:
        content.pop("sayings", None)
    assert loaded.difference(*contents) == {}
    facts_again(center, path / "again", world)
    assert loaded.difference(loaded.content(truth), loaded.content(center)) == {}, "not even names are missing then"
    return rows


@pytest.mark.parametrize("seed", [2, 3, 5, 10])
def test_it_equals_a_centre_that_was_loaded_so(tmp_path: Path, seed: int) -> None:
    assert lawful(tmp_path, worlds.world(seed), seed), "nothing moved"


@settings(max_examples=3, phases=DRAWN)
@given(world=worlds.worlds(), seed=st.integers(0, 2**20))
def test_it_equals_a_centre_that_was_loaded_so_in_any_world(
    tmp_path_factory: pytest.TempPathFactory, world: worlds.World, seed: int
) -> None:
    lawful(tmp_path_factory.mktemp("law"), world, seed)


# One centre, by hand

HIDDEN = {"source_id": "canary-source", "name": "Canary Example", "phone": "+48220000777", "url": "canary.wav"}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a centre, and the files that it was loaded from.

    Calls of Acme on its own line in June: one on the 2nd, one on the 20th, and one of the 2nd on Bolt's.
    """
    folder = tmp_path_factory.mktemp("restamp")
    with laws.quick():
        made = loaded.centre(folder / "centre")
        hidden = [HIDDEN[k] for k in ("phone", "name", "url")]
        stays = ["+48220000101", "Stays Example", "stays.wav"]
        rows = [
            call("canary-source", "2025-06-02T10:00:00Z", "Acme sales", "anna", *hidden, "1"),
            call("stays", "2025-06-20T10:00:00Z", "Acme sales", "anna", *stays, "1"),
            call("theirs", "2025-06-02T12:00:00Z", "Bolt care", "bea", "+48220000102", "Theirs Example", "", ""),
        ]
        loaded.load(made, {"calls": calls(*rows, columns="queue,operator,phone,contact_name,recording,cost")})
    return folder


@pytest.fixture
def center(template: Path, tmp_path: Path) -> Center:
    """One's own copy of it."""
    shutil.copytree(template, tmp_path, dirs_exist_ok=True)
    return okireports.open(tmp_path / "centre", now=loaded.NOW)


def bytes_of(center: Center, *folders: str) -> bytes:
    """All bytes of some of a centre's folders, or of the files that match."""
    paths = [path for folder in folders for path in sorted(center.path.glob(folder)) if path.is_file()]
    assert paths
    return b"".join(path.read_bytes() for path in paths)


ACME, BOLT = "stores/p0001/*", "stores/p0002/*"
REST = ("control.*", "journal/*", "CURRENT", "LOCK", "rejects/*")


def test_no_byte_of_it_stays_behind(center: Center) -> None:
    """Neither in the project's files, nor in those of older generations, nor in what all of the centre read."""
    center.users.create("one", **WHY)  # more generations, which are kept
    center.viewer("admin", reason="an audit").check()
    before = bytes_of(center, ACME)
    assert all(text.encode() in before for text in HIDDEN.values()), "the search finds what is there"
    done = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    assert done.rows == {"calls": 1, "charges": 1, "recordings": 1}
    assert (done.left, done.unnamed) == (0, 0)
    after = bytes_of(center, ACME, *REST)
    assert not [text for text in HIDDEN.values() if text.encode() in after]
    assert b"Stays Example" in after and b"stays.wav" in after
    assert all(text.encode() in bytes_of(center, BOLT) for text in HIDDEN.values())
    assert growing.generations(center) == [center.folder.current().generation]
    assert growing.named(center) == {name for name in growing.files(center) if not name.startswith("journal/")}


def test_the_past_and_what_comes_later_agree(center: Center) -> None:
    """Rows that are loaded again, or late, go where the corrected ones are."""
    center.restamp("queue", "Acme sales", to="Bolt", period=("2025-06-02", "2025-06-03"), **WHY)
    late = [call("late", "2025-06-02T21:59:59Z", "Acme sales"), call("next", "2025-06-02T22:00:00Z", "Acme sales")]
    loaded.load(center, {"calls": calls(*late, columns="queue")})
    assert loaded.places(center) == {
        "canary-source": "Bolt", "stays": "Acme", "theirs": "Bolt", "late": "Bolt", "next": "Acme"
    }  # fmt: skip
    before = loaded.files(center)
    center.load(center.path.with_name("centre-in-0"))
    assert loaded.files(center) == before


def test_the_new_project_knows_call_and_customer_by_keys_of_its_own(center: Center) -> None:
    """They are those that a load would give; nobody who had the old ones can follow the row."""
    before = loaded.one(center, "calls", source_id="canary-source")
    center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    after = loaded.one(center, "calls", source_id="canary-source")
    for key in ("interaction_id", "contact_key"):
        assert after[key] and after[key] != before[key], key
    line = call("canary-source", "2025-06-02T10:00:00Z", "Acme sales", "anna", HIDDEN["phone"], "sold")
    assert loaded.load(center, {"calls": calls(line, columns="queue,operator,phone,result")}).rows_updated == 1
    again = loaded.one(center, "calls", source_id="canary-source")
    for key in ("interaction_id", "contact_key"):
        assert again[key] == after[key], key


def test_a_dry_run_counts_and_changes_nothing(center: Center) -> None:
    before, files = center.folder.current(), growing.files(center)
    tried = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", dry_run=True, **WHY)
    assert (center.folder.current(), growing.files(center)) == (before, files)
    done = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    assert (tried.rows, tried.left, tried.unnamed) == (done.rows, done.left, done.unnamed)
    assert tried.generation is None and done.generation == center.folder.current().generation
    assert "calls 1" in str(done)


def test_it_is_logged_for_both_and_names_neither_customer_nor_the_other_project(center: Center) -> None:
    center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    frame = center.audit.frame
    (lost, gained) = frame[frame["action"] == "restamp"].to_dict("records")
    assert (lost["project_id"], gained["project_id"]) == (1, 2)
    assert '"rows": 3' in lost["before"] and "Acme" in lost["before"] and pd.isna(lost["after"])
    assert "Bolt" in gained["after"] and "2025-06-01 22:00:00" in gained["after"]
    assert "Bolt" not in lost["before"] and lost["subject"] == "Acme sales"
    assert lost["actor"] == "admin" and lost["reason"] == WHY["reason"]
    assert center.audit.verify() == []


def test_nobody_rolls_back_behind_it(center: Center) -> None:
    loaded.load(center, {"calls": calls(call("more"))})
    center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    with pytest.raises(ChangeError, match=r"is not kept|was a restamp"):
        center.rollback(actor="admin", reason="a test")


def test_back_and_forth_is_as_before(center: Center) -> None:
    before, owned = loaded.content(center), owners(center)
    center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    assert loaded.content(center) != before
    center.restamp("queue", "Acme sales", to="Acme", period="2025-06-02", **WHY)
    assert loaded.content(center) == before
    assert owners(center) == owned


def owners(center: Center) -> list[tuple[Any, ...]]:
    """Who has the line of Acme from when to when."""
    sql = """SELECT project_id, valid_from, valid_to FROM control.project_objects JOIN control.objects USING (object_id)
    WHERE name = 'Acme sales' ORDER BY valid_from NULLS FIRST"""
    return growing.query(center, sql)


def test_rows_of_no_project_find_theirs(center: Center) -> None:
    """A queue that nobody had told of: its rows wait in the store of no project, with what they say of people."""
    rows = [call(f"loose{n}", "2025-06-03T10:00:00Z", "Loose", "+48220000301", f"Loose {n}") for n in range(2)]
    loaded.load(center, {"calls": calls(*rows, columns="queue,phone,contact_name")})
    assert loaded.places(center)["loose0"] is None
    done = center.restamp("queue", "Loose", to="Cargo", **WHY)
    assert done.rows == {"calls": 2}
    person = loaded.one(center, "contacts", project="Cargo")
    assert (person["phone"], person["name"]) == ("+48220000301", "Loose 1")
    assert not [file for file in loaded.files(center) if "p0000" in file]


def test_a_customer_of_both_keeps_no_name_that_may_be_the_others(center: Center) -> None:
    """Nobody knows which row said it; the number stays, and loading the files again brings the name back."""
    columns = "queue,phone,contact_name"
    rows = [
        call("one", "2025-06-02T10:00:00Z", "Acme sales", "+48220000400", "Canary Both"),
        call("two", "2025-06-20T10:00:00Z", "Acme sales", "+48220000400", "Both Example"),
    ]
    loaded.load(center, {"calls": calls(*rows, columns=columns)})
    done = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    assert done.unnamed == 1
    assert b"Canary Both" not in bytes_of(center, ACME, *REST)
    both = {r["project"]: r["name"] for r in loaded.stored(center)["contacts"] if r["phone"] == "+48220000400"}
    assert both == {"Acme": None, "Bolt": None}
    center.load(center.path.with_name("centre-in-1"))
    both = {r["project"]: r["name"] for r in loaded.stored(center)["contacts"] if r["phone"] == "+48220000400"}
    assert both == {"Acme": "Both Example", "Bolt": "Canary Both"}


def test_what_was_placed_otherwise_is_left_and_counted(center: Center) -> None:
    """An explicit project wins; so do rows that an older definition placed, unless all are asked for."""
    loaded.load(
        center,
        {"calls": calls(call("explicit", "2025-06-02T10:00:00Z", "Acme sales", "Cargo"), columns="queue,project")},
    )
    done = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", **WHY)
    assert (done.rows["calls"], done.left) == (1, 1)
    assert loaded.places(center)["explicit"] == "Cargo"
    done = center.restamp("queue", "Acme sales", to="Bolt", period="2025-06-02", every=True, **WHY)
    assert (done.rows, done.left) == ({"calls": 1}, 0)
    assert loaded.places(center)["explicit"] == "Bolt"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda c: c.restamp("sip_provider", "Carrier", to="Bolt", **WHY), ChangeError, "decides no row's project"),
        (lambda c: c.restamp("queu", "Acme sales", to="Bolt", **WHY), ChangeError, "Did you mean 'queue'"),
        (lambda c: c.restamp("queue", "Acme sale", to="Bolt", **WHY), UnknownName, "Did you mean 'Acme sales'"),
        (lambda c: c.restamp("queue", "Acme sales", to="Bold", **WHY), UnknownName, "Did you mean 'Bolt'"),
        (lambda c: c.restamp("queue", "Acme sales", to="Acme", **WHY), ChangeError, "nothing to correct"),
        (lambda c: c.restamp("queue", "Acme sales", to="Bolt", period=("2025-06-03", "2025-06-02"), **WHY),
         BadPeriod, "ends before it starts"),
        (lambda c: c.restamp("queue", "Acme sales", to="Bolt", period=("soon", None), **WHY), ChangeError, "instant"),
        (lambda c: c.restamp("queue", "Acme sales", to="Bolt", actor="admin", reason=" "), ChangeError, "Say why"),
        (lambda c: c.restamp("queue", "Acme sales", to="Bolt", actor="sue", reason="x"), Refused, "lacks the right"),
    ],
)  # fmt: skip
def test_what_cannot_be_corrected(
    center: Center, change: Callable[[Center], object], error: type[Exception], words: str
) -> None:
    before = center.folder.current()
    with pytest.raises(error, match=words):
        change(center)
    assert center.folder.current() == before


def test_each_right_is_needed_and_sight_of_all_projects(center: Center) -> None:
    center.roles.create("Operates", copy="Admin", take=["manage_projects"], **WHY)
    center.roles.create("Local", copy="Admin", take=["see_all_projects"], **WHY)
    center.users.create("opal", role="Operates", **WHY)
    center.users.create("lola", role="Local", projects=["Acme", "Bolt"], **WHY)
    for actor, words in (("opal", "lacks the right 'manage_projects'"), ("lola", "does not see them all")):
        with pytest.raises(Refused, match=words):
            center.restamp("queue", "Acme sales", to="Bolt", actor=actor, reason="x")
    center.users.create("after", **WHY)  # the next writer takes the refusals into the log
    log = center.audit.frame
    assert list(log[log["action"] == "refused"]["actor"]) == ["opal", "lola"]


def test_an_archived_project_can_be_given_its_past_only(center: Center) -> None:
    center.projects.archive("Cargo", **WHY)
    with pytest.raises(ChangeError, match="was archived on 2025-12-01, before the period ends"):
        center.restamp("queue", "Acme sales", to="Cargo", **WHY)
    center.restamp("queue", "Acme sales", to="Cargo", period="2025-06-02", **WHY)
    assert loaded.places(center)["canary-source"] == "Cargo"
