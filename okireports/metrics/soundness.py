"""Whether rows agree with themselves and with each other: each check is a row of check, rows, affected and example.

A check is a name with two conditions: which rows it is about, and which of them are wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

import ibis
from ibis.expr.types import BooleanValue, IntegerValue, StringValue, Table, Value

from okireports.clock import DAY, Interval, local_day, local_time, ms, timestamp
from okireports.metrics import tally
from okireports.metrics.arithmetic import MILLISECONDS
from okireports.metrics.connection import SCALE
from okireports.metrics.intervals import starting
from okireports.metrics.volume import UNANSWERED, is_answered, is_handled, is_offered
from okireports.tables import FACTS

CALL_WITHIN = timedelta(days=92)  # how long before what is said of it a call may have been
LAG = timedelta(days=1)  # how far what belongs together may lie apart otherwise
TOLERANCE = MILLISECONDS  # sources give whole seconds
SKEW = 60 * MILLISECONDS
ABSENT = 12 * 60 * 60 * MILLISECONDS  # no status for so long is no gap: nobody was there
SIP = (100, 699)
SAME = ["project_id", "contact_key", "started_at", "direction", "queue_id", "dialer_id"]
OF_CALLS = ("rings", "ivr_steps", "statuses", "speech_hits", "ratings", "evaluations", "recordings", "charges")
JUDGING = ("ratings", "evaluations")  # of a call or a dialogue
PLACED = ("tasks", "requests", "rings", "ratings")  # beside calls and dialogues: each row has a project, or should
Checks = Mapping[str, tuple[BooleanValue, BooleanValue]]
Tables = Mapping[str, Table]  # of the model, by name; those that a right keeps closed are not there


def checked(t: Table, text: StringValue, checks: Checks) -> Table:
    """The checks of a table in one pass; `text` is what a row is known by."""
    figures: dict[str, Value] = {}
    for n, (about, wrong) in enumerate(checks.values()):
        bad = about & wrong
        figures |= {f"rows_{n}": tally(about), f"affected_{n}": tally(bad), f"example_{n}": text.min(where=bad)}
    one = t.agg(**figures)
    rows = [
        ibis.struct(
            {
                "check": ibis.literal(name),
                "rows": one[f"rows_{n}"].cast("int64"),
                "affected": one[f"affected_{n}"].cast("int64"),
                "example": one[f"example_{n}"].cast("string"),
            }
        )
        for n, name in enumerate(checks)
    ]
    tall = one.select(said=ibis.array(rows).unnest())
    return tall.select(**{name: tall.said[name] for name in ("check", "rows", "affected", "example")})


def known_by(t: Table, period: Interval, at: str) -> StringValue:
    """What a row is known by: its source's id, else its operator and its start on the clock on the wall."""
    x = ms(t[at])
    wall = timestamp(local_day(x, period) * DAY + local_time(x, period)).cast("string")
    if "operator" not in t.columns:
        return t.source_id.coalesce(wall)
    return t.source_id.coalesce((t.operator.coalesce("") + " " + wall).lstrip())


def around(period: Interval, before: timedelta) -> Interval:
    """The period with what may belong to its rows."""
    return replace(period, start=period.start - before, end=period.end + LAG)


def rows_of(tables: Tables, name: str, period: Interval) -> Table:
    """The rows of a table that start in the period, with the name of their `operator`, where they have one."""
    t = starting(tables[name], period, str(FACTS[name].start))
    return called(t, tables["operators"]) if "operator_id" in t.columns else t


def called(t: Table, operators: Table) -> Table:
    """Rows with `operator`."""
    return t.left_join(operators.select("operator_id", "operator"), "operator_id", rname="called_{name}")


# ---- all of them -----------------------------------------------------------------------------------------------------
def by_themselves(tables: Tables, period: Interval) -> Iterator[Table]:
    """Checks of rows that need no other row."""
    for name, checks in (("calls", of_calls), ("dialogues", of_dialogues)):
        t = starting(tables[name], period)
        yield checked(t, known_by(t, period, "started_at"), checks(t))
    for name in PLACED:
        t = rows_of(tables, name, period)
        of = {f"{name} of no project": (t[str(FACTS[name].id)].notnull(), is_unassigned(t))}
        yield checked(t, known_by(t, period, str(FACTS[name].start)), of)
    yield duplicates(starting(tables["calls"], period))


