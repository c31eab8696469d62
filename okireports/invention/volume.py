"""How many calls each project has on each day, what becomes of each, and which operators work on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from okireports.invention import people
from okireports.invention.definitions import import_name
from okireports.invention.places import DIALLED, MANNED, MOVING, PROJECTS
from okireports.invention.plan import Plan

HALF_SEAT = 26  # contacts that half an operator takes in a day; who works in one project only has two halves
VOLUME = """
CREATE TABLE volume AS
WITH weighed AS (
    SELECT d.day_no, p.p, d.zero_t, d.weekday,
        CASE WHEN d.holiday THEN 'holiday' WHEN d.outage AND p.p = 2 THEN 'outage' ELSE 'normal' END AS mix,
        greatest(round(1e6 * p.share * p.week[d.weekday]
            * (1 + 0.12 * sin(2 * pi() * d.day_no / 365 + p.p))                         -- seasons
            * (0.92 + 0.16 * u('volume', d.day_no * 10 + p.p))
            * CASE WHEN d.holiday THEN CASE WHEN p.works_on_holidays THEN 0.6 ELSE 0.04 END ELSE 1 END
            * CASE WHEN d.outage AND p.p = 2 THEN 2.8 ELSE 1 END
            * CASE WHEN d.campaign AND p.p = 4 THEN 1.9 ELSE 1 END
            * CASE WHEN NOT d.moved THEN 1 WHEN p.p = $giver THEN 0.82 WHEN p.p = $taker THEN 1.7 ELSE 1 END
        ), 0)::BIGINT AS weight
    FROM days d CROSS JOIN projects p),
summed AS (SELECT *, sum(weight) OVER (ORDER BY day_no, p)::BIGINT AS so_far, sum(weight) OVER ()::BIGINT AS every
    FROM weighed)
SELECT day_no, p, zero_t, weekday, mix, $calls * (so_far - weight) // every AS before,
    $calls * so_far // every - $calls * (so_far - weight) // every AS n
FROM summed"""
# Who works on which day in which project: in the order of a draw, until there are enough of them.
SEATS = """
CREATE TABLE seats AS
WITH wanted AS (
    SELECT v.*, greatest(2, ceil(v.n * m.share / $half_seat))::BIGINT AS halves
    FROM volume v JOIN manned m USING (p, mix) WHERE m.share > 0 AND v.n > 0),
members AS (
    SELECT w.day_no, w.p, w.halves AS wanted, s.op, s.halves,
        sum(s.halves) OVER (PARTITION BY w.day_no, w.p
            ORDER BY u('seat', (w.day_no * 100000 + s.op) * 10 + w.p))::BIGINT AS so_far
    FROM wanted w JOIN stays s ON s.p = w.p AND w.day_no >= s.since AND w.day_no < s.until)
SELECT day_no, p, op, halves, so_far - halves AS before FROM members WHERE so_far - halves < wanted"""
WORKDAYS = """
CREATE TABLE workdays AS
WITH open AS (
    SELECT s.day_no, s.op, max(p.opens) AS opens, min(p.closes) AS closes, any_value(v.zero_t) AS zero_t,
        s.day_no * 100000 + s.op AS key
    FROM seats s JOIN projects p USING (p) JOIN volume v USING (day_no, p) GROUP BY ALL),
planned AS (
    SELECT *, least(pick('length', op, [5, 6, 6, 8]), closes - opens) AS hours FROM open),
