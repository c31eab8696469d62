"""The "Anonymous Bank" call centre of 1999 (Guedj and Mandelbaum, Technion): one line per call, one file per month.

Each call type (PS, PE, IN, NE, NW, TT, AA) is a project with one queue of the same name; servers are operators. The
published log is kept as it is wherever it can be, by these rules:

* **Clocks.** `date` is that of the entry and stays when the clocks pass midnight. Each clock is taken as the instant
  nearest to the phase before it (within 12 h); an exit is its start plus the given duration where the two agree.
* **Order.** started_at <= queued_at <= answered_at <= ended_at. The start is the earliest of the clocks of the voice
  unit and the queue (310 calls enter the unit after they leave it: that phase has no length and is counted). A service
  that begins before its queue does is answered when the queue begins; talk_s stays as given.
* **Queue.** A call that never queued and was served had a wait of 0: it is queued when the voice unit or the service
  had it first. HANG without a queue is `left_in_scenario`, HANG in a queue is `abandoned`.
* **PHANTOM** is "a virtual call to be ignored": `failed` and not offered (no queued_at), its times and lengths kept.
* **Lengths** are as given: wait_s = q_time, talk_s = ser_time on whatever outcome, also of an hour or more. An AGENT
  row without times of service was answered where the phase before it ends, with talk_s 0.
* **Names.** NO_SERVER is nobody, also on AGENT rows. A replacement of NA by NO_SERVER damaged two names: it is undone
  (ANO_SERVERT is ANAT, NO_SERVERAMA is NAAMA). Customer 0 and numbers in spreadsheet notation (6.02E+11) are unknown.
* **Priority** stands in `result` ("priority 2"): no rule of the model reads an undefined result, while a scenario is
  an object that decides a call's project. `line` is the published vru+line, and with the call's number its id.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import duckdb

from okireports.errors import LoadError
from okireports.sources import folder, packed
from okireports.sources.feed import REJECTS, Feed, Origin, Scratch, SourceFile, Staged, keep_rejects
from okireports.sources.packed import Found
from okireports.sources.quoting import file, text

ZONE = "Asia/Jerusalem"
FIELDS = (
    *("vru+line", "call_id", "customer_id", "priority", "type", "date"),
    *("vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time"),
    *("outcome", "ser_start", "ser_exit", "ser_time", "server"),
)
_LINES, _PARSED, _PHASES = "raw.bank_lines", "raw.bank_parsed", "raw.bank_phases"
_CLOCKS = ("vru_entry", "vru_exit", "q_start", "q_exit", "ser_start", "ser_exit")
_LENGTHS = ("vru_time", "q_time", "ser_time")


class _LineByLine:
    """Files in which every line below the header is a row."""

    def lines(self, ordinals: Sequence[int]) -> list[int]:
        return [n + 2 for n in ordinals]


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    known: Mapping[str, Collection[str]],
    timezone: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Feed:
    """Stage the monthly files of a folder or an archive, packed or not, or one of them.

    Raises:
        LoadError: no file with the header of this log.
    """
    scratch = Scratch()
    found, others = _files_with_header(root, scratch)
    files: list[SourceFile] = []
    staged: list[Staged] = []
    con.execute(f"CREATE OR REPLACE TABLE {_LINES} (line VARCHAR, _file USMALLINT)")
    for index, (one, path) in enumerate(found):
        files.append(folder.fingerprint(one.path, one.name))
        rows = _insert_lines(con, path, one.name, index)
        staged.append(Staged(index, sum(s.rows for s in staged), rows, _LineByLine()))
        if progress:
            progress(one.name, sum(f.bytes for f in files), sum(o.path.stat().st_size for o, _ in found))
    _parse(con)
    rejects = _reject(con, files)
    con.execute(_PHASES_SQL)
    tables, origins = {}, {}
    for table, (columns, rowids) in _TABLES.items():
        if table not in known:
            continue
        chosen = ", ".join(f"{sql} AS {name}" for name, sql in columns.items() if name in known[table])
        con.execute(f"CREATE OR REPLACE TABLE raw.{table} AS SELECT {chosen}, p._file FROM {rowids} ORDER BY p.id")
        tables[table] = f"raw.{table}"
        behind = f"SELECT p.id FROM {rowids} ORDER BY p.id"
        origins[table] = (Origin(tuple(staged), _number(con, f"SELECT count(*) FROM raw.{table}"), behind),)
    notes = _notes(con) | ({"files without the header of this log, ignored": others} if others else {})
    return Feed("bank-1999", tables, tuple(files), rejects, notes, timezone=timezone or ZONE, origins=origins)


def _files_with_header(root: Path, scratch: Scratch) -> tuple[list[tuple[Found, Path]], int]:
    """The months, with the plain text of each, and how many text files beside them are none.

    They lie in one place: what lies deeper (rows set apart, in folders of their own) is not looked at.
    """
    texts = [one for one in packed.found(root) if root.is_file() or one.kind == ".txt"]
    for depth in sorted({len(one.inner.parts) for one in texts}):
        candidates = [one for one in texts if len(one.inner.parts) == depth]
        opened = [(one, one.unpack(scratch) if one.is_packed else one.path) for one in candidates]
        if found := [(one, path) for one, path in opened if _has_header(path, one.name)]:
            return found, len(candidates) - len(found)
    hint = f"Its first line reads: {' '.join(FIELDS)}."
    raise LoadError("There is no text file with the header of this log here.", file=str(root), hint=hint)


def _has_header(path: Path, name: str) -> bool:
    try:
        with path.open("rb") as source:
            header = source.readline(1000).decode("utf-8-sig", errors="replace").split()
    except OSError as error:
        raise LoadError(f"The file cannot be opened: {error.strerror}.", file=name) from error
    return tuple(header) == FIELDS


def _insert_lines(con: duckdb.DuckDBPyConnection, path: Path, name: str, index: int) -> int:
    try:
        done = con.execute(f"""
            INSERT INTO {_LINES} SELECT line, {index}::USMALLINT
            FROM read_csv({file(path)}, auto_detect=false, header=true, delim={text(chr(1))}, quote='', escape='',
                columns={{'line': 'VARCHAR'}})""").fetchone()
    except duckdb.Error as error:
        raise LoadError(f"The file cannot be read: {str(error).splitlines()[0]}", file=name) from error
    return int(done[0]) if done else 0


def _parse(con: duckdb.DuckDBPyConnection) -> None:
    """Fields by name: separators are runs of TABs and blanks (as first published, some TABs were blanks)."""
    names = ", ".join(f"f[{i}] AS {text_name}" for i, text_name in enumerate(map(_column, FIELDS), 1))
    con.execute(f"""
        CREATE OR REPLACE TABLE {_PARSED} AS
        WITH split AS (
            SELECT rowid AS id, _file, line, string_split_regex(trim(line, ' \t\r'), '[ \t]+') AS f
            FROM {_LINES} WHERE trim(line, ' \t\r') <> '')
        SELECT id, _file, line, len(f) AS fields, {names}, {_problem("f")} AS problem FROM split ORDER BY id""")


def _column(field: str) -> str:
    return "line_id" if field == "vru+line" else f'"{field}"'


def _problem(f: str) -> str:
    """SQL: the first field that cannot be read, by name; NULL when all can."""
    place = {name: f"{f}[{i}]" for i, name in enumerate(FIELDS, 1)}
    bad = [f"WHEN try_strptime({place['date']}, '%y%m%d') IS NULL THEN 'date'"]
    bad += [f"WHEN try_cast({place[c]} AS TIME) IS NULL THEN '{c}'" for c in _CLOCKS]
    bad += [f"WHEN try_cast({place[c]} AS INTEGER) IS NULL THEN '{c}'" for c in _LENGTHS]
    return f"CASE WHEN len({f}) <> {len(FIELDS)} THEN '' {' '.join(bad)} END"


def _reject(con: duckdb.DuckDBPyConnection, files: Sequence[SourceFile]) -> str | None:
    keep_rejects(con, ())
    names = "[" + ", ".join(text(f.path) for f in files) + "]"
    value = " ".join(f"WHEN '{name}' THEN {_column(name)}" for name in ("date", *_CLOCKS, *_LENGTHS))
    con.execute(f"""
        INSERT INTO {REJECTS}
        SELECT 'calls', {names}[_file + 1], id - first + 2, nullif(problem, ''), CASE problem {value} END,
            CASE problem WHEN '' THEN fields || ' fields, this log has {len(FIELDS)}' ELSE 'cannot be read' END, line
        FROM {_PARSED} JOIN (SELECT _file, min(rowid) AS first FROM {_LINES} GROUP BY _file) USING (_file)
        WHERE problem IS NOT NULL ORDER BY id""")
    return REJECTS if _number(con, f"SELECT count(*) FROM {REJECTS}") else None


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0


def _near(before: str, clock: str) -> str:
    """SQL: the instant with this clock that is nearest to the one before; all in seconds since the date began."""
    return f"({before} + (({clock} - {before} + 43200) % 86400 + 86400) % 86400 - 43200)"


def _exit(start: str, length: str, clock: str) -> str:
    """SQL: start + length where the clock agrees, otherwise the clock."""
    return (
        f"CASE WHEN ({start} + {length} - {clock}) % 86400 = 0 THEN {start} + {length} ELSE {_near(start, clock)} END"
    )


# vi, vo: in and out of the voice unit; qi, qo: of the queue; si, so: of service; all in seconds since the date began
_PHASES_SQL = f"""
CREATE OR REPLACE TABLE {_PHASES} AS
WITH clocks AS (
    SELECT *, strptime("date", '%y%m%d') AS day,
        vru_time::INTEGER AS vt, q_time::INTEGER AS qt, ser_time::INTEGER AS st,
        {", ".join(f'epoch("{c}"::TIME)::INTEGER AS c_{c}' for c in _CLOCKS)}
    FROM {_PARSED} WHERE problem IS NULL),
