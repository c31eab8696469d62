"""FreeSWITCH CDR: the CSV of mod_cdr_csv, with a header of variable names, or in the known templates without one.

Without a header the columns are those of the templates `example` (15 columns), `snom` and `linksys` (longer at the end:
what follows is not read), `sql` (INSERT statements of 13 values) and `asterisk` (18 columns). With a header any channel
variable is known by its name; those that are read are in `_VARIABLES`.

**What is one call**: an A leg (`uuid`) with the B legs that it names (`bleg_uuid`) or that name it (`originator`,
`originating_leg_uuid`, `other_leg_unique_id`, `signal_bond`), if they were logged too. Two different lines with one
uuid are both rejected, as nobody knows which is right; the same line twice is read once. A leg without the one that it
names is a call of its own, which is counted, until a load has both.

**Times** without seconds (a spreadsheet re-saved the file) are completed by the lengths: ended = start + duration,
answered = end - billsec.

**hangup_cause** of a leg that was answered (`answer_stamp`) stays in source_outcome and changes nothing: the leg is
answered, also if it ended as USER_BUSY or RECOVERY_ON_TIMER_EXPIRE. Of others:

| hangup_cause | taken as |
|---|---|
| ORIGINATOR_CANCEL, NO_ANSWER, NO_USER_RESPONSE, ALLOTTED_TIMEOUT, PROGRESS_TIMEOUT, LOSE_RACE, PICKED_OFF, \
NORMAL_CLEARING, NORMAL_UNSPECIFIED, SUBSCRIBER_ABSENT, USER_NOT_REGISTERED, MANAGER_REQUEST, ATTENDED_TRANSFER, \
BLIND_TRANSFER, REDIRECTION_TO_NEW_DESTINATION, NONE | no_answer |
| USER_BUSY | busy |
| CALL_REJECTED, OUTGOING_CALL_BARRED, INCOMING_CALL_BARRED | rejected |
| all others that FreeSWITCH has (UNALLOCATED_NUMBER, NO_ROUTE_DESTINATION, NORMAL_TEMPORARY_FAILURE, ...) | failed |
| any other word | not known: `other`, and named in the load's result |

An answered A leg whose `last_app` is no bridge and that has no other side was answered by the dialplan
(left_in_scenario). A queue is `cc_queue` of mod_callcenter; its epochs, with start_epoch, say when it was
joined and when an agent took the call; a call that it answered only with music was not answered.

**Inside** is a caller with an accountcode of the directory or whose number is one, unless the context is `public`. A
call from inside to no number and to no such device is internal (an `originate`); then the operator is the device.

**Ended by**: `sip_hangup_disposition` of a leg: recv_* is the leg's own side; send_* of an A leg is the other side, of
a leg that nobody else was in,
    the system. **Quality** is that of the caller's leg: rtp_audio_in_mos; packet_loss = 100 *
rtp_audio_in_skip_packet_count / (that + rtp_audio_in_packet_count). **sip_code** is sip_term_status, else
sip_invite_failure_status, else proto_specific_hangup_cause; post-dial delay is progressmsec, else progress_mediamsec.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from okireports.sources.cdr import lines
from okireports.sources.cdr.joining import OUTSIDE_NUMBER
from okireports.sources.cdr.lines import FIELDS, Log
from okireports.sources.quoting import text, texts

KIND = "freeswitch-cdr"
RECORDS = "raw.cdr_records"
GONE = "raw.cdr_gone"  # source_id: legs that are no calls of their own, though a load without the others took them so
_VARIABLES = {
    "caller_id_name": (), "caller_id_number": ("ani",), "destination_number": ("dest",), "context": (),
    "start_stamp": ("start",), "answer_stamp": ("answer",), "end_stamp": ("end",), "duration": (), "billsec": (),
    "hangup_cause": (), "uuid": (), "bleg_uuid": ("bridge_uuid",), "accountcode": (), "last_app": (),
    "originator": ("originating_leg_uuid", "other_leg_unique_id", "signal_bond"), "sip_hangup_disposition": (),
    "rtp_audio_in_mos": (), "rtp_audio_in_packet_count": (), "rtp_audio_in_skip_packet_count": (),
    "sip_term_status": ("sip_invite_failure_status", "proto_specific_hangup_cause"),
    "progressmsec": ("progress_mediamsec",), "cc_queue": (), "cc_agent": (), "cc_queue_joined_epoch": (),
    "cc_queue_answered_epoch": (), "start_epoch": (), "direction": (),
    "record_path": ("sofia_record_file",),
}  # fmt: skip
_EXAMPLE = list(_VARIABLES)[:13]
_ASTERISK = ("accountcode caller_id_number destination_number context caller_id channel_name bridge_channel last_app "
             "last_arg start_stamp answer_stamp end_stamp duration billsec hangup_cause amaflags uuid userfield"
             ).split()  # fmt: skip
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_FORMATS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M")
_NO_ANSWER = """ORIGINATOR_CANCEL NO_ANSWER NO_USER_RESPONSE ALLOTTED_TIMEOUT PROGRESS_TIMEOUT LOSE_RACE PICKED_OFF
NORMAL_CLEARING NORMAL_UNSPECIFIED SUBSCRIBER_ABSENT USER_NOT_REGISTERED MANAGER_REQUEST ATTENDED_TRANSFER
BLIND_TRANSFER REDIRECTION_TO_NEW_DESTINATION NONE""".split()
_REJECTED = ("CALL_REJECTED", "OUTGOING_CALL_BARRED", "INCOMING_CALL_BARRED")
_FAILED = """UNALLOCATED_NUMBER NO_ROUTE_TRANSIT_NET NO_ROUTE_DESTINATION CHANNEL_UNACCEPTABLE CALL_AWARDED_DELIVERED
NUMBER_CHANGED EXCHANGE_ROUTING_ERROR DESTINATION_OUT_OF_ORDER INVALID_NUMBER_FORMAT FACILITY_REJECTED
RESPONSE_TO_STATUS_ENQUIRY NORMAL_CIRCUIT_CONGESTION NETWORK_OUT_OF_ORDER NORMAL_TEMPORARY_FAILURE SWITCH_CONGESTION
ACCESS_INFO_DISCARDED REQUESTED_CHAN_UNAVAIL PRE_EMPTED FACILITY_NOT_SUBSCRIBED BEARERCAPABILITY_NOTAUTH
BEARERCAPABILITY_NOTAVAIL SERVICE_UNAVAILABLE BEARERCAPABILITY_NOTIMPL CHAN_NOT_IMPLEMENTED FACILITY_NOT_IMPLEMENTED
SERVICE_NOT_IMPLEMENTED INVALID_CALL_REFERENCE INCOMPATIBLE_DESTINATION INVALID_MSG_UNSPECIFIED MANDATORY_IE_MISSING
MESSAGE_TYPE_NONEXIST WRONG_MESSAGE IE_NONEXIST INVALID_IE_CONTENTS WRONG_CALL_STATE RECOVERY_ON_TIMER_EXPIRE
MANDATORY_IE_LENGTH_ERROR PROTOCOL_ERROR INTERWORKING SUCCESS CRASH SYSTEM_SHUTDOWN MEDIA_TIMEOUT GATEWAY_DOWN
INVALID_GATEWAY INVALID_URL INVALID_PROFILE NO_PICKUP SRTP_READ_ERROR BOWOUT BUSY_EVERYWHERE DECLINE
DOES_NOT_EXIST_ANYWHERE NOT_ACCEPTABLE UNWANTED NO_IDENTITY BAD_IDENTITY_INFO UNSUPPORTED_CERTIFICATE INVALID_IDENTITY
STALE_DATE REJECT_ALL""".split()
_ROOM = ("bridge", "callcenter", "fifo", "conference", "")  # applications in which people meet people
_NUMBERS = ("duration", "billsec")
_HIGHEST = 30  # legs above one another; no call has as many


def know(fields: Sequence[str]) -> str | None:
    """The kind of a file by the fields of one of its lines."""
    lower = {f.lower() for f in fields}
    if {"hangup_cause", "uuid"} <= lower and {"start_stamp", "start"} & lower:
        return f"{KIND} header"
    joined = ",".join(fields)
    if joined.lower().startswith("insert into ") and re.search(_UUID, joined):
        return KIND
    for uuid, cause in ((10, 9), (16, 14)):
        if len(fields) > uuid and re.fullmatch(_UUID, fields[uuid]) and re.fullmatch("[A-Z_]+", fields[cause]):
            return KIND
    return None


def records(log: Log) -> None:
    """Make `raw.cdr_records` of the lines, and note what is wrong with the others in `raw.cdr_problems`."""
    _open_statements(log)
    parts = [_named(log, index) for index in log.headers] + [_placed(log)]
    log.con.execute(f"CREATE OR REPLACE TABLE raw.cdr_texts AS {' UNION ALL '.join(parts)}")
    log.con.execute(f"""
        CREATE OR REPLACE TABLE {RECORDS} AS
        SELECT *, row_number() OVER (PARTITION BY f ORDER BY id) AS nth FROM ({_typed()})""")
    if again := log.number(f"SELECT count(*) FROM {RECORDS} WHERE nth > 1 AND f IS NOT NULL"):
        log.notes["lines that stand twice, ignored"] += again
    log.con.execute(f"DELETE FROM {RECORDS} WHERE nth > 1 AND f IS NOT NULL")
    log.con.execute(f"""
        UPDATE {RECORDS} SET problem = 'the same uuid stands in this load with different content', column_name = 'uuid'
        WHERE problem IS NULL AND column_name IS NULL AND uuid IN (SELECT uuid FROM {RECORDS}
            WHERE problem IS NULL AND column_name IS NULL GROUP BY uuid HAVING count(*) > 1)""")
    value = " ".join(
        f"WHEN '{c}' THEN \"{c}\"" for c in ("start_stamp", "answer_stamp", "end_stamp", *_NUMBERS, "uuid")
    )
    log.con.execute(f"""
        INSERT INTO raw.cdr_problems
        SELECT id, _file, line, coalesce(problem, CASE column_name WHEN 'order' THEN 'it ends before it starts'
                ELSE 'the value cannot be read' END),
            nullif(column_name, 'order'), CASE column_name {value} END
        FROM {RECORDS} WHERE problem IS NOT NULL OR column_name IS NOT NULL""")
    log.con.execute(f"DELETE FROM {RECORDS} WHERE problem IS NOT NULL OR column_name IS NOT NULL")
    _find_tops(log)
    if short := log.number(f"SELECT count(*) FROM {RECORDS} WHERE short"):
        log.notes["times without seconds, completed by the lengths"] = short
    absent = f"originator <> '' AND originator NOT IN (SELECT uuid FROM {RECORDS})"
    if alone := log.number(f"SELECT count(*) FROM {RECORDS} WHERE {absent}"):
        log.notes["legs that name another one, which is not in this load: calls of their own"] = alone


def _open_statements(log: Log) -> None:
    """The values inside `INSERT INTO cdr VALUES (...);` become the fields of their line."""
    log.con.execute(f"""
        UPDATE {FIELDS} SET f = list_transform(
            regexp_extract_all(regexp_extract(line, '(?i)^insert into [^(]*[(](.*)[)];?\\s*$', 1) || ',',
                '\\s*(?:"((?:[^"]|"")*)"|''((?:[^'']|'''')*)''|([^,"'']*))\\s*,', 0),
            lambda v: replace(trim(v, ' ,"'''), '""', '"'))
        WHERE kind = {text(KIND)} AND line ILIKE 'insert into %' """)


def _named(log: Log, index: int) -> str:
    columns = lines.columns_of(log, index, _VARIABLES)
    chosen = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    return f"""SELECT id, _file, line, f, {lines.whole(len(log.headers[index]))} AS problem, {chosen} FROM {FIELDS}
        WHERE kind = {text(KIND)} AND _file = {index} AND NOT {lines.is_header(log.headers[index])}"""


def _placed(log: Log) -> str:
    like_asterisk = f"coalesce(len(f) = 18 AND regexp_full_match(f[17], '{_UUID}'), false)"
    chosen = []
    for name in _VARIABLES:
        first = f"f[{_ASTERISK.index(name) + 1}]" if name in _ASTERISK else "NULL::VARCHAR"
        other = f"f[{_EXAMPLE.index(name) + 1}]" if name in _EXAMPLE else "NULL::VARCHAR"
        chosen.append(f'CASE WHEN like_asterisk THEN {first} ELSE {other} END AS "{name}"')
    where = f"AND _file NOT IN ({', '.join(map(str, log.headers))})" if log.headers else ""
    return f"""SELECT id, _file, line, f, CASE WHEN f IS NULL THEN 'a quote that is not closed, or text beside quotes'
            WHEN len(f) < 13 THEN len(f) || ' fields, a line has 13 or more' END AS problem, {", ".join(chosen)}
        FROM (SELECT *, {like_asterisk} AS like_asterisk FROM {FIELDS} WHERE kind = {text(KIND)} {where})"""


def _typed() -> str:
    stamps = ("start_stamp", "answer_stamp", "end_stamp")
    at = ", ".join(f'try_strptime("{c}", [{texts(_FORMATS)}]) AS {c}_at' for c in stamps)
    numbers = ", ".join(f"try_cast(nullif(\"{c}\", '') AS DOUBLE) AS {c}_n" for c in _NUMBERS)
    length = "to_milliseconds((duration_n * 1000)::BIGINT)"
    over = f"""CASE WHEN short AND duration_n IS NOT NULL THEN start_stamp_at + {length}
        ELSE coalesce(end_stamp_at, start_stamp_at + {length}) END"""
    taken = f"""CASE WHEN answer_stamp_at IS NULL THEN NULL WHEN short AND billsec_n IS NOT NULL
        THEN greatest({over} - to_milliseconds((billsec_n * 1000)::BIGINT), start_stamp_at)
        ELSE greatest(answer_stamp_at, start_stamp_at) END"""
    bad = [f"WHEN uuid IS NULL OR NOT regexp_full_match(uuid, '{_UUID}') THEN 'uuid'",
           *(f"WHEN \"{c}\" <> '' AND {c}_at IS NULL THEN '{c}'" for c in stamps),
           "WHEN start_stamp_at IS NULL OR year(start_stamp_at) NOT BETWEEN 1971 AND 2199 THEN 'start_stamp'",
           *(f"WHEN \"{c}\" <> '' AND {c}_n IS NULL OR {c}_n NOT BETWEEN 0 AND 1e8 THEN '{c}'" for c in _NUMBERS),
           f"WHEN {over} IS NULL THEN 'end_stamp'", f"WHEN {over} < start_stamp_at THEN 'order'"]  # fmt: skip
    return f"""
        SELECT *, {over} AS over, {taken} AS taken_at,
            CASE WHEN problem IS NULL THEN CASE {" ".join(bad)} END END AS column_name
        FROM (SELECT *, {at}, {numbers},
            coalesce(regexp_full_match(start_stamp, '[0-9]+[-/][0-9]+[-/][0-9]+ [0-9]+:[0-9]+'), false) AS short
            FROM raw.cdr_texts)"""


def _find_tops(log: Log) -> None:
    """Make `raw.cdr_tops`: of each leg that belongs to another one, the A leg at the top.

    Of two legs the other's is the later one; in one second, the one that the switch called, or that names no B leg.
    """
    order = "(start_stamp_at, coalesce(direction = 'outbound', false), coalesce(bleg_uuid, '') = '', id)"
    log.con.execute(f"""
        CREATE OR REPLACE TABLE raw.cdr_parents AS
        WITH placed AS (SELECT uuid, originator, bleg_uuid, row_number() OVER (ORDER BY {order}) AS nth FROM {RECORDS}),
        named AS (SELECT uuid, nth, originator AS other FROM placed UNION SELECT uuid, nth, bleg_uuid FROM placed),
        pairs AS (SELECT n.uuid, n.nth, p.uuid AS other, p.nth AS other_nth FROM named n JOIN placed p
            ON p.uuid = n.other AND p.uuid <> n.uuid),
        later AS (SELECT * FROM pairs WHERE nth > other_nth
            UNION ALL SELECT other, other_nth, uuid, nth FROM pairs WHERE nth < other_nth)
        SELECT uuid, arg_min(other, other_nth) AS parent FROM later GROUP BY uuid""")
    log.con.execute(f"""
        CREATE OR REPLACE TABLE raw.cdr_tops AS
        WITH RECURSIVE climbed AS (
            SELECT uuid, parent, 1 AS steps FROM raw.cdr_parents
            UNION ALL SELECT c.uuid, p.parent, c.steps + 1 FROM climbed c JOIN raw.cdr_parents p ON p.uuid = c.parent
            WHERE c.steps < {_HIGHEST})
        SELECT uuid, arg_max(parent, steps) AS top FROM climbed GROUP BY uuid""")
    log.con.execute(f"CREATE OR REPLACE TABLE {GONE} AS SELECT uuid AS source_id FROM raw.cdr_tops")


def _clock(epoch: str) -> str:
    """SQL: an epoch of mod_callcenter on the clock of the stamps, which start_epoch sets; NULL without these."""
    whole = "try_cast({0} AS BIGINT)"
    return f"""CASE WHEN {whole.format(epoch)} BETWEEN 1 AND 7258118400 AND {whole.format("start_epoch")} BETWEEN 1
        AND 7258118400
        THEN start_stamp_at + to_seconds({whole.format(epoch)} - {whole.format("start_epoch")}) END"""


def legs() -> str:
    """SQL of the legs, in the columns of `joining.LEG`."""
    verdict = f"""CASE WHEN taken_at IS NOT NULL THEN 'answered' WHEN hangup_cause = 'USER_BUSY' THEN 'busy'
        WHEN hangup_cause IN ({texts(_NO_ANSWER)}) THEN 'no_answer' WHEN hangup_cause IN ({texts(_REJECTED)})
            THEN 'rejected'
        WHEN hangup_cause IN ({texts(_FAILED)}) THEN 'failed' ELSE coalesce(nullif(lower(hangup_cause), ''),
            'other') END"""
    loss = "try_cast(rtp_audio_in_skip_packet_count AS DOUBLE)"
    return f"""
        WITH known AS (
            SELECT DISTINCT accountcode AS device FROM {RECORDS} WHERE accountcode <> ''
                AND (accountcode = caller_id_number
                OR accountcode = destination_number)
            UNION SELECT split_part(cc_agent, '@', 1) FROM {RECORDS} WHERE cc_agent <> ''),
        families AS (SELECT r.*, t.top AS parent FROM {RECORDS} r LEFT JOIN raw.cdr_tops t USING (uuid)),
        legs AS (
            SELECT f.*, {verdict} AS verdict, split_part(nullif(cc_queue, ''), '@', 1) AS queue,
                uuid IN (SELECT parent FROM families WHERE parent IS NOT NULL) AS has_others,
                CASE WHEN {loss} >= 0 AND {loss} + try_cast(rtp_audio_in_packet_count AS DOUBLE) > 0
                    THEN round(100 * {loss} / ({loss} + try_cast(rtp_audio_in_packet_count AS DOUBLE)),
                        4)::VARCHAR END AS loss,
                coalesce(context, '') <> 'public' AND coalesce(accountcode <> '' OR caller_id_number IN (FROM known),
                    false)
                    AS inside,
                {_clock("cc_queue_joined_epoch")} AS joined_at,
                CASE WHEN taken_at IS NOT NULL THEN greatest(least(coalesce({_clock("cc_queue_answered_epoch")},
                    taken_at),
                    over), start_stamp_at) END AS met_at
            FROM (SELECT * REPLACE (CASE WHEN coalesce(cc_queue, '') = '' OR cc_queue_answered_epoch IS NULL
                OR try_cast(cc_queue_answered_epoch AS BIGINT) > 0 THEN taken_at END AS taken_at) FROM families) f)
        SELECT id, _file, coalesce(parent, uuid) AS key, CASE WHEN parent IS NULL THEN 0 ELSE 1 END AS seq,
            coalesce(parent, uuid) AS a,
            CASE WHEN parent IS NOT NULL THEN uuid
                WHEN has_others OR verdict = 'answered' AND coalesce(last_app, '') NOT IN ({texts(_ROOM)}) THEN NULL
                ELSE coalesce(nullif(bleg_uuid, ''), uuid || ' ' || destination_number) END AS b,
            false AS a_local, false AS b_local,
            CASE WHEN inside THEN coalesce(nullif(accountcode, ''), caller_id_number) END AS a_peer,
            coalesce(split_part(nullif(cc_agent, ''), '@', 1),
                CASE WHEN destination_number IN (FROM known) OR regexp_full_match(destination_number, '[0-9]{{2,5}}')
                    OR parent IS NOT NULL THEN destination_number
                    WHEN accountcode = caller_id_number THEN accountcode END) AS b_name,
            NULL AS b_peer,
            coalesce(regexp_full_match(destination_number, '{OUTSIDE_NUMBER}'), false)
                AND destination_number NOT IN (FROM known) AND coalesce(cc_agent, '') = '' AS b_outside,
            inside, nullif(caller_id_number, '0') AS src, destination_number AS dst, nullif(caller_id_name,
                '') AS caller_name,
            nullif(queue, '') AS queue, coalesce(last_app, '') = 'voicemail' AS voicemail,
            start_stamp_at AS started, CASE WHEN queue <> '' THEN coalesce(joined_at, start_stamp_at) END AS queued,
                met_at AS answered,
            over AS ended, CASE WHEN met_at = taken_at THEN billsec_n
                ELSE epoch_ms(over) / 1000 - epoch_ms(met_at) / 1000 END
                AS talk, NULL::DOUBLE AS hold, hangup_cause AS word, verdict, false AS utc,
            CASE WHEN starts_with(sip_hangup_disposition, 'recv_') THEN CASE WHEN parent IS NULL THEN 'a' ELSE 'b' END
                WHEN starts_with(sip_hangup_disposition, 'send_') AND parent IS NULL THEN CASE
                    WHEN verdict = 'answered' AND (has_others OR bleg_uuid <> '') THEN 'b' ELSE 'system' END
                END AS ended_by,
            nullif(regexp_extract(sip_term_status, '([1-6][0-9]{{2}})$', 1), '') AS sip_code,
            try_cast(nullif(progressmsec, '0') AS DOUBLE) / 1000 AS post_dial,
            CASE WHEN parent IS NULL THEN try_cast(rtp_audio_in_mos AS DECIMAL(6,4))::VARCHAR END AS mos,
            CASE WHEN parent IS NULL THEN loss END AS packet_loss, nullif(record_path, '') AS recording
        FROM legs"""
