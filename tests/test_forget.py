"""A customer is forgotten: no file holds anything of her, no load brings her back, and all the rest is as it was."""

from __future__ import annotations

import hmac
import json
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import erased
import growing
import loaded
import okireports
from commands import refused, run
from erased import DIGITS, HERS, KEPT, OTHER, PHONE, SPELT, WHY
from killer import Killer
from okireports import audit
from okireports.disk import sweep
from okireports.engines import duck
from okireports.errors import ChangeError, Refused
from okireports.faces import Center
from okireports.report import all_reports

SHORT = "100101"  # a number of few digits
FROM, TO = datetime(2025, 1, 1), datetime(2026, 1, 1)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Center:
    return erased.centre(tmp_path_factory.mktemp("forget") / "centre")


@pytest.fixture
def center(template: Center, tmp_path: Path) -> Center:
    shutil.copytree(template.path, tmp_path / "centre")
    return okireports.open(tmp_path / "centre", now=loaded.NOW)


@pytest.fixture(scope="module")
def after(template: Center, tmp_path_factory: pytest.TempPathFactory) -> Center:
    """The centre once she is forgotten."""
    path = tmp_path_factory.mktemp("forgotten") / "centre"
    shutil.copytree(template.path, path)
    made = okireports.open(path, now=loaded.NOW)
    made.forget(PHONE, **WHY)
    return made


# What is left


def test_nothing_of_her_is_left_in_any_file(template: Center, after: Center) -> None:
    before = erased.left(template, DIGITS, HERS)
    tables = "answers calls charges contacts dialogues evaluations ivr_steps orders ratings recordings sayings statuses"
    assert all(any(f"/{table}." in where for where in before) for table in tables.split())
    assert any(where.startswith("rejects/") for where in before)
    assert erased.left(after, DIGITS, HERS) == set()
    assert erased.left(after, KEPT)


def test_her_rows_stay_with_their_figures_and_without_her(template: Center, after: Center) -> None:
    was, now = loaded.stored(template), loaded.stored(after)
    hers = {r["call_id"] for r in was["calls"] if r["source_id"].startswith("h")}
    left = {r["call_id"]: r for r in now["calls"]}
    for row in was["calls"]:
        gone = {"contact_key", "source_id"} if row["call_id"] in hers else set()
        found = left[row["call_id"]]
        assert {k: v for k, v in found.items() if k not in gone} == {k: v for k, v in row.items() if k not in gone}
    assert len(hers) == 6 and {left[i]["contact_key"] for i in hers} == {None}
    assert sorted(str(left[i]["source_id"]) for i in hers) == ["None", "h1", "h2", "h3", "h4", "h5"]  # one was a number
    gone = {"contacts": 3, "sayings": 1}
    assert {t: len(r) for t, r in now.items()} == {t: len(r) - gone.get(t, 0) for t, r in was.items()}
    assert [str(r["amount"]) for r in now["orders"] if r["contact_key"] is None] == ["10.000000"]


def test_an_answer_that_a_quota_counts_is_the_forms_own_word(after: Center) -> None:
    answers = {(r["question"], r["answer"]) for r in loaded.stored(after)["answers"]}
    assert answers == {("age", "18-25"), ("why", None), ("why", f"so {KEPT}")}


def test_a_file_that_is_called_by_her_number(tmp_path: Path) -> None:
    """Its name stands among the loads and beside rejected rows; what the control file leaves free holds it no more.

    A count that happens to be the same figure is none: the list of loads stays whole.
    """
    center, name = loaded.centre(tmp_path / "centre"), f"calls/Łódź {PHONE}.csv"

    def text(filler: str) -> str:
        call = loaded.call("a", "2025-06-02T10:00:00Z", "Acme sales", filler)
        return loaded.calls(call, ",".join("x" * 7), columns="queue,result")

    loaded.load(center, {name: text("z" * (int(SHORT) - len(text(""))))})
    before = erased.left(center, DIGITS)
    assert any("loads.files" in where for where in before) and any(where.startswith("rejects/") for where in before)
    center.forget(PHONE, **WHY)
    assert erased.left(center, DIGITS) == set()
    center.forget(SHORT, **WHY)
    (newest,) = growing.query(center, "SELECT files FROM control.loads ORDER BY load_id DESC LIMIT 1")
    assert [(f["file"], f["bytes"]) for f in json.loads(newest[0])] == [("calls/Łódź .csv", int(SHORT))]


def test_another_customer_is_untouched(template: Center, after: Center) -> None:
    kept = erased.rows(template, KEPT)
    assert len(kept) > 10 and erased.rows(after, KEPT) == kept
    assert [r["phone"] for r in loaded.stored(after)["contacts"]] == [OTHER] * 3


