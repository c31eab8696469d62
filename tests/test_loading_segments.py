"""Which segments a day's load writes anew: those of months in which a row is new or differs, and no others.

And a history that is loaded day by day holds the same rows as one that is loaded at once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import loaded
from loaded import call, calls
from okireports.disk import segments_of
from okireports.loading import neighbours, stored
from okireports.tables import FACTS

MONTHS = [datetime(2024 + n // 12, n % 12 + 1, 5, 10, tzinfo=UTC) for n in range(10, 23)]  # November 2024 to 2025
DAY = datetime(2025, 11, 20, 10, tzinfo=UTC)
CURRENT, ACME, BOLT, NOBODY = "2025-11", 1, 2, 0
IN_TIME = [f for f in FACTS.values() if f.start and not f.internal and not f.copied]
SAID = {"operator": "anna", "status": "Ready", "outcome": "answered", "currency": "PLN", "step_no": 1, "amount": 1}


def standing(center, *tables):
    """The file of each segment, by project, table and stretch."""
    with center.folder.reading() as reading:
        every = segments_of(reading.con)
    return {(s.project_id, s.table, s.stretch): s.file for s in every if s.table in tables or not tables}


def written_by(center, tables):
    """The segments that loading some files writes anew, takes away or makes."""
    before = standing(center)
    loaded.load(center, tables)
    after = standing(center)
    return {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}


def row(fact, at, project="Acme"):
    """A row of a table as canonical input gives it, with what is required and nothing that points elsewhere."""
    said = {name: SAID.get(name, f"{fact.name} {at:%Y%m%d}") for name in fact.required}
    said |= {name: min(words) for name, words in fact.words.items() if name in fact.required and name not in SAID}
    said |= {c.given: at for c in fact.columns if c.given in fact.required and c.type == "TIMESTAMP"}
    if fact.end:
        said[fact.end] = at + timedelta(minutes=1)
    return said | {"project": project}


@pytest.fixture
def center(tmp_path):
    return loaded.centre(tmp_path / "centre")


@pytest.mark.parametrize("fact", IN_TIME, ids=lambda fact: fact.name)
def test_a_days_rows_rewrite_the_current_month_of_their_project_and_table_only(center, fact):
    history = [row(fact, at, project) | ident(fact, project, at) for at in MONTHS for project in ("Acme", "Bolt")]
    loaded.load(center, {fact.name: history})
    assert {stretch for _, _, stretch in standing(center)} == {"2024", "2025", CURRENT}
    day = {fact.name: [row(fact, DAY) | ident(fact, "Acme", DAY)]}
    assert written_by(center, day) == {(ACME, fact.name, CURRENT)}
    assert written_by(center, day) == set(), "the same again"
    corrected = [row(fact, MONTHS[3]) | ident(fact, "Acme", MONTHS[3]) | {column_of(fact): "1"}]
    assert written_by(center, {fact.name: corrected}) == {(ACME, fact.name, "2025")}, "a row of February that differs"


def ident(fact, project, at):
    """What makes a row's key its own."""
    key = "call" if "call" in fact.key else "source_id"
    return {key: f"{fact.name} {project} {at:%Y%m%d}"}


def column_of(fact):
    """A column that does not say which row it is, for a correction."""
    free = [c for c in fact.columns if c.role == "plain" and c.given not in fact.key and c.name not in fact.words]
    return next(c.given for c in free if c.type in ("VARCHAR", "BIGINT"))


def day_of(at):
    """An operator's day in both projects: presence, a contact of Bolt (hidden from Acme), presence."""
    spans = [("Ready", 0, 10, ""), ("Busy", 10, 15, "Bolt care"), ("PCP", 15, 16, "Bolt care"), ("Away", 16, 30, "")]
    return [
        {"operator": "anna", "status": status, "queue": queue}
        | {"started_at": at + timedelta(minutes=a), "ended_at": at + timedelta(minutes=b)}
        for status, a, b, queue in spans
    ]


def open_at(at):
    """Who goes home: nobody says until when."""
    return {"operator": "anna", "status": "Offline", "queue": "", "started_at": at + timedelta(hours=1)}


EVERYWHERE = {(project, "statuses", CURRENT) for project in (ACME, BOLT, NOBODY)}