def beside_each_other(tables: Tables, period: Interval) -> Iterator[Table]:
    """Checks of statuses against time and calls, and of rows that name another one."""
    t = called(followed(tables["statuses"], period), tables["operators"])
    yield checked(t, known_by(t, period, "started_at"), of_statuses(t))
    t = answers(tables["calls"], tables["statuses"], period)
    without = {"handled contacts without a Busy status": (t.call_id.notnull(), t.busy_at.isnull())}
    yield checked(t, t.source_id, without)
    t = skewed(tables["calls"], tables["statuses"], period)
    yield checked(t, t.source_id, {"Busy that does not begin with the answer": (t.call_id.notnull(), is_skewed(t))})
    for name in OF_CALLS:
        if name in tables:
            t = with_call(rows_of(tables, name, period), tables["calls"], period)
            yield checked(t, known_by(t, period, str(FACTS[name].start)), of_parent(t, name))
    t = imported(rows_of(tables, "tasks", period), tables["imports"])
    yield checked(t, t.source_id, {"tasks of an unknown import": (t.task_id.notnull(), ~t.declared)})
    if "charges" in tables:
        t = currencies(rows_of(tables, "charges", period))
        mixed = t.first_currency != t.last_currency
        yield checked(t, t.source_id, {"calls with costs in several currencies": (t.call_id.notnull(), mixed)})


# ---- rows by themselves ----------------------------------------------------------------------------------------------
def of_calls(t: Table) -> Checks:
    """Contacts: the parts of the offered, times in their order, lengths that fit them, words and scales."""
    offered, answered, handled = is_offered(t), t.outcome == "answered", is_handled(t)
    every = t.call_id.notnull()
    waited = ms(t.answered_at.coalesce(t.ended_at)) - ms(t.queued_at)
    spoken = t.talk_ms + t.hold_ms.coalesce(0)
    return {
        "offered contacts that are in no figure": (offered, ~(is_answered(t) | t.outcome.isin(UNANSWERED))),
        "answered contacts without the time of the answer": (answered, t.answered_at.isnull()),
        "handled contacts without an operator": (handled, t.operator_id.isnull()),
        "contacts whose times are out of order": (every, is_out_of_order(t)),
        "contacts of more than a day": (every, ms(t.ended_at) - ms(t.started_at) > DAY),
        "waits that differ from their times": (
            t.queued_at.notnull() & t.wait_ms.notnull(),
            (t.wait_ms - waited).abs() > TOLERANCE,
        ),
        "conversations longer than the call": (
            t.answered_at.notnull() & t.talk_ms.notnull(),
            spoken > ms(t.ended_at) - ms(t.answered_at) + TOLERANCE,
        ),
        "outcomes that nobody knows": (every, t.outcome == "other"),
        "MOS off its scale": (t.mos.notnull(), ~t.mos.between(*SCALE)),
        "SIP codes off their scale": (t.sip_code.notnull(), ~t.sip_code.between(*SIP)),
        "calls of no project": (every, is_unassigned(t)),
    }


def is_out_of_order(t: Table) -> BooleanValue:
    """Does a contact's course of events run backwards somewhere?"""
    return (
        (t.queued_at < t.started_at).coalesce(False)
        | (t.picked_up_at < t.started_at).coalesce(False)
        | (t.answered_at < t.queued_at.coalesce(t.started_at)).coalesce(False)
        | (t.ended_at < t.answered_at).coalesce(False)
    )


def of_dialogues(t: Table) -> Checks:
    """Dialogues: times in their order."""
    reply, close = t.first_reply_at, t.closed_at
    late = (reply < t.started_at).coalesce(False) | (close < t.started_at).coalesce(False)
    every = t.dialogue_id.notnull()
    return {
        "dialogues whose times are out of order": (every, late | (close < reply).coalesce(False)),
        "dialogues of no project": (every, is_unassigned(t)),
    }


def is_unassigned(t: Table) -> BooleanValue:
    """Does no project own it?"""
    return t.project_id == 0


# ---- rows beside each other ------------------------------------------------------------------------------------------
def duplicates(calls: Table) -> Table:
    """Contacts of known people that stand under several ids: all but one of each are too many."""
    t = calls.filter(calls.contact_key.notnull())
    t = t.group_by(SAME).agg(n=t.count(), text=t.source_id.max())
    t = t.agg(
        rows=t.n.sum().coalesce(0).cast("int64"),
        affected=(t.n - 1).sum().coalesce(0).cast("int64"),
        example=t.text.min(where=t.n > 1),
    )
    return t.select("rows", "affected", "example", check=ibis.literal("contacts that stand twice"))


