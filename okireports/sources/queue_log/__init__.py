"""Asterisk's `queue_log` (1.8 to 22), in pipe form or as a table (time, callid, queuename, agent, event, data1..data5).

**Files.** One file of any name, or a folder: files called `queue_log`, `queue_log.1`, `queue_log-20120701.gz` or the
like, and tables with that header. Times are seconds since 1970, or local times of `timezone` (else the centre's zone).
Every line is kept, rejected with a reason, or ignored and counted (blank, or the same line once more).

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

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

import duckdb

from okireports.sources.feed import REJECTS, Before, Feed, Origin, keep_rejects
from okireports.sources.queue_log import calls, events, lines, presence

__all__ = ["read"]

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


def read(
    con: duckdb.DuckDBPyConnection,
    root: Path,
    *,
    known: Mapping[str, Collection[str]],
    timezone: str | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    before: Before | None = None,
) -> Feed:
    """Stage the calls, rings and statuses that the log's lines tell, together with lines of earlier loads.

    Raises:
        LoadError: there is no such log, or it cannot be opened.
    """
    before = before or Before()
    found = lines.stage(con, root, before)
    if progress:
        progress("queue_log", sum(f.bytes for f in found.files), sum(f.bytes for f in found.files))
    keep_rejects(con, found.rejects)
    ignored, notes = events.take(con, before, timezone or before.zone)
    count = sum(part.rows for part in found.staged)
    whole = Origin(found.staged, count)
    names = tuple(name for name in ("calls", "rings", "statuses") if name in known)
    feed = Feed(
        source="queue_log",
        tables={name: f"raw.{name}" for name in names},
        files=found.files,
        timezone="UTC",
        ignored=ignored,
        lines=count + len(found.rejects),
        events=events.MINE,
        scope=events.SCOPE,
        origins={"lines": (whole,)},
    )
    rejected = events.reject(con, feed) + len(found.rejects)
    events.gather(con, before, before.zone)
    for step in _STEPS:
        con.execute(step)
    if found.others:
        notes["files of other kinds, ignored"] = found.others
    if waiting := calls.unfinished(con):
        notes["contacts without an end yet, kept for the next file"] = waiting
    return replace(feed, rejects=REJECTS if rejected else None, notes=notes)
