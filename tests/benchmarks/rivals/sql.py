"""The ten reports in SQL that PostgreSQL and ClickHouse both take, but for what a dialect says differently.

Each gives the columns of the report in their order. PostgreSQL hands over its own decimals as text, so figures are cast
to whole numbers and doubles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from rivals.rows import BINS, Scope, days_with

OFFERED = """queued_at IS NOT NULL AND outcome NOT IN ('refused', 'closed', 'left_in_scenario')
    AND NOT (coalesce(by_robot, false) AND answered_at IS NOT NULL)"""
ANSWERED = "outcome = 'answered' AND answered_at IS NOT NULL"
HANDLED = f"{ANSWERED} AND NOT coalesce(by_robot, false)"
IN_TIME = f"{ANSWERED} AND wait_ms <= answer_within_s * 1000"
SHORT = "outcome = 'abandoned' AND wait_ms < short_abandon_s * 1000"
SOON = "outcome = 'abandoned' AND wait_ms <= answer_within_s * 1000"
WENT_ON = "(coalesce(went_to_other, false) OR transfer_to_call_id IS NOT NULL)"
PERSON = "picked_up_at IS NOT NULL AND outcome IN ('answered', 'dropped')"


@dataclass(frozen=True)
class Dialect:
    """What is said differently: instants, a start's half hour, its local weekday and hour, a 90 % quantile."""

    at: Callable[[datetime], str]
    instant: Callable[[str], str]  # a half hour, as it is handed over
    half_hour: str
    weekday: str
    hour: str
    p90: Callable[[str, str], str]
    visible: Callable[[Scope], str]  # which rows a viewer may see


POSTGRES = Dialect(
    at=lambda at: f"TIMESTAMP '{at}'",
    instant=lambda half: half,
    half_hour="date_bin('30 minutes', started_at, TIMESTAMP '2000-01-01')",
    weekday="CAST(extract(isodow FROM (started_at AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Warsaw') AS bigint)",
    hour="CAST(extract(hour FROM (started_at AT TIME ZONE 'UTC') AT TIME ZONE 'Europe/Warsaw') AS bigint)",
    p90=lambda x, where: f"percentile_cont(0.9) WITHIN GROUP (ORDER BY {x}) FILTER (WHERE {where})",
    visible=lambda scope: "true",  # the policy of the tables says it
)
CLICKHOUSE = Dialect(
    at=lambda at: f"toDateTime64('{at}', 6, 'UTC')",
    instant=lambda half: f"toDateTime64({half}, 6, 'UTC')",  # without it a number is given
    half_hour="toStartOfInterval(started_at, INTERVAL 30 MINUTE)",
    weekday="toDayOfWeek(started_at, 0, 'Europe/Warsaw')",
    hour="toHour(started_at, 'Europe/Warsaw')",
    p90=lambda x, where: f"quantileExactInclusiveIf(0.9)({x}, {where})",
    visible=lambda scope: "true" if scope.everything else f"project_id IN ({', '.join(map(str, scope.projects))})",
)


def statement(name: str, dialect: Dialect, scope: Scope) -> str:
    """The SQL of a report."""
    made: str = globals()[name](dialect, scope)
    return made


def within(d: Dialect, scope: Scope, column: str = "started_at") -> str:
    """Which rows of a table are visible and start in the period."""
    return f"{d.visible(scope)} AND {column} >= {d.at(scope.start)} AND {column} < {d.at(scope.end)}"


def count(where: str) -> str:
    """How many rows are so."""
    return f"count(*) FILTER (WHERE {where})"


def whole(x: str) -> str:
    """A sum as a whole number; of nothing it is 0."""
    return f"CAST(coalesce({x}, 0) AS bigint)"


def real(x: str) -> str:
    """A figure as a double."""
    return f"CAST({x} AS double precision)"


def share(part: str, of: str) -> str:
    """A part of something; of nothing it is NULL."""
    return f"{real(part)} / nullif({real(of)}, 0)"


