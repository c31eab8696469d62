"""Asterisk CDR: `Master.csv` of cdr_csv and of cdr_custom, and the `cdr` table exported with a header.

Lines without a header are told apart by where their two dates stand, line by line, since a log may change its form
when the configuration does: cdr_csv (16 columns, then uniqueid, userfield and peeraccount, linkedid, sequence as far
as they are logged) or cdr_custom's sample (clid first, 15 columns, then accountcode, uniqueid, userfield, sequence).

**What is one call**: the lines of one linkedid; else of one uniqueid; else of one channel and start. Lines that stand
there twice are read once.

**Dispositions**, of each line and never by billsec alone (a NO ANSWER has billsec 60 when a menu answered first):

| disposition | taken as |
|---|---|
| ANSWERED, with a destination channel and an answer | a conversation of `billsec` seconds |
| ANSWERED, without a destination channel | the dialplan answered: no conversation |
| NO ANSWER, NOANSWER, CANCEL, ANSWERED without an answer | an attempt that rang in vain: no_answer |
| BUSY · CONGESTION, FAILED, CHANUNAVAIL | busy · failed |
| any other word | not known: `other`, and named in the load's result |

How the legs of a call make contacts and outcomes is said in `joining`. What a CDR does not know stays unknown: who hung
up, SIP codes, quality. Its queue is the first argument of the application Queue; when the caller entered it is not
told, so the wait counts from the line's start.

**Inside and outside.** A device is a peer that calls under its own name (`SIP/301` with src 301), is dialled bare
(`Dial(SIP/301)`), by a queue or under its own number, or calls from a context called from-internal; a console is one.
A caller without a number is taken as inside. All else is a trunk. An operator is known by the device's name, and behind
another switch by the number that was dialled there (`SIP/200@branchpbx` is 200).
"""

from __future__ import annotations

from collections.abc import Sequence

from okireports.sources.cdr import lines
from okireports.sources.cdr.joining import OUTSIDE_NUMBER
from okireports.sources.cdr.lines import FIELDS, Log
from okireports.sources.quoting import text

KIND = "asterisk-cdr"
RECORDS = "raw.cdr_records"
_HEADER = {  # of the `cdr` table: spellings of each column
    "accountcode": (), "src": ("source",), "dst": ("destination",), "dcontext": (), "clid": ("callerid",),
    "channel": (), "dstchannel": (), "lastapp": (), "lastdata": (), "start": ("calldate", "starttime"),
    "answer": ("answertime", "answerdate"), "end": ("endtime", "enddate", "hangupdate"), "duration": (),
    "billsec": (), "disposition": (), "uniqueid": (), "linkedid": (), "sequence": (), "recordingfile": (),
}  # fmt: skip
_CDR_CSV = ("accountcode src dst dcontext clid channel dstchannel lastapp lastdata start answer end duration billsec "
            "disposition amaflags").split()  # fmt: skip
_CUSTOM = ("clid src dst dcontext channel dstchannel lastapp lastdata start answer end duration billsec disposition "
           "amaflags accountcode uniqueid userfield sequence").split()  # fmt: skip
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?"
_UNIQUE = r"(.+-)?[0-9]{6,}[.][0-9]+"
_DISPOSITIONS = {
    "ANSWERED": "answered", "NO ANSWER": "no_answer", "NOANSWER": "no_answer", "CANCEL": "no_answer", "BUSY": "busy",
    "CONGESTION": "failed", "FAILED": "failed", "CHANUNAVAIL": "failed",
}  # fmt: skip


def know(fields: Sequence[str]) -> str | None:
    """The kind of a file by the fields of one of its lines."""
    lower = {f.lower() for f in fields}
    if {"disposition", "billsec", "duration"} <= lower and {"calldate", "start", "starttime"} & lower:
        return f"{KIND} header"
    dates = [i for i, f in enumerate(fields) if len(f) >= 19 and f[4:5] + f[7:8] + f[13:14] + f[16:17] == "--::"]
    if 16 <= len(fields) <= 21 and dates and dates[0] in (8, 9) and fields[dates[0] + 5].upper() in _DISPOSITIONS:
        return KIND
    return None


def records(log: Log) -> None:
    """Make `raw.cdr_records` of the lines, and note what is wrong with the others in `raw.cdr_problems`."""
    parts = [_named(log, index) for index in log.headers] + [_placed(log)]
    log.con.execute(f"CREATE OR REPLACE TABLE raw.cdr_texts AS {' UNION ALL '.join(parts)}")
    log.con.execute(f"""
        CREATE OR REPLACE TABLE {RECORDS} AS
        SELECT *, row_number() OVER (PARTITION BY f ORDER BY id) AS nth FROM ({_typed()})""")
    value = " ".join(f"WHEN '{c}' THEN \"{c}_text\"" for c in ("start", "answer", "end", "duration", "billsec"))
    log.con.execute(f"""
        INSERT INTO raw.cdr_problems
        SELECT id, _file, line, coalesce(problem, CASE WHEN column_name = 'order' THEN 'it ends before it starts'
                ELSE 'the value cannot be read' END),
            nullif(column_name, 'order'), CASE column_name {value} END
        FROM {RECORDS} WHERE problem IS NOT NULL OR column_name IS NOT NULL""")
    log.con.execute(f"DELETE FROM {RECORDS} WHERE problem IS NOT NULL OR column_name IS NOT NULL")
    if again := log.number(f"SELECT count(*) FROM {RECORDS} WHERE nth > 1"):
        log.notes["lines that stand twice, ignored"] += again
    log.con.execute(f"DELETE FROM {RECORDS} WHERE nth > 1")