def test_generations_before_are_gone_and_nobody_goes_back(center: Center) -> None:
    before = growing.generations(center)
    done = center.forget(PHONE, **WHY)
    assert growing.generations(center) == [done.generation] and len(before) > 2
    assert growing.query(center, "SELECT count(*) FROM control.retired") == [(0,)]
    loaded.load(center, {"calls": loaded.calls(loaded.call("new"))})
    for to in (before[-1], done.generation - 1):
        with pytest.raises(ChangeError, match="not kept"):
            center.rollback(to=to, **WHY)
    center.rollback(to=done.generation, **WHY)
    assert erased.left(center, DIGITS, HERS) == set()


# What comes again


def test_the_same_files_do_not_bring_her_back(after: Center, tmp_path: Path) -> None:
    center = growing.copy(after, tmp_path)
    before = loaded.content(center)
    result = loaded.load(center, erased.files())
    assert (result.rows_rejected, result.rows_updated) == (1, 0)
    assert result.rows_in == result.rows_loaded + result.rows_rejected + result.rows_ignored
    assert result.notes["contacts: people who were forgotten, ignored"] == 1
    loaded.load(center, {"calls": erased.wrong()})
    assert loaded.difference(before, loaded.content(center)) == {}
    assert erased.left(center, DIGITS, HERS) == set()


def test_rows_that_come_without_what_they_hang_on_are_hers_all_the_same(after: Center, tmp_path: Path) -> None:
    center = growing.copy(after, tmp_path)
    before, said = loaded.content(center), erased.files()
    names = "answers charges evaluations ivr_steps ratings recordings stage_changes statuses"
    loaded.load(center, {name: said[name] for name in names.split()})
    assert loaded.difference(before, loaded.content(center)) == {}
    assert erased.left(center, DIGITS, HERS) == set()


def test_new_rows_with_her_number_say_nothing_of_her(after: Center, tmp_path: Path) -> None:
    center = growing.copy(after, tmp_path)
    result = loaded.load(center, erased.files(mark="n"))
    assert result.rows_loaded > 15
    assert erased.left(center, DIGITS, HERS) == set()
    new = [r for r in loaded.stored(center)["calls"] if r["load_id"] == result.load_id]
    assert len(new) == 6 and {r["contact_key"] for r in new} == {None}


def test_what_came_before_its_parent_follows_it(after: Center, tmp_path: Path) -> None:
    """An answer whose request is loaded later, and turns out to be hers."""
    center, more = growing.copy(after, tmp_path), erased.files(mark="n")
    loaded.load(center, {name: more[name] for name in ("answers", "stage_changes")})
    assert f"so {HERS}" in {r["answer"] for r in loaded.stored(center)["answers"]}
    loaded.load(center, {"requests": more["requests"]})
    assert f"so {HERS}" not in {r["answer"] for r in loaded.stored(center)["answers"]}


def test_a_call_that_was_another_customers_all_along_is_hers_no_more(after: Center, tmp_path: Path) -> None:
    center = growing.copy(after, tmp_path)
    line = loaded.call("h2", "2025-06-03T10:00:00Z", "Bolt care", OTHER)
    loaded.load(center, {"calls": loaded.calls(line, columns="queue,phone")})
    key = loaded.one(center, "calls", source_id="h2")["contact_key"]
    assert key == loaded.one(center, "calls", source_id="k2")["contact_key"]
    loaded.load(center, {"ratings": "source_id,kind,call,score,comment,at\nz,csat,h2,4,fine,2025-06-03T10:00:00Z\n"})
    assert loaded.one(center, "ratings", source_id="z")["comment"] == "fine"


def test_a_number_that_nobody_has_is_kept_out_when_it_comes(center: Center) -> None:
    done = center.forget("+48 22 000 01 99", **WHY)
    assert (done.rows, done.rejects) == ({}, 0)
    assert "no row names this customer" in str(done)
    line = loaded.call("later", "2025-06-03T10:00:00Z", "Acme sales", "220000199", "Late Comer")
    loaded.load(center, {"calls": loaded.calls(line, columns="queue,phone,contact_name")})
    assert loaded.one(center, "calls", source_id="later")["contact_key"] is None
    assert erased.left(center, "220000199", "Late Comer") == set()
    assert erased.left(center, DIGITS)