def queue_summary(d: Dialect, scope: Scope) -> str:
    """Queues in sum."""
    parts = {
        "offered": count(OFFERED),
        "answered": count(f"{OFFERED} AND {ANSWERED}"),
        "answered_in_time": count(f"{OFFERED} AND {IN_TIME}"),
        "abandoned": count(f"{OFFERED} AND outcome = 'abandoned'"),
        "abandoned_short": count(f"{OFFERED} AND {SHORT}"),
        **{
            word: count(f"{OFFERED} AND outcome = '{word}'")
            for word in ("callback_requested", "voicemail", "flow_out", "failed")
        },
        "asa": real(f"avg(wait_ms) FILTER (WHERE {OFFERED} AND {ANSWERED})"),
        "p90": real(d.p90("wait_ms", f"{OFFERED} AND {ANSWERED}")),
        "longest": real(f"max(wait_ms) FILTER (WHERE {OFFERED})"),
        "handled": count(HANDLED),
        "handling": real(
            f"sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (WHERE {HANDLED})"
        ),
        "talk": whole("sum(talk_ms)"),
        "hold": whole("sum(hold_ms)"),
        "wrap": whole("sum(wrap_ms)"),
        "transferred": count(f"{HANDLED} AND {WENT_ON}"),
    }
    listed = ", ".join(f"{sql} AS {name}" for name, sql in parts.items())
    return f"""SELECT p.project AS project, q.queue AS queue, offered, answered, answered_in_time, abandoned,
        abandoned_short, callback_requested, voicemail, flow_out, failed,
        {share("answered_in_time", "offered - abandoned_short")} AS service_level,
        {share("abandoned", "offered")} AS abandon_rate, asa / 1000 AS asa_s,
        CASE WHEN answered > 0 THEN p90 / 1000 END AS wait_p90_s, longest / 1000 AS max_wait_s,
        handling / nullif(handled, 0) / 1000 AS aht_s, {real("talk")} / 1000 AS talk_s, {real("hold")} / 1000 AS hold_s,
        {real("wrap")} / 1000 AS wrap_s, transferred
        FROM (SELECT project_id, queue_id, {listed} FROM calls
        WHERE {within(d, scope)} AND (queued_at IS NOT NULL OR queue_id IS NOT NULL) GROUP BY project_id, queue_id) k
        LEFT JOIN projects p ON p.project_id = k.project_id LEFT JOIN queues q ON q.queue_id = k.queue_id"""


def service_level(d: Dialect, scope: Scope) -> str:
    """Service level by half hours."""
    return f"""SELECT p.project AS project, q.queue AS queue, {d.instant("half")} AS "interval", offered,
        answered_in_time, abandoned_short, {share("answered_in_time", "offered - abandoned_short")} AS service_level,
        {real("goal")} AS goal,
        {share("answered_in_time", "offered - abandoned_short")} >= {real("goal")} AS met, asa / 1000 AS asa_s,
        {share("abandoned", "offered")} AS abandon_rate
        FROM (SELECT project_id, queue_id, {d.half_hour} AS half, {count(OFFERED)} AS offered,
        {count(f"{OFFERED} AND {IN_TIME}")} AS answered_in_time,
        {count(f"{OFFERED} AND {SHORT}")} AS abandoned_short,
        {count(f"{OFFERED} AND outcome = 'abandoned'")} AS abandoned, max(goal) AS goal,
        {real(f"avg(wait_ms) FILTER (WHERE {OFFERED} AND {ANSWERED})")} AS asa
        FROM calls WHERE {within(d, scope)} AND queued_at IS NOT NULL GROUP BY project_id, queue_id, half) k
        LEFT JOIN projects p ON p.project_id = k.project_id LEFT JOIN queues q ON q.queue_id = k.queue_id"""