voice AS (SELECT *, c_vru_entry AS vi, {_near("c_vru_entry", "c_vru_exit")} AS vo,
        c_q_start <> 0 OR c_q_exit <> 0 OR qt <> 0 AS queued FROM clocks),
queue AS (SELECT *, CASE WHEN queued THEN {_near("vo", "c_q_start")} END AS qi FROM voice),
waited AS (SELECT *, {_exit("qi", "qt", "c_q_exit")} AS qo FROM queue),
ahead AS (SELECT *, coalesce(qo, vo) AS before,
        c_ser_start <> 0 OR st > 0 OR (outcome = 'AGENT' AND c_ser_exit <> 0) AS served FROM waited),
service AS (SELECT *, CASE WHEN served THEN {_near("before", "c_ser_start")} END AS si FROM ahead),
ends AS (SELECT *, CASE WHEN served THEN {_exit("si", "st", "c_ser_exit")}
        WHEN c_ser_exit <> 0 THEN {_near("before", "c_ser_exit")} END AS so FROM service),
starts AS (SELECT *, least(vi, vo, qi) AS started,
        CASE WHEN outcome = 'AGENT' THEN coalesce(si, before) END AS taken FROM ends),
placed AS (SELECT *, CASE WHEN outcome = 'PHANTOM' THEN NULL WHEN queued THEN qi
        WHEN outcome = 'AGENT' THEN greatest(started, least(vo, taken)) END AS entered FROM starts)
