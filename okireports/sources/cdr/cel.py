"""Asterisk CEL: `Master.csv` of cel_custom (20 columns without a header) and the `cel` table exported with a header.

An event tells one thing of one channel; the channels of one linkedid are one interaction. From the events come legs
(see `joining`):

* the channel that was started first is the caller; from its CHAN_START to its HANGUP or CHAN_END it runs the dialplan;
* a channel that others called (application AppDial or AppQueue, or no dialling of its own) is an attempt to reach it:
  it rings from CHAN_START to ANSWER, and talks to its HANGUP, or to its BLINDTRANSFER or ATTENDEDTRANSFER;
* a channel that dials for itself and is not the caller is an operator asking another operator;
* ATTENDEDTRANSFER hands the customer to its target (`transfer_target_channel_name`) at that moment;
* APP_START of Queue says exactly when the caller entered which queue, until APP_END; attempts of that time are the
  queue's. HOLD and UNHOLD are counted to the conversation that runs at the time.

**Causes** of an attempt that nobody answered (Q.850, in the HANGUP's `extra`): 17 busy; 21 rejected; 1, 2, 3, 20, 22,
27, 28, 34, 38, 41, 42, 44, 58, 88, 102, 127 failed; others, also 16, 18, 19 and 26 (answered elsewhere), no_answer.
**Who hung up** is the first HANGUP with a source: the caller's channel, another's, or the dialplan (system).

Where an interaction was seen to its end (its caller's channel was started and ended here), its events stand for the
CDR lines of the same linkedid, whose recordings they take over; where not, the CDR lines count and the events are
joined to them. Without a CDR an interaction that is still going on is counted and left for the next load.
"""

from __future__ import annotations

from collections.abc import Sequence

from okireports.sources.cdr import asterisk, joining, lines
from okireports.sources.cdr.joining import OUTSIDE_NUMBER
from okireports.sources.cdr.lines import FIELDS, Log
from okireports.sources.quoting import text, texts

KIND = "asterisk-cel"
EVENTS = "raw.cel_events"
_TYPES = frozenset(
    "CHAN_START CHAN_END ANSWER HANGUP APP_START APP_END BRIDGE_START BRIDGE_END BRIDGE_UPDATE BRIDGE_ENTER "
    "BRIDGE_EXIT "
    "CONF_START CONF_END CONF_ENTER CONF_EXIT PARK_START PARK_END TRANSFER BLINDTRANSFER ATTENDEDTRANSFER USER_DEFINED "
    "PICKUP HOOKFLASH 3WAY_START 3WAY_END FORWARD LINKEDID_END LOCAL_OPTIMIZE LOCAL_OPTIMIZE_BEGIN HOLD UNHOLD "
    "LOCAL_OPTIMIZE_END STREAM_BEGIN STREAM_END DTMF".split()
)
_COLUMNS = {  # in the order of cel_custom's sample, with the table's spellings
    "eventtype": ("type", "event_type"), "eventtime": ("time", "event_time"), "cidname": ("cid_name",),
    "cidnum": ("cid_num",), "cidani": ("cid_ani",), "cidrdnis": ("cid_rdnis",), "ciddnid": ("cid_dnid",),
    "exten": (), "context": (), "channame": ("channel", "channel_name"), "appname": (), "appdata": (),
    "amaflags": (), "accountcode": (), "uniqueid": (), "linkedid": (), "peer": (), "userfield": (),
    "userdeftype": (), "eventextra": ("extra",),
}  # fmt: skip
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?"
_FAILED = (1, 2, 3, 20, 22, 27, 28, 34, 38, 41, 42, 44, 58, 88, 102, 127)


def know(fields: Sequence[str]) -> str | None:
    """The kind of a file by the fields of one of its lines."""
    lower = {f.lower() for f in fields}
    if {"eventtype", "eventtime", "linkedid"} <= lower:
        return f"{KIND} header"
    return KIND if len(fields) in (19, 20, 21) and fields[0] in _TYPES else None