def service_level_variants(d: Dialect, scope: Scope) -> str:
    """Service level by each definition."""
    return f"""SELECT p.project AS project, q.queue AS queue, offered, answered, answered_in_time, abandoned,
        abandoned_short, abandoned_in_time, within_s AS answer_within_s, short_s AS short_abandon_s,
        {share("answered_in_time", "offered - abandoned_short")} AS sl_short,
        {share("answered_in_time", "offered")} AS sl_offered, {share("answered_in_time", "answered")} AS sl_answered,
        {share("answered_in_time + abandoned_in_time", "offered")} AS sl_positive,
        {share("answered_in_time", "offered - abandoned_in_time")} AS sl_ignore
        FROM (SELECT project_id, queue_id, {count(OFFERED)} AS offered,
        {count(f"{OFFERED} AND {ANSWERED}")} AS answered, {count(f"{OFFERED} AND {IN_TIME}")} AS answered_in_time,
        {count(f"{OFFERED} AND outcome = 'abandoned'")} AS abandoned,
        {count(f"{OFFERED} AND {SHORT}")} AS abandoned_short, {count(f"{OFFERED} AND {SOON}")} AS abandoned_in_time,
        max(answer_within_s) AS within_s, max(short_abandon_s) AS short_s
        FROM calls WHERE {within(d, scope)} AND queued_at IS NOT NULL GROUP BY project_id, queue_id) k
        LEFT JOIN projects p ON p.project_id = k.project_id LEFT JOIN queues q ON q.queue_id = k.queue_id"""


def calls_by_hour(d: Dialect, scope: Scope) -> str:
    """Peak hours; the days that have each hour come afterwards, from the calendar."""
    return f"""SELECT {d.weekday} AS weekday, {d.hour} AS "hour", count(*) AS offered, {count(ANSWERED)} AS answered,
        {count(IN_TIME)} AS answered_in_time, {share(count(IN_TIME), f"count(*) - {count(SHORT)}")} AS service_level
        FROM calls WHERE {within(d, scope)} AND {OFFERED} GROUP BY weekday, "hour" """


def wait_distribution(d: Dialect, scope: Scope) -> str:
    """How long offered contacts waited, every bin for every outcome."""
    bins = " UNION ALL ".join(f"SELECT {since} AS since" for since, _ in BINS)
    cases = " ".join(f"WHEN wait_ms < {until * 1000} THEN {since}" for since, until in BINS if until)
    return f"""WITH counted AS (SELECT outcome, CASE {cases} ELSE {BINS[-1][0]} END AS since, count(*) AS n
        FROM calls WHERE {within(d, scope)} AND wait_ms IS NOT NULL AND {OFFERED} GROUP BY outcome, since),
        spread AS (SELECT o.outcome AS outcome, b.since AS since, coalesce(c.n, 0) AS n
        FROM (SELECT DISTINCT outcome FROM counted) o CROSS JOIN ({bins}) b
        LEFT JOIN counted c ON c.outcome = o.outcome AND c.since = b.since)
        SELECT outcome, {whole("since")} AS wait_from_s, {whole("n")} AS contacts,
        {real("n")} / {real("sum(n) OVER (PARTITION BY outcome)")} AS share,
        {real("sum(n) OVER (PARTITION BY outcome ORDER BY since ROWS UNBOUNDED PRECEDING)")}
        / {real("sum(n) OVER (PARTITION BY outcome)")} AS cumulative_share FROM spread"""


def call_outcomes(d: Dialect, scope: Scope) -> str:
    """Contacts by how they ended and their result."""
    return f"""SELECT outcome, result, contacts, {real("contacts")} / {real("sum(contacts) OVER ()")} AS share,
        talk / 1000 AS talk_mean_s FROM (SELECT outcome, result, count(*) AS contacts,
        {real(f"avg(talk_ms) FILTER (WHERE {ANSWERED})")} AS talk
        FROM calls WHERE {within(d, scope)} GROUP BY outcome, result) k"""