SELECT *, CASE WHEN taken IS NOT NULL THEN greatest(taken, entered) END AS answered,  -- greatest() skips NULL
    CASE WHEN server <> 'NO_SERVER' THEN replace(server, 'NO_SERVER', 'NA') END AS operator,
    CASE WHEN regexp_matches(customer_id, '^[0-9]*[1-9][0-9]*$') THEN customer_id END AS contact
FROM placed ORDER BY id"""


def _at(seconds: str) -> str:
    return f"(day + to_seconds({seconds}))::TIMESTAMP"


_CALLS = {
    "source_id": "line_id || '-' || call_id",
    "project": "type",
    "direction": "'inbound'",
    "started_at": _at("started"),
    "queued_at": _at("entered"),
    "answered_at": _at("answered"),
    "ended_at": _at("greatest(coalesce(so, qo, vo), qo, answered, entered, started)"),
    "wait_s": "CASE WHEN queued OR outcome = 'AGENT' THEN qt::DOUBLE END",
    "talk_s": "CASE WHEN served OR outcome = 'AGENT' THEN st::DOUBLE END",
    "queue": "type",
    "operator": "operator",
    "line": "line_id",
    "contact": "contact",
    "outcome": """CASE outcome WHEN 'AGENT' THEN 'answered' WHEN 'PHANTOM' THEN 'failed'
        WHEN 'HANG' THEN CASE WHEN queued THEN 'abandoned' ELSE 'left_in_scenario' END ELSE outcome END""",
    "source_outcome": "outcome",
    "ended_by": "CASE WHEN outcome = 'HANG' THEN 'customer' END",
    "result": "'priority ' || priority",
}


def _once(columns: str, where: str = "true") -> str:
    """SQL: the first row of each combination of columns."""
    return (
        f"(SELECT {columns}, min(id) AS id, arg_min(_file, id) AS _file FROM {_PHASES} WHERE {where} GROUP BY ALL) AS p"
    )


_SERVER = "operator IS NOT NULL"
_TABLES: dict[str, tuple[dict[str, str], str]] = {
    "calls": (_CALLS, f"{_PHASES} AS p"),
    "projects": ({"name": "type", "description": "'Calls of type ' || type"}, _once("type")),
    "objects": ({"kind": "'queue'", "name": "type", "project": "type"}, _once("type")),
    "users": ({"login": "operator", "name": "operator"}, _once("operator", _SERVER)),
    "memberships": ({"login": "operator", "project": "type"}, _once("operator, type", _SERVER)),
}

_NOTES = {
    "negative vru_time": "vt < 0",
    "customer_id 0, unknown": "customer_id = '0'",
    "customer_id damaged, unknown": "contact IS NULL AND customer_id <> '0'",
    "server names restored": "server <> 'NO_SERVER' AND contains(server, 'NO_SERVER')",
    "AGENT without a server": "outcome = 'AGENT' AND operator IS NULL",
    "AGENT with ser_time 0": "outcome = 'AGENT' AND st = 0",
    "HANG with a service": "outcome = 'HANG' AND st > 0",
    "PHANTOM with a service": "outcome = 'PHANTOM' AND st > 0",
    "PHANTOM, not offered": "outcome = 'PHANTOM'",
    "services of an hour or more": "st >= 3600",
    "services past midnight": "served AND c_ser_exit < c_ser_start",
    "waits past midnight": "queued AND c_q_exit < c_q_start",
    "services that begin before their queue, moved": "answered <> taken",
    "blanks between fields, read as separators": "line LIKE '% %' OR len(string_split(line, chr(9))) <> 17",
}


def _notes(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    counts = ", ".join(f"count_if({condition})" for condition in _NOTES.values())
    row = con.execute(f"SELECT {counts} FROM {_PHASES}").fetchone() or ()
    return {note: int(n) for note, n in zip(_NOTES, row, strict=True) if n}