def events(log: Log) -> None:
    """Make `raw.cel_events` of the lines, and note what is wrong with the others in `raw.cdr_problems`."""
    placed = ", ".join(f'f[{n}] AS "{name}"' for n, name in enumerate(_COLUMNS, 1))
    width = """CASE WHEN f IS NULL THEN 'a quote that is not closed, or text beside quotes'
        WHEN len(f) NOT BETWEEN 19 AND 21 THEN len(f) || ' fields, a CEL line has 20' END"""
    without = f"AND _file NOT IN ({', '.join(map(str, log.headers))})" if log.headers else ""
    parts = [
        f"SELECT id, _file, line, f, {width} AS problem, {placed} FROM {FIELDS} WHERE kind = {text(KIND)} {without}"
    ]
    for index, names in log.headers.items():
        chosen = ", ".join(f'{sql} AS "{name}"' for name, sql in lines.columns_of(log, index, _COLUMNS).items())
        parts.append(f"""SELECT id, _file, line, f, {lines.whole(len(names))} AS problem, {chosen} FROM {FIELDS}
            WHERE kind = {text(KIND)} AND _file = {index} AND NOT {lines.is_header(names)}""")
    epoch = """CASE WHEN regexp_full_match(eventtime, '[0-9]{1,10}([.][0-9]+)?')
        THEN try_cast(eventtime AS DECIMAL(18,6)) END"""
    moment = f"""coalesce(make_timestamp((({epoch})::DECIMAL(38,6) * 1000000)::BIGINT),
        CASE WHEN regexp_full_match(eventtime, '{_DATE}') THEN try_cast(eventtime AS TIMESTAMP) END)"""
    log.con.execute(f"""
        CREATE OR REPLACE TABLE {EVENTS} AS
        SELECT *, CASE WHEN problem IS NULL THEN CASE
                WHEN upper(eventtype) NOT IN ({texts(sorted(_TYPES))}) THEN 'eventtype'
                WHEN moment IS NULL OR year(moment) NOT BETWEEN 1971 AND 2199 THEN 'eventtime' END END AS column_name,
            row_number() OVER (PARTITION BY f ORDER BY id) AS nth
        FROM (SELECT * REPLACE (upper(eventtype) AS eventtype), {moment} AS moment, ({epoch}) IS NOT NULL AS utc
            FROM ({" UNION ALL ".join(parts)}))""")
    log.con.execute(f"""
        INSERT INTO raw.cdr_problems
        SELECT id, _file, line, coalesce(problem, CASE column_name WHEN 'eventtype' THEN 'there is no such event'
                ELSE 'the value cannot be read' END), column_name,
            CASE column_name WHEN 'eventtype' THEN eventtype WHEN 'eventtime' THEN eventtime END
        FROM {EVENTS} WHERE problem IS NOT NULL OR column_name IS NOT NULL""")
    log.con.execute(f"DELETE FROM {EVENTS} WHERE problem IS NOT NULL OR column_name IS NOT NULL")
    if again := log.number(f"SELECT count(*) FROM {EVENTS} WHERE nth > 1"):
        log.notes["lines that stand twice, ignored"] += again
    log.con.execute(f"DELETE FROM {EVENTS} WHERE nth > 1")
    _prepare(log)


def _extra(name: str, place: int) -> str:
    """SQL: a value of an event's extra: JSON since Asterisk 12, before that parts between commas."""
    json = f"CASE WHEN starts_with(eventextra, '{{') AND json_valid(eventextra) THEN eventextra ->> '{name}' END"
    plain = (
        f"CASE WHEN NOT starts_with(eventextra, '{{') THEN split_part(eventextra, ',', {place}) END"
        if place
        else "NULL"
    )
    return f"nullif(coalesce({json}, {plain}), '')"