def operator_calls(d: Dialect, scope: Scope) -> str:
    """Operators' contacts, and the rings that they missed."""
    handling = f"sum(coalesce(talk_ms, 0) + coalesce(hold_ms, 0) + coalesce(wrap_ms, 0)) FILTER (WHERE {HANDLED})"
    return f"""WITH worked AS (SELECT operator_id, {count("direction = 'inbound'")} AS n_in,
        {count("direction = 'outbound'")} AS n_out, {count(HANDLED)} AS n, {whole("sum(talk_ms)")} AS talk,
        {whole("sum(hold_ms)")} AS hold, {whole("sum(wrap_ms)")} AS wrap, {real(handling)} AS handling,
        {count(f"{HANDLED} AND {WENT_ON}")} AS gone
        FROM calls WHERE {within(d, scope)} AND operator_id IS NOT NULL GROUP BY operator_id),
        rung AS (SELECT operator_id, {count("result <> 'answered'")} AS missed
        FROM rings WHERE {within(d, scope)} GROUP BY operator_id),
        keys AS (SELECT operator_id FROM worked UNION DISTINCT SELECT operator_id FROM rung)
        SELECT o.operator AS operator, coalesce(n_in, 0) AS inbound, coalesce(n_out, 0) AS outbound,
        coalesce(n, 0) AS handled, coalesce(missed, 0) AS missed_rings, {real("coalesce(talk, 0)")} / 1000 AS talk_s,
        {real("coalesce(hold, 0)")} / 1000 AS hold_s, {real("coalesce(wrap, 0)")} / 1000 AS wrap_s,
        handling / nullif(n, 0) / 1000 AS aht_s, coalesce(gone, 0) AS transferred,
        {share("gone", "n")} AS transfer_rate,
        {real("coalesce(n, 0)")} / nullif({real("sum(n) OVER ()")}, 0) AS share
        FROM keys k LEFT JOIN worked w ON w.operator_id = k.operator_id
        LEFT JOIN rung r ON r.operator_id = k.operator_id LEFT JOIN operators o ON o.operator_id = k.operator_id"""


def speech_analytics(d: Dialect, scope: Scope) -> str:
    """What was found in the contacts that operators handled."""
    return f"""WITH conversations AS (SELECT call_id, operator_id FROM calls
        WHERE {within(d, scope)} AND {HANDLED} AND operator_id IS NOT NULL),
        hits AS (SELECT call_id, rule FROM speech_hits WHERE {d.visible(scope)} AND "at" >= {d.at(scope.start)}),
        found AS (SELECT c.operator_id AS operator_id, h.rule AS rule, count(*) AS hits,
        count(DISTINCT h.call_id) AS calls FROM hits h JOIN conversations c ON c.call_id = h.call_id
        GROUP BY c.operator_id, h.rule),
        handling AS (SELECT operator_id, count(*) AS handled FROM conversations GROUP BY operator_id)
        SELECT o.operator AS operator, rule, hits, calls, n.handled AS handled, {share("calls", "n.handled")} AS share
        FROM found f JOIN handling n ON n.operator_id = f.operator_id
        LEFT JOIN operators o ON o.operator_id = f.operator_id"""