def test_a_customer_known_by_a_sources_id_of_her_own(tmp_path: Path) -> None:
    """C-1 is hers alone; C-2 she shares with another number, so rows that say only C-2 stay."""
    center = loaded.centre(tmp_path / "centre")
    rows = [("a", PHONE, "C-1"), ("b", "", "C-1"), ("c", PHONE, "C-2"), ("d", OTHER, "C-2"), ("e", "", "C-2")]
    lines = [loaded.call(i, f"2025-06-02T1{n}:00:00Z", "Acme sales", p, c) for n, (i, p, c) in enumerate(rows)]
    said = {"calls": loaded.calls(*lines, columns="queue,phone,contact")}
    loaded.load(center, said)
    card = loaded.one(center, "contacts", phone=PHONE)["fields"]
    shared = card == '{"contact":"C-2"}'
    center.forget(PHONE, **WHY)
    known = {r["source_id"]: r["contact_key"] is not None for r in loaded.stored(center)["calls"]}
    assert known == {"a": False, "b": shared, "c": False, "d": True, "e": True}
    before = loaded.content(center)
    loaded.load(center, said)
    assert loaded.difference(before, loaded.content(center)) == {}


def test_lines_of_an_event_log_stay_without_her(tmp_path: Path) -> None:
    """Further lines of her call come later: it is worked out anew, and still nobody's."""
    t = 1_700_000_000
    lines = [f"{t}|{t}.1|q1|NONE|ENTERQUEUE||{SPELT[1]}|1", f"{t + 9}|{t}.1|q1|SIP/2|CONNECT|9|x|4"]
    more = f"{t + 60}|{t}.1|q1|SIP/2|COMPLETECALLER|9|51|1"
    other = [f"{t + 5}|{t}.2|q1|NONE|ENTERQUEUE||{OTHER}|2", f"{t + 30}|{t}.2|q1|NONE|ABANDON|1|2|25"]

    def load(center: Center, *said: str) -> Any:
        file = tmp_path / "queue_log"
        file.write_text("\n".join(said) + "\n")
        return center.load(file, source="queue_log", create_missing=True)

    center = okireports.create(tmp_path / "centre", security="simplified", calling_code="48", now=loaded.NOW)
    load(center, *lines, *other)
    assert any("event_lines" in where for where in erased.left(center, DIGITS))
    done = center.forget(PHONE, **WHY)
    assert done.rows["event_lines"] == 1 and erased.left(center, DIGITS) == set()
    load(center, more)
    call = loaded.one(center, "calls", source_id=f"{t}.1/q1/1")
    assert (call["outcome"], call["contact_key"], call["talk_ms"]) == ("answered", None, 51_000)
    before = loaded.content(center)
    load(center, *lines, more, *other)
    assert loaded.difference(before, loaded.content(center)) == {}
    load(center, *(line.replace(f"{t}.1", f"{t}.7") for line in (*lines, more)))
    assert erased.left(center, DIGITS) == set()
    assert loaded.one(center, "calls", source_id=f"{t}.2/q1/1")["contact_key"] is not None


# Who may, what is told


def test_every_spelling_is_the_same_customer_and_a_trial_writes_nothing(template: Center, after: Center) -> None:
    before = erased.snapshot(template)
    tried = [template.forget(spelt, dry_run=True, **WHY) for spelt in SPELT]
    assert erased.snapshot(template) == before
    assert all(one == tried[0] for one in tried) and tried[0].dry_run and tried[0].generation is None
    counts = {"calls": 4, "tasks": 1, "requests": 1, "answers": 2, "stage_changes": 1, "orders": 1, "dialogues": 1}
    counts |= {"evaluations": 1, "ratings": 2, "ivr_steps": 1, "statuses": 1, "recordings": 4, "charges": 1}
    counts |= {"contacts": 3, "sayings": 1, "links": 1}
    assert tried[0].rows == counts and tried[0].rejects == 2
    assert erased.last_entry(after)["subject"] == tried[0].digest
    assert erased.last_entry(after)["after"] == {"rows": counts, "rejects": 2}


def test_it_is_written_down_without_the_number(center: Center) -> None:
    done = center.forget(PHONE, actor="admin", reason=f"she of {PHONE} asked")
    entry = erased.last_entry(center)
    said = hmac.new(center.folder.key().encode(), f"forgotten\x1fphone:{PHONE}".encode(), "sha256").hexdigest()
    assert (entry["action"], entry["actor"], entry["subject"]) == ("forget", "admin", said) and done.digest == said
    assert entry["after"] == {"rows": done.rows, "rejects": done.rejects} and entry["reason"] == "she of … asked"
    assert center.audit.verify() == []
    assert growing.query(center, "SELECT digest FROM control.forgotten WHERE digest = ?", said) == [(said,)]