def _prepare(log: Log) -> None:
    """The channels of each interaction, what was handed on, who sat in which queue, and who was on hold."""
    run = log.con.execute
    run(f"""
        CREATE OR REPLACE TABLE raw.cel_channels AS
        SELECT linkedid AS key, channame AS chan, any_value(uniqueid) AS uniqueid, min(id) AS id,
            min(_file) AS _file, min(moment) FILTER (eventtype = 'CHAN_START') AS born,
            min(moment) FILTER (eventtype = 'ANSWER') AS up,
            min(moment) FILTER (eventtype IN ('HANGUP', 'CHAN_END')) AS down, min(moment) AS first_at,
                max(moment) AS last_at,
            min(moment) FILTER (eventtype IN ('BLINDTRANSFER', 'ATTENDEDTRANSFER')) AS handed,
            arg_min(nullif(cidnum, ''), moment) AS src, arg_min(nullif(cidname, ''), moment) AS name,
            arg_min(nullif(exten, ''), (eventtype <> 'CHAN_START', exten = 's', moment)) AS dst,
            arg_min(nullif(context, ''), moment) AS context,
            bool_or(appname IN ('AppDial', 'AppDial2', 'AppQueue') OR appdata = '(Outgoing Line)') AS called,
            bool_or(lower(appname) IN ('dial', 'queue', 'followme', 'page')) AS dials,
            bool_or(lower(appname) IN ('voicemail', 'minivmrecord')) AS voicemail,
            max(try_cast({_extra("hangupcause", 1)} AS INTEGER)) FILTER (eventtype = 'HANGUP') AS cause,
            arg_min({_extra("hangupsource", 2)}, moment) FILTER (eventtype = 'HANGUP') AS hung_up_by,
            min(moment) FILTER (eventtype = 'HANGUP' AND {_extra("hangupsource", 2)} IS NOT NULL) AS hung_up_at,
            bool_and(utc) AS utc
        FROM {EVENTS} WHERE coalesce(linkedid, '') <> '' AND coalesce(channame, '') <> ''
        GROUP BY linkedid, channame""")
    run("""
        CREATE OR REPLACE TABLE raw.cel_callers AS
        SELECT *, starts_with(chan, 'Local/') AS local FROM raw.cel_channels
        QUALIFY row_number() OVER (PARTITION BY key ORDER BY coalesce(called, false) AND key <> uniqueid,
            starts_with(chan, 'Local/'), coalesce(born, first_at), id) = 1""")
    run(f"""
        CREATE OR REPLACE TABLE raw.cel_handed AS
        SELECT linkedid AS key, moment, {_extra("transfer_target_channel_name", 0)} AS chan, channame AS by_chan
        FROM {EVENTS} WHERE eventtype = 'ATTENDEDTRANSFER' AND {
        _extra("transfer_target_channel_name", 0)
    } IS NOT NULL""")
    run(f"""
        CREATE OR REPLACE TABLE raw.cel_queues AS
        SELECT e.linkedid AS key, e.channame AS chan, e.id, e._file, e.moment AS began, split_part(e.appdata, ',',
            1) AS queue,
            coalesce((SELECT min(x.moment) FROM {EVENTS} x WHERE x.linkedid = e.linkedid AND x.channame = e.channame
                AND x.moment >= e.moment AND x.eventtype IN ('APP_END', 'HANGUP', 'CHAN_END')), e.moment) AS over
        FROM {EVENTS} e WHERE e.eventtype = 'APP_START' AND lower(e.appname) = 'queue' AND e.appdata <> ''""")
    run(f"""
        CREATE OR REPLACE TABLE raw.cel_holds AS
        SELECT key, moment AS began, coalesce(over, moment) AS over FROM (
            SELECT linkedid AS key, eventtype, moment, lead(moment) OVER (PARTITION BY linkedid,
                channame ORDER BY moment, id) AS over
            FROM {EVENTS} WHERE eventtype IN ('HOLD', 'UNHOLD', 'HANGUP')) WHERE eventtype = 'HOLD'""")
    run(f"""
        CREATE OR REPLACE TABLE raw.cel_dials AS
        SELECT linkedid AS key, flatten(list(string_split_regex(appdata, '[&,|]'))) AS targets
        FROM {EVENTS} WHERE lower(appname) = 'dial' AND appdata <> '' GROUP BY linkedid""")


