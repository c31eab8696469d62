"""What each agent was doing: ringing, talking and wrapping up over what the session and its pauses say."""

from __future__ import annotations

from okireports.sources.queue_log.calls import RANG, VISITS, utc
from okireports.sources.queue_log.events import KNOWN, LOGIN, LOGOFF, NOBODY, OF_STATE, SCOPE, number
from okireports.sources.quoting import texts

_OWN = f"agent NOT IN ({texts(NOBODY)})"
_CLASS = "CASE WHEN event LIKE 'AGENTCALLBACK%' THEN 1 ELSE 0 END"
_RUNNING = "OVER (PARTITION BY who ORDER BY moment, seq, rank)"

# A log-off whose log-on no file has says how long the session was: the log-on is put before it.
STATE_LINES_SQL = f"""
CREATE OR REPLACE TABLE raw.queue_state AS
WITH lines AS (SELECT who, moment, seq, 1 AS rank, event, queue, d[1] AS said, {number("d[2]")} AS length,
    {_CLASS} AS class
    FROM {KNOWN} WHERE event IN ({texts(OF_STATE)}) AND {_OWN}),
sessions AS (SELECT *, lag(event) OVER (PARTITION BY who, class ORDER BY moment, seq) AS before FROM lines
    WHERE event IN ({texts((*LOGIN, *LOGOFF))}))
FROM lines UNION ALL
SELECT who, moment - to_milliseconds((1000 * length)::BIGINT), seq, 0, replace(event, 'LOGOFF', 'LOGIN'), queue, NULL,
    NULL, class FROM sessions WHERE event IN ({texts(LOGOFF)}) AND length > 0
    AND (before IS NULL OR before IN ({texts(LOGOFF)}))"""

# members: queues to which the agent was added; `round` counts UNPAUSEALL, behind which no pause of one queue goes on
STATES_SQL = f"""
CREATE OR REPLACE TABLE raw.queue_states AS
WITH rounds AS (SELECT *, sum((event = 'UNPAUSEALL')::INT) {_RUNNING} AS round FROM raw.queue_state),
added AS (SELECT who, moment, seq, rank, (event = 'ADDMEMBER')::INT - coalesce(lag((event = 'ADDMEMBER')::INT)
    OVER (PARTITION BY who, queue ORDER BY moment, seq), 0) AS member FROM rounds
    WHERE event IN ('ADDMEMBER', 'REMOVEMEMBER')),
halted AS (SELECT who, moment, seq, rank, (event = 'PAUSE')::INT - coalesce(lag((event = 'PAUSE')::INT)
    OVER (PARTITION BY who, round, queue ORDER BY moment, seq), 0) AS halt FROM rounds
    WHERE event IN ('PAUSE', 'UNPAUSE', 'REMOVEMEMBER')),
running AS (SELECT r.who, r.moment, r.seq, r.rank, r.event,
    last_value(CASE event WHEN 'AGENTLOGIN' THEN 1 WHEN 'AGENTLOGOFF' THEN 0 END IGNORE NULLS) {_RUNNING} AS on_line,
    last_value(CASE event WHEN 'AGENTCALLBACKLOGIN' THEN 1 WHEN 'AGENTCALLBACKLOGOFF' THEN 0 END IGNORE NULLS)
        {_RUNNING} AS on_call,
    sum(member) {_RUNNING} AS members,
    coalesce(sum(halt) OVER (PARTITION BY who, round ORDER BY moment, seq, rank), 0) AS halts,
    last_value(CASE event WHEN 'PAUSEALL' THEN 1 WHEN 'UNPAUSEALL' THEN 0 WHEN 'UNPAUSE' THEN 0 END IGNORE NULLS)
        {_RUNNING} AS halt_all,
    last_value(CASE WHEN event IN ('PAUSE', 'PAUSEALL') THEN nullif(said, '')
        WHEN event IN ('UNPAUSE', 'UNPAUSEALL') THEN '' END IGNORE NULLS) {_RUNNING} AS reason
    FROM rounds r LEFT JOIN added USING (who, moment, seq, rank) LEFT JOIN halted USING (who, moment, seq, rank))
SELECT who, moment, CASE WHEN coalesce(on_line, on_call) IS NOT NULL AND coalesce(on_line, 0) + coalesce(on_call, 0) = 0
    THEN 'Offline' WHEN coalesce(on_line, on_call) IS NULL AND members = 0 THEN 'Offline'
    WHEN coalesce(halt_all, 0) = 1 OR halts >= greatest(1, coalesce(members, 0)) THEN 'Away' ELSE 'Ready' END AS status,
    nullif(reason, '') AS reason FROM running
QUALIFY row_number() OVER (PARTITION BY who, moment ORDER BY seq DESC, rank DESC) = 1"""