def _of(kind: str) -> str:
    return f"FROM {FIELDS} WHERE kind = {text(kind)}"


def _named(log: Log, index: int) -> str:
    """SQL of the columns of a file with a header; its header line, wherever it stands again, is left out."""
    columns = lines.columns_of(log, index, _HEADER)
    chosen = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    return f"""SELECT id, _file, line, f, {lines.whole(len(log.headers[index]))} AS problem, {chosen} {_of(KIND)}
        AND _file = {index} AND NOT {lines.is_header(log.headers[index])}"""


def _placed(log: Log) -> str:
    """SQL of the columns of lines without a header, by the place of their dates."""
    custom = f"regexp_full_match(f[9], '{_DATE}') AND regexp_full_match(f[11], '{_DATE}')"
    after = "len(f) - 16"  # what follows amaflags in cdr_csv
    uniqueid = f"CASE WHEN {after} IN (2, 5) OR regexp_full_match(f[17], '{_UNIQUE}') THEN nullif(f[17], '') END"
    tail = {
        "uniqueid": uniqueid,
        "linkedid": f"CASE WHEN {after} >= 3 THEN nullif(f[len(f) - 1], '') END",
        "sequence": f"CASE WHEN {after} >= 3 THEN f[len(f)] END",
    }
    chosen = []
    for name in _HEADER:
        first = f"f[{_CUSTOM.index(name) + 1}]" if name in _CUSTOM else "NULL::VARCHAR"
        other = tail.get(name) or (f"f[{_CDR_CSV.index(name) + 1}]" if name in _CDR_CSV else "NULL::VARCHAR")
        chosen.append(f'CASE WHEN custom THEN {first} ELSE {other} END AS "{name}"')
    where = f"AND _file NOT IN ({', '.join(map(str, log.headers))})" if log.headers else ""
    problem = """CASE WHEN f IS NULL THEN 'a quote that is not closed, or text beside quotes'
        WHEN len(f) NOT BETWEEN 16 AND CASE WHEN custom THEN 19 ELSE 21 END
        THEN len(f) || ' fields, a CDR has 16 to 21' END"""
    return f"""SELECT id, _file, line, f, {problem} AS problem, {", ".join(chosen)}
        FROM (SELECT *, coalesce({custom}, false) AS custom {_of(KIND)} {where})"""


def _typed() -> str:
    """SQL: the values; `column_name` is the first that cannot be read."""
    texts_of = ("start", "answer", "end", "duration", "billsec")
    at = {c: f"CASE WHEN regexp_full_match(\"{c}\", '{_DATE}') THEN try_cast(\"{c}\" AS TIMESTAMP) END"
          for c in ("start", "answer", "end")}  # fmt: skip
    number = {c: f"try_cast(nullif(\"{c}\", '') AS DOUBLE)" for c in ("duration", "billsec")}
    none = "(answer_text IS NULL OR answer_text IN ('', '0000-00-00 00:00:00'))"
    end = "coalesce(end_at, start_at + to_milliseconds((seconds * 1000)::BIGINT))"
    bad = ["WHEN start_at IS NULL THEN 'start'", "WHEN end_text <> '' AND end_at IS NULL THEN 'end'",
           f"WHEN NOT {none} AND answer_at IS NULL THEN 'answer'",
           "WHEN duration_text <> '' AND seconds IS NULL OR seconds NOT BETWEEN -1e8 AND 1e8 THEN 'duration'",
           "WHEN billsec_text <> '' AND billed IS NULL OR billed NOT BETWEEN -1e8 AND 1e8 THEN 'billsec'",
           f"WHEN {end} IS NULL THEN 'end'",
           "WHEN year(start_at) NOT BETWEEN 1971 AND 2199 THEN 'start'",
           f"WHEN {end} < start_at THEN 'order'"]  # fmt: skip
    # the table keeps no answer: it is the end less billsec, of a line that tells of an answer
    answer = f"""CASE WHEN answer_at IS NOT NULL THEN greatest(answer_at, start_at)
        WHEN no_answer_column AND upper(disposition) = 'ANSWERED'
        THEN greatest({end} - to_milliseconds((coalesce(billed, 0) * 1000)::BIGINT), start_at) END"""
    return f"""
        SELECT *, {end} AS over, {answer} AS taken_at,
            CASE WHEN problem IS NULL THEN CASE {" ".join(bad)} END END AS column_name
        FROM (SELECT * EXCLUDE (start, answer, "end", duration, billsec),
                {", ".join(f'"{c}" AS {c}_text' for c in texts_of)},
                {", ".join(f"{sql} AS {c}_at" for c, sql in at.items())},
                {number["duration"]} AS seconds, {number["billsec"]} AS billed,
                answer IS NULL AS no_answer_column
            FROM raw.cdr_texts)"""