def test_the_log_never_holds_a_number_or_an_address(template: Center) -> None:
    """So nothing has to be taken out of the chain: what was typed is there, without them."""
    kept = [said for where, said in erased.texts(template) if where.startswith("journal/") or "audit." in where]
    asked = [text for text in kept if "phone = '…' OR email = '…'" in text.replace("\\u2026", "…")]
    assert len(asked) >= 2 and not [text for text in kept if DIGITS in text or HERS in text]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("phone = '+48 22 000-01-01'", "phone = '…'"),
        ("phone IN ('220000101', '220000102')", "phone IN ('…', '…')"),
        ("at >= '2025-06-01 08:00:00' AND x < 100000", "at >= '2025-06-01 08:00:00' AND x < 100000"),
        ("BETWEEN '2025-06-01' AND '2025-06-30T23:59:59.999'", "BETWEEN '2025-06-01' AND '2025-06-30T23:59:59.999'"),
        ("email LIKE '%anna.example@example.com'", "email LIKE '%…'"),
        ("list_transform([1, 2, 3, 4, 5, 6, 7, 8], x -> x)", "list_transform([1, 2, 3, 4, 5, 6, 7, 8], x -> x)"),
    ],
)
def test_what_is_typed_is_written_without_numbers(text: str, kept: str) -> None:
    entry = audit.discreet(audit.Entry("sue", "run sql", "sql", text, reason=text))
    assert (entry.subject, entry.reason) == (kept, kept)
    assert audit.discreet(audit.Entry("sue", "create", "object", "+48220000100")).subject == "+48220000100"


@pytest.mark.parametrize("phone", ["anonymous", "", "   ", "12", "Traceme Example"])
def test_what_is_no_number_is_refused(center: Center, phone: str) -> None:
    before = erased.snapshot(center)
    with pytest.raises(ChangeError, match="no telephone number"):
        center.forget(phone, **WHY)
    assert erased.snapshot(center) == before


def test_who_may_not_is_refused_and_that_is_written_down(center: Center) -> None:
    center.roles.create("Night shift", copy="Supervisor", add=("operate",), actor="admin", reason="a test")
    center.users.create("nina", role="Night shift", actor="admin", reason="a test")
    center.projects.add_member("Acme", "nina", actor="admin", reason="a test")
    before = {k: v for k, v in erased.snapshot(center).items() if "journal" not in k}
    for dry_run in (True, False):
        with pytest.raises(Refused, match="operate"):
            center.forget(PHONE, actor="sue", reason="a test", dry_run=dry_run)
        with pytest.raises(Refused, match="does not see them all"):
            center.forget(PHONE, actor="nina", reason="a test", dry_run=dry_run)
        with pytest.raises(ChangeError, match="Say why"):
            center.forget(PHONE, actor="admin", reason=" ", dry_run=dry_run)
    assert {k: v for k, v in erased.snapshot(center).items() if "journal" not in k} == before
    waiting = [text for where, text in erased.texts(center) if where.startswith("journal/")]
    assert sum('"refused"' in text for text in waiting) == 4 and not [text for text in waiting if DIGITS in text]


# Reports


SHOWS = {  # columns that show her, or tell people apart; every other figure of every report stays
    "call_log": ("contact_key", "phone", "recording"),
    "lost_calls": ("contact_key", "phone", "called_back_at", "called_back_by", "time_to_callback_s", "reached"),
    "evaluations_log": ("comment",),
    "operators_log": ("comment",),
    "inbound_statistics": ("first_time",),
    "call_tracking": ("first_time",),
    "repeat_calls": ("unknown", "repeats", "repeat_rate", "first_contacts", "undecided", "fcr"),
    "request_log": ("request", "contact_key"),
    "answers": ("answers", "share", "share_low", "share_high"),
    "data_quality": ("rows",),
}
OF_THE_LOG = ("change_log", "access_matrix")  # each reading is in them


def figures(center: Center) -> dict[str, Any]:
    """What every report says to one who sees everything."""
    viewer = center.viewer("admin", reason="a test")
    return {r.name: viewer.report(r.name, period="2026").arrow for r in all_reports() if r.name not in OF_THE_LOG}


def test_figures_of_reports_that_do_not_show_her_stay(tmp_path: Path) -> None:
    center = okireports.demo(tmp_path / "demo", calls=3000, seed=1, until="2026-06-30")
    stored = loaded.stored(center)
    calls, requests = ([r["contact_key"] for r in stored[t]] for t in ("calls", "requests"))
    rich = next(r for r in stored["contacts"] if r["contact_key"] in requests and calls.count(r["contact_key"]) > 1)
    before = figures(center)
    done = center.forget(rich["phone"], actor="admin", reason="a test")
    assert done.rows["calls"] > 1 and done.rows["requests"] and erased.left(center, rich["phone"].lstrip("+")) == set()
    after = figures(center)
    changed = {name for name in before if not before[name].equals(after[name])}
    assert {"call_log", "repeat_calls"} <= changed
    for name in sorted(changed):
        assert name in SHOWS, name
        kept = [c for c in before[name].column_names if c not in SHOWS[name]]
        assert before[name].select(kept).equals(after[name].select(kept)), name