# level 1 wins over 2 and so on; spans of one level do not overlap: the later begins when those before are over
SPANS_SQL = f"""
CREATE OR REPLACE TABLE raw.queue_spans AS
WITH told AS (
    SELECT 1 AS level, lower(agent) AS who, taken AS since, ended AS until, first_seq AS seq, 'Busy' AS status, queue,
        source_id AS call FROM {VISITS} WHERE taken IS NOT NULL AND {_OWN}
    UNION ALL SELECT 2, w.who, w.moment, w.moment + to_milliseconds((1000 * {number("d[1]", 86400)})::BIGINT), w.seq,
        'PCP',
        w.queue, v.source_id FROM {KNOWN} w LEFT JOIN (SELECT callid, queue, lower(agent) AS who,
        arg_max(source_id, first_seq) AS source_id FROM {VISITS} WHERE taken IS NOT NULL GROUP BY ALL) v
        ON v.callid = w.callid AND v.queue = w.queue AND v.who = w.who
        WHERE w.event = 'WRAPUPSTART' AND w.{_OWN} AND {number("d[1]", 86400)} > 0
    UNION ALL SELECT 3, who, since, until, seq, 'Waiting', queue, source_id FROM {RANG} WHERE until > since),
following AS (SELECT *, coalesce(until, lead(since) OVER w) AS over_at FROM told
    WINDOW w AS (PARTITION BY level, who ORDER BY since, seq)),
apart AS (SELECT * EXCLUDE (since, until), over_at AS until, greatest(since, max(over_at) OVER (
    PARTITION BY level, who ORDER BY since, seq ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS since
    FROM following)
SELECT row_number() OVER () AS id, * FROM (
    SELECT level, who, since, until, status, NULL AS reason, nullif(queue, 'NONE') AS queue, call FROM apart
    WHERE until IS NULL OR until > since
    UNION ALL SELECT 4, who, moment, NULL, status, CASE WHEN status = 'Away' THEN reason END, NULL, NULL
    FROM raw.queue_states)"""

STATUSES_SQL = f"""
CREATE OR REPLACE TABLE raw.statuses AS
WITH edges AS (SELECT who, since AS moment, level, id FROM raw.queue_spans
    UNION ALL SELECT who, until, level, 0 FROM raw.queue_spans WHERE until IS NOT NULL),
ends AS (SELECT who, max(moment) AS last_at FROM edges GROUP BY who),
nights AS (SELECT s.who, make_timestamp(m.us) AS moment FROM {SCOPE} s JOIN ends e USING (who)
    JOIN raw.queue_midnights m
    ON make_timestamp(m.us) >= s.since AND make_timestamp(m.us) <= e.last_at),
points AS (SELECT who, moment, max(id) FILTER (level = 1) AS a, max(id) FILTER (level = 2) AS b,
    max(id) FILTER (level = 3) AS c, max(id) FILTER (level = 4) AS d, bool_or(level = 0) AS night
    FROM (FROM edges UNION ALL SELECT who, moment, 0, 0 FROM nights) GROUP BY who, moment),
carried AS (SELECT who, moment, night,
    {", ".join(f"nullif(last_value({x} IGNORE NULLS) OVER w, 0) AS {x}" for x in "abcd")}
    FROM points WINDOW w AS (PARTITION BY who ORDER BY moment)),
doing AS (SELECT c.who, c.moment, c.night, s.status, s.reason, s.queue, s.call
    FROM carried c LEFT JOIN raw.queue_spans s ON s.id = coalesce(c.a, c.b, c.c, c.d)),
changes AS (SELECT *, (status, reason, queue, call) IS DISTINCT FROM lag((status, reason, queue, call)) OVER w
    OR lag(moment) OVER w IS NULL AS fresh FROM doing WINDOW w AS (PARTITION BY who ORDER BY moment)),
rows_of AS (SELECT *, lead(moment) OVER (PARTITION BY who ORDER BY moment) AS until FROM changes WHERE fresh OR night)
SELECT n.agent AS operator, r.status, r.reason, r.queue, r.call, {utc("r.moment")} AS started_at,
    {utc("r.until")} AS ended_at,
    0::USMALLINT AS _file
FROM rows_of r JOIN {SCOPE} s USING (who) JOIN (SELECT who, min(agent) AS agent FROM {KNOWN} GROUP BY who) n USING (who)
WHERE r.status IS NOT NULL AND r.moment >= s.since ORDER BY r.who, r.moment"""