def legs() -> str:
    """SQL of the legs, in the columns of `joining.LEG`."""
    cause = f"""CASE WHEN cause = 17 THEN 'busy' WHEN cause = 21 THEN 'rejected'
        WHEN cause IN ({", ".join(map(str, _FAILED))}) THEN 'failed' ELSE 'no_answer' END"""
    ended = "least(coalesce(c.down, c.last_at), c.handed)"
    held = """(SELECT sum(epoch_ms(least(h.over, x.ended)) - epoch_ms(greatest(h.began, x.answered))) / 1000.0
        FROM raw.cel_holds h WHERE h.key = x.key AND h.began < x.ended AND h.over > x.answered)"""
    side = "CASE WHEN c.hung_up_by IS NULL THEN NULL WHEN c.hung_up_by = o.chan THEN 'a' " \
           "WHEN regexp_matches(c.hung_up_by, '^[^/]+/.') AND NOT starts_with(c.hung_up_by, 'dialplan/') THEN 'b' " \
           "ELSE 'system' END"  # fmt: skip
    told = "CASE WHEN x.verdict = 'answered' THEN 'ANSWERED' WHEN c_cause IS NOT NULL THEN 'cause ' || c_cause END"
    return f"""
        WITH named AS (
            SELECT c.*, o.chan AS caller, {asterisk.peer("o.chan")} AS a_peer, {asterisk.peer("c.chan")} AS peer,
                o.src AS caller_src, {side} AS side, starts_with(c.chan, 'Local/') AS c_local, {ended} AS until,
                coalesce(c.born, c.first_at) AS from_at, c.chan = o.chan AS is_caller,
                NOT starts_with(c.chan, 'Local/') AND c.chan <> o.chan AND coalesce(c.dials AND NOT c.called,
                    false) AS asks
            FROM raw.cel_channels c JOIN raw.cel_callers o USING (key)),
        tried AS (  -- of a channel that was handed the customer: the question before, and the conversation after
            SELECT n.*, h.moment AS taken_over, coalesce((SELECT max_by(k.chan, k.from_at) FROM named k
                WHERE k.key = n.key
                AND k.asks AND n.from_at BETWEEN k.from_at AND k.last_at), h.by_chan || ' asks', n.caller) AS by_chan
            FROM named n LEFT JOIN raw.cel_handed h
                ON h.key = n.key AND h.chan = n.chan AND h.moment >= n.from_at),
        x AS (
            SELECT id, _file, key, caller AS a, NULL AS b, from_at AS started, up AS answered,
                coalesce(down, last_at) AS ended, NULL AS queue, NULL::TIMESTAMP AS queued, voicemail, side,
                CASE WHEN up IS NOT NULL THEN 'answered' ELSE {cause} END AS verdict, cause AS c_cause, utc, a_peer,
                    NULL AS peer
            FROM named WHERE is_caller
            UNION ALL
            SELECT q.id, q._file, q.key, q.chan, NULL, q.began, NULL, q.over, q.queue, q.began, false, NULL,
                'no_answer',
                NULL, n.utc, n.a_peer, NULL
            FROM raw.cel_queues q JOIN named n ON n.key = q.key AND n.chan = q.chan
            UNION ALL
            SELECT t.id, t._file, t.key, t.by_chan, t.chan,
                t.from_at, t.up, greatest(least(t.until, t.taken_over), t.from_at), q.queue, q.began, false, t.side,
                CASE WHEN t.up IS NOT NULL THEN 'answered' ELSE {cause} END, t.cause, t.utc, t.a_peer, t.peer
            FROM tried t LEFT JOIN raw.cel_queues q ON q.key = t.key AND q.chan = t.caller
                AND t.from_at >= q.began AND t.from_at <= q.over
            WHERE NOT is_caller AND NOT asks AND NOT c_local
            QUALIFY row_number() OVER (PARTITION BY t.key, t.chan ORDER BY q.began DESC NULLS LAST, taken_over) = 1
            UNION ALL
            SELECT id, _file, key, caller, chan, taken_over, taken_over, greatest(until, taken_over), NULL, NULL, false,
                side, 'answered', cause, utc, a_peer, peer
            FROM tried WHERE taken_over IS NOT NULL AND NOT is_caller
            UNION ALL
            SELECT id, _file, key, chan, NULL, from_at, up, greatest(coalesce(down, last_at), from_at), NULL, NULL,
                false,
                side, 'no_answer', cause, utc, a_peer, NULL
            FROM named WHERE NOT is_caller AND (asks OR c_local)),
        aimed AS (
            SELECT x.*, {asterisk.number_dialled("d.targets", "split_part(x.b, '/', 1)", "x.peer")} AS b_number,
                x.peer IS NOT NULL AND (x.queue IS NOT NULL
                    OR coalesce(list_contains(d.targets, split_part(x.b, '/', 1) || '/' || x.peer), false)) AS bare
            FROM x LEFT JOIN raw.cel_dials d USING (key)),
        devices AS (
            SELECT a_peer AS device FROM named WHERE a_peer = caller_src OR (a_peer IS NOT NULL AND is_caller
                AND coalesce(starts_with(context, 'from-internal'), false))
            UNION SELECT peer FROM aimed WHERE bare)
        SELECT x.id, x._file, x.key, NULL::BIGINT AS seq, x.a, x.b, starts_with(x.a, 'Local/') AS a_local,
            false AS b_local, x.a_peer, coalesce(x.b_number, x.peer) AS b_name, x.peer AS b_peer,
            coalesce(regexp_full_match(x.b_number, '{OUTSIDE_NUMBER}'), false)
                AND x.peer NOT IN (FROM devices) AS b_outside,
            o.src IS NULL OR coalesce(x.a_peer IN (FROM devices), false) AS inside,
            o.src, o.dst, o.name AS caller_name, x.queue, coalesce(x.voicemail, false) AS voicemail,
            x.started, x.queued, CASE WHEN x.b IS NOT NULL THEN x.answered END AS answered,
            greatest(x.ended, x.started) AS ended,
            CASE WHEN x.b IS NOT NULL AND x.answered IS NOT NULL THEN
                greatest(epoch_ms(x.ended) - epoch_ms(x.answered), 0) / 1000.0 - coalesce({held}, 0) END AS talk,
            CASE WHEN x.b IS NOT NULL AND x.answered IS NOT NULL THEN {held} END AS hold,
            {told} AS word, x.verdict, x.utc, x.side AS ended_by, NULL AS sip_code, NULL::DOUBLE AS post_dial,
            NULL AS mos, NULL AS packet_loss, NULL AS recording
        FROM aimed x JOIN raw.cel_callers o USING (key)"""