def peer(channel: str) -> str:
    """SQL: the device or trunk of a channel: `PJSIP/trunk-a-0000001c` is trunk-a."""
    return f"nullif(regexp_extract({channel}, '^[^/]+/(.+?)(-[0-9a-fA-F]{{4,8}}|-[0-9]+)?(;[12])?$', 1), '')"


def number_dialled(targets: str, tech: str, peer: str) -> str:
    """SQL: the number that was dialled through a peer, `SIP/200@branch` or `SIP/branch/200`; NULL if none was."""
    return f"""list_filter(list_transform({targets}, lambda t: CASE
        WHEN ends_with(t, '@' || {peer}) THEN regexp_extract(t, '^[^/]+/(.+)@[^@]+$', 1)
        WHEN starts_with(t, {tech} || '/' || {peer} || '/') THEN substr(t, length({tech} || '/' || {peer}) + 2) END),
        lambda t: t <> '')[1]"""


def legs() -> str:
    """SQL of the legs, in the columns of `joining.LEG`."""
    verdict = " ".join(f"WHEN {text(word)} THEN {text(verdict)}" for word, verdict in _DISPOSITIONS.items())
    targets = "string_split_regex(coalesce(lastdata, ''), '[&,|]')"
    return f"""
        WITH parts AS (
            SELECT *, nullif(channel, '') AS a, nullif(dstchannel, '') AS b, {peer("channel")} AS a_peer,
                {peer("dstchannel")} AS b_peer, split_part(dstchannel, '/', 1) AS b_tech,
                starts_with(channel, 'Local/') AS a_local, coalesce(starts_with(dstchannel, 'Local/'),
                    false) AS b_local,
                {targets} AS targets, lower(lastapp) = 'queue' AS queueing,
                coalesce(nullif(linkedid, ''), nullif(uniqueid, ''), channel || '@' || start_text) AS key
            FROM {RECORDS}),
        aimed AS (
            SELECT *, {number_dialled("targets", "b_tech", "b_peer")} AS b_number,
                b IS NOT NULL AND (queueing OR b_peer = dst OR list_contains(targets,
                    b_tech || '/' || b_peer)) AS b_bare
            FROM parts),
        devices AS (
            SELECT a_peer AS device FROM aimed
            WHERE a_peer = src OR (a_peer IS NOT NULL AND starts_with(dcontext, 'from-internal'))
            UNION SELECT b_peer FROM aimed WHERE b_bare AND NOT b_local AND b_peer IS NOT NULL)
        SELECT id, _file, key, try_cast(sequence AS BIGINT) AS seq, coalesce(a, '') AS a, b, a_local, b_local, a_peer,
            coalesce(b_number, b_peer) AS b_name, b_peer,
            b IS NOT NULL AND NOT b_local AND coalesce(regexp_full_match(b_number, '{OUTSIDE_NUMBER}'), false)
                AND b_peer NOT IN (FROM devices) AS b_outside,
            coalesce(a_peer IN (FROM devices), false) OR coalesce(src, '') = ''
                OR split_part(channel, '/', 1) IN ('Console', 'ALSA', 'OSS') AS inside,
            src, dst, regexp_extract(clid, '^"(.*)"', 1) AS caller_name,
            CASE WHEN queueing THEN nullif(split_part(lastdata, ',', 1), '') END AS queue,
            lower(lastapp) IN ('voicemail', 'comedian', 'minivmrecord') AS voicemail,
            start_at AS started, CASE WHEN queueing THEN start_at END AS queued,
            CASE WHEN b IS NOT NULL THEN taken_at END AS answered, over AS ended, billed AS talk, NULL::DOUBLE AS hold,
            nullif(disposition, '') AS word,
            CASE upper(disposition) WHEN 'ANSWERED' THEN CASE WHEN taken_at IS NULL THEN 'no_answer' ELSE 'answered' END
                {verdict.removeprefix("WHEN 'ANSWERED' THEN 'answered' ")}
                ELSE coalesce(nullif(lower(disposition), ''), 'other') END AS verdict,
            false AS utc, NULL AS ended_by, NULL AS sip_code, NULL::DOUBLE AS post_dial, NULL AS mos,
            NULL AS packet_loss, nullif(recordingfile, '') AS recording
        FROM aimed"""