# The command line


def test_the_command_tells_and_forgets(center: Center) -> None:
    words = ["forget", center.path, "+48 22 000 01 01", "--actor", "admin", "--reason", "she asked"]
    before = erased.snapshot(center)
    said = run(*words, "--dry-run").stdout
    assert said.startswith("would be forgotten: ") and "calls 4" in said and "rejected rows 2" in said
    assert erased.snapshot(center) == before
    lines = run(*words).stdout.splitlines()
    assert "calls 4" in lines[0] and lines[1].startswith("forgotten, and no load brings it back: ")
    assert erased.left(center, DIGITS, HERS) == set()
    assert DIGITS not in refused("forget", center.path, PHONE, "--actor", "sue", "--reason", "a test")


# Crashes, readers


@pytest.fixture
def killer() -> Iterator[Killer]:
    started = Killer("killed_erasure.py")
    yield started
    started.close()


def test_killed_at_every_step_it_is_whole_or_has_not_been(killer: Killer, tmp_path: Path) -> None:
    """A small centre; the next writer clears up, and after it nothing is left of an erasure that counts."""
    small = growing.make(tmp_path)
    phone = growing.call("0-Alpha-0", growing.FIRST, "", "")["phone"]
    small.load(growing.day(tmp_path, 0, wrong=1))
    rejected = growing.call("wrong", growing.FIRST, "Alpha line", "olek") | {"ended_at": "", "phone": phone}
    small.load(growing.write(tmp_path / "more", {"calls": [rejected]}))
    offered, digits, states = growing.said(small), phone.lstrip("+"), []
    assert erased.left(small, digits)
    step, killed = 0, True
    while killed:
        step += 1
        center = growing.copy(small, tmp_path / str(step))
        killed = killer.ask(center=center.path, phone=phone, step=step)["killed"]
        assert growing.said(center) == offered
        states.append(growing.query(center, "SELECT count(*) FROM control.forgotten")[0][0])
        growing.touch(center, step)
        assert bool(erased.left(center, digits)) == (states[-1] == 0)
        assert center.audit.verify() == []
        shutil.rmtree(tmp_path / str(step))
    assert step > 15 and states == sorted(states) and set(states) == {0, 1}


def test_what_fails_midway_leaves_the_old_state(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    before = erased.snapshot(center)
    for name in ("close", "record"):
        with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="midway"):

            def fail(*_: object) -> None:
                raise RuntimeError("midway")

            patch.setattr(audit, name, fail)
            center.forget(PHONE, **WHY)
        assert erased.snapshot(center) == before
    center.forget(PHONE, **WHY)
    assert erased.left(center, DIGITS, HERS) == set()


def test_dying_before_the_sweep_leaves_it_to_the_next_writer(center: Center, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sweep, "finished", die)
        center.forget(PHONE, **WHY)
    assert erased.left(center, DIGITS, HERS)
    growing.touch(center, 1)
    assert erased.left(center, DIGITS, HERS) == set()
    assert center.audit.verify() == []


def test_a_reader_who_has_begun_finishes(center: Center) -> None:
    wanted = duck.Wanted(("calls", "contacts"), FROM, TO)
    with duck.session(center.viewer("sue").viewing(), lambda *_: wanted) as opened:
        center.forget(PHONE, **WHY)
        assert PHONE in opened.arrow("SELECT phone FROM contacts")["phone"].to_pylist()
    with duck.session(center.viewer("sue").viewing(), lambda *_: wanted) as opened:
        assert PHONE not in opened.arrow("SELECT phone FROM contacts")["phone"].to_pylist()


def test_a_reader_whose_files_went_meanwhile_begins_anew(center: Center) -> None:
    """She is forgotten between finding out the files and opening them."""
    plans: list[object] = []

    def plan(*scope: object) -> duck.Wanted:
        plans.append(scope)
        if len(plans) == 1:
            center.forget(PHONE, **WHY)
        return duck.Wanted(("contacts",), FROM, TO)

    with duck.session(center.viewer("sue").viewing(), plan) as opened:
        assert opened.arrow("SELECT phone FROM contacts")["phone"].to_pylist() == [OTHER]
    assert len(plans) == 2