placed AS (
    SELECT *, zero_t + opens * 3600
        + pick('start', key, [0, 0, 0, 1, 2, 2]) * ((closes - opens - hours) * 3600 // 2) // 1800 * 1800 AS plan_from
    FROM planned),
arrived AS (
    SELECT day_no, op, key, hours, plan_from, plan_from + hours * 3600 AS plan_to,
        plan_from + CASE WHEN u('late', key) < 0.8 THEN between_('early', key, -240, 60)
            ELSE expo('later', key, 420, 2400) END AS login_t,
        plan_from + hours * 3600 + between_('leave', key, -120, 480) AS logout_t
    FROM placed)
SELECT *, lead(login_t) OVER (PARTITION BY op ORDER BY day_no) AS next_login_t FROM arrived"""
SLOTS = """
CREATE OR REPLACE TABLE slots AS
WITH numbered AS (
    SELECT day_no, p, mix, before, zero_t, weekday, before + unnest(range(n)) + 1 AS id
    FROM volume WHERE day_no >= $first AND day_no < $after)
SELECT n.*, m.kind FROM numbered n JOIN mixes m ON m.p = n.p AND m.mix = n.mix
    AND u('kind', n.id) >= m.since AND u('kind', n.id) < m.until"""


def prepare(con: duckdb.DuckDBPyConnection, plan: Plan) -> None:
    """Put the plan into tables, and work out volumes, seats and working days of the whole time."""
    con.execute("SET VARIABLE calls = $1", [plan.calls])
    con.execute("SET VARIABLE end_t = $1", [int(plan.end.timestamp())])
    for name, rows in small_tables(plan).items():
        put(con, name, rows)
    _, giver, taker = MOVING
    con.execute(VOLUME, {"calls": plan.calls, "giver": giver, "taker": taker})
    con.execute(SEATS, {"half_seat": HALF_SEAT})
    con.execute(WORKDAYS)


def fill_slots(con: duckdb.DuckDBPyConnection, first: int, after: int) -> None:
    """Make `slots`: every call of some days, with its number and what becomes of it."""
    con.execute(SLOTS, {"first": first, "after": after})


def put(con: duckdb.DuckDBPyConnection, name: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Make a small table of rows."""
    con.register("small_rows", pa.Table.from_pylist([dict(row) for row in rows]))
    con.execute(f'CREATE OR REPLACE TABLE "{name}" AS FROM small_rows')
    con.unregister("small_rows")


def small_tables(plan: Plan) -> dict[str, list[dict[str, object]]]:
    """The plan as rows."""
    first, last = plan.campaign
    mixes = [(p.number, *part) for p in PROJECTS for part in p.mixes]
    manned: dict[tuple[int, str], float] = {}
    for number, mix, kind, since, until in mixes:
        manned[number, mix] = manned.get((number, mix), 0.0) + (until - since if kind in MANNED else 0.0)
    return {
        "days": [
            {
                "day_no": n, "day": plan.day(n), "zero_t": plan.clock_zero(n), "weekday": plan.day(n).isoweekday(),
                "holiday": plan.holiday(n), "outage": n == plan.outage_day, "campaign": first <= n <= last,
                "moved": n >= plan.move_day, "month": f"{plan.day(n):%Y-%m}", "day_of_month": plan.day(n).day,
            }
            for n in range(plan.days)
        ],
        "projects": [
            {
                "p": p.number, "project": p.name, "share": p.share, "opens": p.opens, "closes": p.closes,
                "week": list(p.week), "talk": p.talk, "scenario": p.scenario, "form": p.form, "dialer": p.dialer,
                "currency": p.currency, "works_on_holidays": p.works_on_holidays, "results": list(p.results),
                "stages": list(p.stages), "chats": p.dialogues[0], "mails": p.dialogues[1], "sms": p.dialogues[2],
                "requests": p.requests, "supervisor": people.supervisor(p.number), "code": p.name.split()[0].lower(),
            }
            for p in PROJECTS
        ],
        "mixes": [dict(zip(("p", "mix", "kind", "since", "until"), row, strict=True)) for row in mixes],
        "manned": [{"p": number, "mix": mix, "share": share} for (number, mix), share in manned.items()],
        "queues": list(queues(plan)),
        "imports": [
            {"p": p.number, "week_no": n // 7, "import": import_name(p, plan.day(n))}
            for p in PROJECTS if p.dialer for n in range(0, plan.days, 7)
        ],
        "stays": [
            {"op": s.operator, "p": s.project, "since": s.since or 0, "until": s.until or plan.days,
             "halves": 1 if people.works_in_several(s.operator) else 2}
            for s in people.stays(plan)
        ],
        "operators": [{"op": n, "operator": people.login(n)} for n in range(plan.operators)],
        "dialled": [{"kind": kind} for kind in DIALLED],
        "questions": [
            {"p": p.number, "nth": n, "question": q, "answers": list(a)}
            for p in PROJECTS for n, (q, a) in enumerate(p.questions.items(), 1)
        ],
    }  # fmt: skip


def queues(plan: Plan) -> list[dict[str, object]]:
    """The queues of calls by project and days, each with its part of [0, 1)."""
    moving, _, taker = MOVING
    rows: list[dict[str, object]] = []
    for since, until in ((0, plan.move_day), (plan.move_day, plan.days)):
        for p in PROJECTS:
            mine = {q.name: q.share for q in p.queues if q.share and not (since and q.name == moving)}
            if since and p.number == taker:
                mine[moving] = 0.7  # as much again as the project had before
            at, whole = 0.0, sum(mine.values())
            for name, share in mine.items():
                upper = at + share / whole
                rows.append({"p": p.number, "queue": name, "since": since, "until": until, "lo": at, "hi": upper})
                at = upper
            rows[-1]["hi"] = 1.0
    return rows