def settle(log: Log) -> None:
    """Of an interaction that both records and events tell of, one of the two makes the contacts."""
    con = log.con
    legs, records = joining.LEGS, asterisk.RECORDS
    con.execute("""
        CREATE OR REPLACE TABLE raw.cel_seen AS
        SELECT key, born IS NOT NULL AND down IS NOT NULL AS whole FROM raw.cel_callers""")
    # a record without a linkedid is of the interaction that its channel belongs to
    con.execute(f"""
        UPDATE {legs} l SET key = c.key FROM (SELECT uniqueid, min(key) AS key
            FROM raw.cel_channels GROUP BY uniqueid) c
        WHERE l.id IN (SELECT id FROM {records}) AND l.key = c.uniqueid AND l.key <> c.key""")
    con.execute(f"""
        CREATE OR REPLACE TABLE raw.cdr_told AS
        SELECT l.key, any_value(l.recording) AS recording, array_agg(DISTINCT {joining.NAME_OF_LEG}) AS legs
            FROM {legs} l SEMI JOIN {records} r USING (id) GROUP BY l.key""")
    is_record = f"id IN (SELECT id FROM {records})"
    con.execute(f"DELETE FROM {legs} WHERE {is_record} AND key IN (SELECT key FROM raw.cel_seen WHERE whole)")
    con.execute(f"""DELETE FROM {legs} WHERE NOT {is_record}
        AND key IN (SELECT key FROM raw.cel_seen WHERE NOT whole)""")
    con.execute(f"""UPDATE {legs} l SET recording = t.recording FROM raw.cdr_told t
        WHERE t.key = l.key AND t.recording IS NOT NULL AND NOT l.{is_record}""")


def count_left_out(log: Log) -> None:
    """Note the events that make no call, and the calls of which both records and events tell."""
    legs = joining.LEGS
    unseen = log.number(f"""SELECT count(*) FROM {EVENTS} WHERE linkedid IN (SELECT key FROM raw.cel_seen
        WHERE NOT whole)
        AND channame <> '' AND linkedid NOT IN (SELECT key FROM {legs})""")
    if unseen:
        log.notes["events of calls not seen from begin to end, ignored"] += unseen
    lost = -unseen + log.number(f"""SELECT count(*) FROM {EVENTS} e WHERE coalesce(linkedid, '') = ''
        OR coalesce(channame, '') = ''
        OR linkedid NOT IN (SELECT key FROM {legs})""")
    if lost:
        log.notes["events outside of any call, ignored"] += lost
    both = log.number("SELECT count(*) FROM raw.cdr_told SEMI JOIN raw.cel_seen USING (key)")
    if both:
        log.notes["calls that records and events tell of"] = both