def transfers(d: Dialect, scope: Scope) -> str:
    """Who passed customers on to whom."""
    lost = f"{OFFERED} AND outcome IN ('abandoned', 'callback_requested', 'voicemail')"
    none = "CAST(NULL AS bigint)" if d is POSTGRES else "CAST(NULL AS Nullable(Int64))"
    figures = f"""CASE WHEN {ANSWERED} THEN 1 ELSE 0 END AS is_answered, CASE WHEN {lost} THEN 1 ELSE 0 END AS is_lost,
        wait_ms"""
    no_figures = f"0 AS is_answered, 0 AS is_lost, {none} AS wait_ms"
    return f"""WITH asked AS (SELECT * FROM calls WHERE {within(d, scope)}
        AND (transfer_to_call_id IS NOT NULL OR coalesce(went_to_other, false) OR coalesce(came_from_other, false))),
        passing AS (SELECT * FROM asked WHERE transfer_to_call_id IS NOT NULL),
        following AS (SELECT call_id, project_id, queue_id, operator_id, {figures} FROM calls
        WHERE {d.visible(scope)} AND started_at >= {d.at(scope.start)}
        AND call_id IN (SELECT transfer_to_call_id FROM passing)),
        passed AS (
        SELECT c.project_id AS from_id, c.queue_id AS from_queue_id, c.operator_id AS from_operator_id,
        0 AS from_other, n.project_id AS to_id, n.queue_id AS to_queue_id, n.operator_id AS to_operator_id,
        0 AS to_other,
        n.call_id AS next_id, coalesce(n.is_answered, 0) AS is_answered, coalesce(n.is_lost, 0) AS is_lost,
        n.wait_ms AS wait_ms FROM passing c LEFT JOIN following n ON n.call_id = c.transfer_to_call_id
        UNION ALL SELECT project_id, queue_id, operator_id, 0, {none}, {none}, {none}, 1, {none}, {no_figures}
        FROM asked WHERE transfer_to_call_id IS NULL AND coalesce(went_to_other, false)
        UNION ALL SELECT {none}, {none}, {none}, 1, project_id, queue_id, operator_id, 0, call_id, {figures}
        FROM asked WHERE coalesce(came_from_other, false)),
        summed AS (SELECT from_id, from_queue_id, from_operator_id, from_other, to_id, to_queue_id, to_operator_id,
        to_other, count(*) AS transfers, count(next_id) AS known, sum(is_answered) AS answered, sum(is_lost) AS lost,
        {real("avg(wait_ms)")} AS extra
        FROM passed GROUP BY from_id, from_queue_id, from_operator_id, from_other, to_id, to_queue_id, to_operator_id,
        to_other)
        SELECT CASE WHEN from_other = 1 THEN 'other project' ELSE fp.project END AS from_project,
        fq.queue AS from_queue, fo.operator AS from_operator,
        CASE WHEN to_other = 1 THEN 'other project' ELSE tp.project END AS to_project, tq.queue AS to_queue,
        tpl.operator AS to_operator, transfers, {real("transfers")} / {real("sum(transfers) OVER ()")} AS share,
        CASE WHEN known > 0 THEN {whole("answered")} END AS answered_after,
        CASE WHEN known > 0 THEN {whole("lost")} END AS lost_after, extra / 1000 AS extra_wait_s
        FROM summed t LEFT JOIN projects fp ON fp.project_id = t.from_id
        LEFT JOIN queues fq ON fq.queue_id = t.from_queue_id
        LEFT JOIN operators fo ON fo.operator_id = t.from_operator_id
        LEFT JOIN projects tp ON tp.project_id = t.to_id LEFT JOIN queues tq ON tq.queue_id = t.to_queue_id
        LEFT JOIN operators tpl ON tpl.operator_id = t.to_operator_id"""


def reachability(d: Dialect, scope: Scope) -> str:
    """When persons are reached, by attempt and local hour."""
    return f"""SELECT attempt_no, {d.hour} AS "hour", count(*) AS attempts, {count(PERSON)} AS persons,
        {share(count(PERSON), "count(*)")} AS contact_rate
        FROM calls WHERE {within(d, scope)} AND dialer_id IS NOT NULL GROUP BY attempt_no, "hour" """


def with_days(name: str, rows: pa.Table, scope: Scope) -> pa.Table:
    """What SQL gave; peak hours with the days that have each hour, of the calendar."""
    if name != "calls_by_hour":
        return rows
    known = days_with(scope)
    keys = zip(rows["weekday"].to_pylist(), rows["hour"].to_pylist(), strict=True)
    days = [known[int(weekday), int(hour)] for weekday, hour in keys]
    rates = [int(n) / d for n, d in zip(rows["offered"].to_pylist(), days, strict=True)]
    return rows.add_column(2, "days", pa.array(days)).append_column("offered_per_day", pa.array(rates, pa.float64()))


TEN = (
    *("queue_summary", "service_level", "service_level_variants", "calls_by_hour", "wait_distribution"),
    *("call_outcomes", "operator_calls", "speech_analytics", "transfers", "reachability"),
)