def test_a_days_statuses_rewrite_the_current_month_of_where_they_are_seen(center):
    loaded.load(center, {"statuses": [s for at in MONTHS for s in day_of(at)]})
    assert written_by(center, {"statuses": day_of(DAY)}) == EVERYWHERE
    assert written_by(center, {"statuses": day_of(DAY)}) == set()


def test_a_days_statuses_read_no_older_month(center, monkeypatch):
    """Who worked in the month before has her last status there; who is new has none, and nothing is looked through."""
    opened = []

    def noted(con, folder, segment):
        opened.append((segment.table, segment.stretch))
        return attached(con, folder, segment)

    attached = stored.opened
    loaded.load(center, {"statuses": [s for at in MONTHS for s in [*day_of(at), open_at(at)]]})
    for module in (stored, neighbours):
        monkeypatch.setattr(module, "opened", noted)
    loaded.load(center, {"statuses": day_of(DAY)})
    assert opened
    assert set(opened) == {("statuses", CURRENT)}
    opened.clear()
    loaded.load(center, {"statuses": [s | {"operator": "bea"} for s in day_of(DAY)]})
    assert opened == []


def test_a_status_that_was_open_over_the_months_end_rewrites_the_one_in_which_it_began(center):
    loaded.load(center, {"statuses": [s for at in MONTHS[:-1] for s in [*day_of(at), open_at(at)]]})
    bea = [s | {"operator": "bea"} for s in day_of(MONTHS[-1])]  # whom anna's status does not concern
    assert {stretch for _, _, stretch in written_by(center, {"statuses": bea})} == {CURRENT}
    assert {s for *_, s in standing(center, "statuses")} == {"2024", "2025", "2025-10", CURRENT}
    began = {(project, "statuses", "2025-10") for project in (ACME, BOLT, NOBODY)}
    assert written_by(center, {"statuses": day_of(DAY)}) == EVERYWHERE | began
    later = DAY + timedelta(days=1)
    assert written_by(center, {"statuses": day_of(later)}) == EVERYWHERE, "it has ended"


def test_what_is_masked_stays_where_the_hidden_contacts_segment_has_long_been_closed(tmp_path):
    """Of the same month, Acme's segment holds a status that is still open, and that of the contact's project none."""
    contact = {"operator": "anna", "status": "Busy", "project": "Cargo", "started_at": MONTHS[-2]}
    contact["ended_at"] = MONTHS[-2] + timedelta(minutes=5)
    once, apart = (loaded.centre(tmp_path / name) for name in ("once", "apart"))
    parts = [[contact, open_at(MONTHS[-2])], day_of(DAY)]
    loaded.load(once, {"statuses": [said for part in parts for said in part]})
    for part in parts:
        loaded.load(apart, {"statuses": part})
    assert loaded.content(once) == loaded.content(apart)
    masked = {(r["project"], r["started_at"].month) for r in loaded.stored(apart)["statuses"] if r["masked"]}
    assert masked == {("Acme", 10), ("Bolt", 10), ("Acme", 11)}


def test_a_days_shifts_rewrite_the_current_month_of_where_they_are_seen(center):
    def shift(at):
        return {"source_id": f"s{at:%Y%m%d}", "operator": "anna", "activity": "Phones"} | {
            "starts_at": at, "ends_at": at + timedelta(hours=8)
        }  # fmt: skip

    loaded.load(center, {"shifts": [shift(at) for at in MONTHS]})
    now = {(project, "shifts", CURRENT) for project in (ACME, BOLT, NOBODY)}
    assert written_by(center, {"shifts": [shift(DAY)]}) == now


