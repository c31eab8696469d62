"""Asterisk's `queue_log` (1.8 to 22), in pipe form or as a table (time, callid, queuename, agent, event, data1..data5).

**Files.** One file of any name, or a folder or archive: files called `queue_log`, `queue_log.1`,
`queue_log-20120701.gz` or the like, those whose first line is one of a log, and tables with that header; packed ones
too. Times are seconds since 1970, or local times of `timezone` (else the centre's zone). Every line is kept, rejected
with a reason, or ignored and counted (blank, or the same line once more).

**Contacts.** One stay of a caller in one queue is a call; those of one callid are one interaction.

| event | taken as |
|---|---|
| ENTERQUEUE | entry; the caller's number where it is one |
| DID | `line` of the callid's contacts |
| CONNECT | answered by this agent (the last one counts); wait, and how long it rang |
| COMPLETECALLER, COMPLETEAGENT | answered; ended by customer or operator; wait and talk as given |
| TRANSFER, BLINDTRANSFER, ATTENDEDTRANSFER | answered, ended by the operator; a next queue is the next contact |
| ABANDON | abandoned, after the given wait |
| EXITWITHTIMEOUT, EXITWITHKEY, EXITEMPTY (LEAVEEMPTY) | flow_out; with a key by the customer |
| JOINEMPTY (JOINUNAVAIL), FULL, DIVERT_CA_RATIO, DIVERT_HOLDTIME | refused: not offered |
| CLOSED (as Wazo writes it) | closed: not offered |
| SYSCOMPAT | failed: the channels did not fit |
| RINGNOANSWER, RINGCANCELED, AGENTDUMP | a ring that nobody answered, that was cancelled, that the agent dropped |
| AGENTLOGIN, AGENTCALLBACKLOGIN, ...LOGOFF | a session; a log-off without log-on says itself how long it was |
| ADDMEMBER, REMOVEMEMBER | presence of agents that never log on: there while they are a member of some queue |
| PAUSE, UNPAUSE, PAUSEALL, UNPAUSEALL | Away with the reason, while paused everywhere; UNPAUSE of one ends PAUSEALL |
| WRAPUPSTART (as Wazo writes it) | PCP of data1 seconds, and the call's wrap-up |
| QUEUESTART | what began within the day before and has no end is over: its end is its last line |
| CONFIGRELOAD, RULECHANGE, INFO; others | kept; others are also noted by name |

The word of the event that ended a contact stands in `source_outcome`. A contact without an end is not loaded until it
comes, or until its caller enters another queue (`no end in the log`). One without ENTERQUEUE entered as long before as
the lines say that it waited and talked. Lengths are as given, since Asterisk counts them itself.

**Statuses.** Busy from CONNECT to the end, PCP, Waiting while it rings; under these Ready, Away, Offline. A later call
begins when the one before is over. Statuses are cut at the centre's midnights; agents of whom only calls are known
have no Ready. An agent's session goes on over QUEUESTART, as that of a persistent member does.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from okireports.sources.feed import REJECTS, Before, Origin, Staged
from okireports.sources.queue_log import calls, events, presence
from okireports.sources.queue_log.events import EARLIER, MINE, RECORD, SCOPE, SOURCE, TRANSFER
from okireports.sources.queue_log.lines import Read, find, looks_like_one, stage

__all__ = [
    "EARLIER",
    "MINE",
    "RECORD",
    "SCOPE",
    "SOURCE",
    "TRANSFER",
    "Read",
    "Taken",
    "find",
    "looks_like_one",
    "origin",
    "stage",
    "take",
    "tell",
]

_STEPS = (
    calls.STEPS_SQL,
    calls.VISITS_SQL,
    calls.CALLS_SQL,
    calls.RANG_SQL,
    calls.RINGS_SQL,
    presence.STATE_LINES_SQL,
    presence.STATES_SQL,
    presence.SPANS_SQL,
    presence.STATUSES_SQL,
)


@dataclass(frozen=True)
class Taken:
    """The lines of one load: how many there are, how many of them faulty, what was ignored, and what was noted."""

    lines: int
    rejected: int
    ignored: dict[str, int]
    notes: dict[str, int]


def take(con: duckdb.DuckDBPyConnection, read: Read, before: Before, zone: str) -> Taken:
    """Make `MINE` of the lines that were read, and add the faulty ones to the rejects."""
    ignored, notes = events.take(con, before, zone)
    whole = Origin(read.staged, sum(part.rows for part in read.staged))
    faulty = events.reject(con, whole, [file.path for file in read.files])
    if read.rejects:
        con.executemany(f"INSERT INTO {REJECTS} VALUES (?, ?, ?, ?, ?, ?, ?)", read.rejects)
    return Taken(whole.rows + len(read.rejects), faulty + len(read.rejects), ignored, notes)


def tell(con: duckdb.DuckDBPyConnection, before: Before) -> dict[str, int]:
    """Make `raw.calls`, `raw.rings` and `raw.statuses` of these lines and the earlier ones that go with them."""
    events.gather(con, before, before.zone)
    for step in _STEPS:
        con.execute(step)
    waiting = calls.unfinished(con)
    return {"contacts without an end yet, kept for the next file": waiting} if waiting else {}


def origin(con: duckdb.DuckDBPyConnection, table: str, relation: str, staged: tuple[Staged, ...]) -> Origin:
    """Where the rows of a table come from: the first line of this load that has a part in each, else the first."""
    who = {"calls": "split_part(source_id, '/', 1)", "rings": "split_part(call, '/', 1)"}.get(table, "lower(operator)")
    of = "lower(agent)" if table == "statuses" else "callid"
    firsts = f"SELECT {of} AS who, min(_row) AS line FROM {MINE} WHERE _row IS NOT NULL GROUP BY ALL"
    rows = f"SELECT rowid AS id, {who} AS who FROM {relation}"
    count = con.execute(f"SELECT count(*) FROM {relation}").fetchone()
    query = f"SELECT coalesce(line, 0) FROM ({rows}) LEFT JOIN ({firsts}) USING (who) ORDER BY id"
    return Origin(staged, int(count[0]) if count else 0, query)