def followed(statuses: Table, period: Interval) -> Table:
    """Statuses of the period with `gap_ms` until the operator's next one; NULL where none is seen."""
    t = starting(statuses, around(period, LAG))
    hers = ibis.window(group_by="operator_id", order_by=[t.started_at, t.status_id])
    following = t.started_at.lead().over(hers)
    return starting(t.mutate(gap_ms=ms(following) - ms(t.ended_at)), period)


def of_statuses(t: Table) -> Checks:
    """Statuses of `followed`: each ends, and the next one begins there."""
    ended = t.ended_at.notnull() & t.operator_id.notnull()
    return {
        "statuses without an end": (t.status_id.notnull(), t.ended_at.isnull()),
        "gaps between statuses": (ended, (t.gap_ms > 0) & (t.gap_ms < ABSENT)),
    }


def answers(calls: Table, statuses: Table, period: Interval) -> Table:
    """Handled contacts of the period with an operator, and `busy_at`: when her status Busy of the contact begins."""
    t = starting(calls, period)
    t = t.filter(is_handled(t), t.operator_id.notnull())
    return t.left_join(busy(statuses, period), ["operator_id", "call_id"], rname="busy_{name}")


def busy(statuses: Table, period: Interval) -> Table:
    """Per operator and call the first Busy that is seen: `busy_at`."""
    t = starting(statuses, around(period, LAG))
    t = t.filter(t.status == "Busy", t.call_id.notnull(), t.operator_id.notnull())
    return t.group_by("operator_id", "call_id").agg(busy_at=t.started_at.min())


def skewed(calls: Table, statuses: Table, period: Interval) -> Table:
    """Calls that are seen with the time of their answer, beside the Busy that begins in the period."""
    seen = starting(calls, around(period, CALL_WITHIN)).select("call_id", "answered_at", "source_id")
    t = starting(busy(statuses, period), period, "busy_at").join(seen, "call_id")
    return t.filter(t.answered_at.notnull())


def is_skewed(t: Table) -> BooleanValue:
    """Do the status and the answer disagree by more than a minute?"""
    return (ms(t.busy_at) - ms(t.answered_at)).abs() > SKEW


def with_call(t: Table, calls: Table, period: Interval) -> Table:
    """Rows with `there`: the call that they name is seen; NULL where it is not."""
    seen = starting(calls, around(period, CALL_WITHIN)).select("call_id", there=ibis.literal(True))
    return t.left_join(seen, "call_id", rname="seen_{name}")


def of_parent(t: Table, name: str) -> Checks:
    """Rows of `with_call`: the call that they name is there; of what judges a contact, they name one at all."""
    without = {f"{name} without their call": (t.call_id.notnull(), t.there.isnull())}
    if name not in JUDGING:
        return without
    nothing = t.call_id.isnull() & t.dialogue_id.isnull()
    return without | {f"{name} of nothing": (t[str(FACTS[name].id)].notnull(), nothing)}


def imported(tasks: Table, imports: Table) -> Table:
    """Tasks of imports, with `declared`: somebody says that there was such an import of their dialer."""
    t = tasks.filter(tasks["import"].notnull())
    pairs = imports.select("import", "dialer_id").distinct().mutate(of_dialer=True)
    names = imports.select("import").distinct().mutate(of_any=True)
    t = t.left_join(pairs, ["import", "dialer_id"], rname="pair_{name}")
    t = t.left_join(names, "import", rname="name_{name}")
    return t.mutate(declared=t.dialer_id.isnull().ifelse(t.of_any, t.of_dialer).coalesce(False))


def currencies(charges: Table) -> Table:
    """Calls that charges name, with the `first` and the `last` of their currencies by name."""
    t = charges.filter(charges.call_id.notnull())
    return t.group_by("call_id").agg(
        source_id=t.source_id.min(), first_currency=t.currency.min(), last_currency=t.currency.max()
    )


def of_loads(load_notes: Table, period: Interval) -> Table:
    """What loads of the period, or of the day after it, refused and what they put right."""
    t = load_notes.filter(load_notes["at"] >= period.start, load_notes["at"] < period.end + LAG)
    brought: IntegerValue = t["rows"].sum(where=t.kind == "loaded").as_scalar()
    found = t.filter(t.kind.isin(("rejected", "noted")))
    check = found.kind + ": " + found.words
    said = found.group_by(check=check).agg(affected=found["rows"].sum().cast("int64"), example=found.example.min())
    return said.mutate(rows=brought.cast("int64"))