def test_what_hangs_on_the_days_calls_rewrites_no_older_month(center):
    """Costs, recordings, what joins interactions, activity; and customers, who are in no month: only where one is new."""
    columns = "queue,cost,recording,interaction,phone"

    def line(at, phone="+48220000101"):
        said = ("Bolt care", "1.5", f"r{at:%m%d}.mp3", f"i{at:%Y%m%d}", phone)
        return call(f"c{at:%Y%m%d}", f"{at:%Y-%m-%d}T10:10:00Z", *said)

    def active(at):
        return [s | {"call": f"c{at:%Y%m%d}" if s["queue"] else ""} for s in day_of(at)]

    history = calls(*map(line, MONTHS), columns=columns)
    loaded.load(center, {"calls": history, "statuses": [s for at in MONTHS for s in active(at)]})
    bolts = {(BOLT, table, CURRENT) for table in ("calls", "charges", "recordings")} | {(NOBODY, "links", CURRENT)}
    assert written_by(center, {"calls": calls(line(DAY), columns=columns), "statuses": active(DAY)}) == (
        bolts | EVERYWHERE
    )
    later = DAY + timedelta(days=1)
    new = calls(line(later, "+48220000102"), columns=columns)
    assert written_by(center, {"calls": new}) == bolts | {(BOLT, "contacts", "all")}


# Day by day, or at once


START = datetime(2025, 10, 30, 20, tzinfo=UTC)
PLACES = [("", ""), ("Bolt care", ""), ("Acme sales", ""), ("Bolt care", "x"), ("Loose", "")]


def history(seed, days=4):
    """Statuses of two operators over a month's end: some touch, some overlap the next, some are open, some are long."""
    rng, rows = Random(seed), []
    for who in ("anna", "bea"):
        at = START
        while at < START + timedelta(days=days):
            length = timedelta(minutes=rng.choice((1, 5, 30, 240, 900)))
            status = rng.choice(("Ready", "Away", "Waiting", "Busy", "Busy", "PCP"))
            queue, called = rng.choice(PLACES[1:]) if status in ("Waiting", "Busy", "PCP") else PLACES[0]
            end = rng.choice((at + length,) * 4 + (at + length + timedelta(minutes=2), None))
            rows.append({"operator": who, "status": status, "queue": queue, "call": called, "started_at": at}
                        | {"ended_at": end})  # fmt: skip
            at += length + rng.choice((timedelta(0),) * 3 + (timedelta(minutes=7),))
    return rows


def split(rows, seed):
    """The rows by the day on which they start, or in any parts, in any order."""
    rng = Random(seed)
    days = {}
    for said in rows:
        days.setdefault(said["started_at"].date() if seed % 2 else rng.randrange(4), []).append(said)
    parts = [days[day] for day in sorted(days)]
    return parts if seed % 4 < 3 else rng.sample(parts, len(parts))


@settings(max_examples=6)
@given(seed=st.integers(0, 2**20))
@example(seed=1)
@example(seed=2)
@example(seed=3)
def test_statuses_in_any_parts_give_the_same_rows_as_at_once(tmp_path_factory, seed):
    path = tmp_path_factory.mktemp("parts")
    rows = history(seed)
    once, apart = (loaded.centre(path / name) for name in ("once", "apart"))
    loaded.load(once, {"statuses": rows})
    for part in split(rows, seed):
        loaded.load(apart, {"statuses": part})
    assert loaded.difference(loaded.content(once), loaded.content(apart)) == {}


def test_a_contact_over_the_months_end_stays_one_when_a_later_day_comes(tmp_path):
    """What began in May is read again only where it matters; the rest of it, in June, is not another contact."""
    spans = [
        ("Waiting", "05-31T23:50", "06-01T00:10", "Bolt care"),
        ("Busy", "06-01T00:10", "06-01T00:20", "Bolt care"),
    ]
    spans += [("Ready", "06-03T10:00", "06-03T11:00", "")]
    lines = [f"anna,{status},2025-{a}:00Z,2025-{b}:00Z,{queue}" for status, a, b, queue in spans]
    head = "operator,status,started_at,ended_at,queue\n"
    lines.insert(2, "bea,Away,2025-06-02T12:00:00Z,2025-06-02T13:00:00Z,")  # for it, June is looked into
    once, apart = (loaded.centre(tmp_path / name) for name in ("once", "apart"))
    loaded.load(once, {"statuses": head + "\n".join(lines) + "\n"})
    for part in (lines[:3], lines[3:]):
        loaded.load(apart, {"statuses": head + "\n".join(part) + "\n"})
    assert loaded.content(once) == loaded.content(apart)
    assert [r["project"] for r in loaded.stored(apart)["statuses"] if r["masked"]] == ["Acme"]
