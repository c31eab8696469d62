"""All that Asterisk says of its calls: `queue_log`, call records (CDR) and channel events (CEL), joined into contacts.

A folder may hold any of the three; each source below reads its part, and all their facts are of one source,
`asterisk`: whatever is loaded first, alone or together, the same contacts come out.

| source | reads |
|---|---|
| `asterisk` | all three; at least one has to be there |
| `queue_log` | the queue log |
| `asterisk-cdr`, `asterisk-cel` | records and events, whichever of the two lie there |

**One call in both.** A callid of the queue log is the uniqueid of a channel, and so of the interaction (linkedid) that
records or events tell of. Of such an interaction

* the queue log's contacts count: queue, entry, wait, operator, talk, wrap-up, outcome, who ended it; likewise rings and
  statuses, which only that log has in full. Their ids are the queue log's;
* records and events add the interaction, its direction, the customer's phone and name, the line, the provider, the
  start of the first contact (that of the interaction, when the entry lies within it: otherwise the two clocks or zones
  disagree, which is counted), and the recording of the conversation that began next to it;
* a contact that records alone know, behind the last queue and after that was left by a transfer, outside any queue, is
  a contact of its own: the extension to which the customer was sent. Other contacts of the records tell the same as
  the queue log, and are left out.

An interaction that only records or events know is added as they tell it. One whose queue log has no end yet, too; its
contacts give way when the end comes.

**Pieces.** The queue log's lines are kept, and what records told of each interaction is kept beside them: pieces of the
queue log in any order, late, twice, before the records or after them give the tables of the whole. Records and events
themselves are not kept: the legs of a call may stand in several files and who is a device is known by all of them, so
each load reads all of them anew, and **all that tell of one call belong into one load**. A load without the records of
a call keeps what they added to it; only a contact behind a transfer has to be there again when late lines of the queue
log make it one.

What comes otherwise is never taken for the whole:

* a file that grows, or a next file beside it: the call is told anew by all its records, and contacts that no longer are
  give way;
* records without others of the same call that an earlier load has read: rejected, and the call stays as it was, until
  a load has all of them;
* events of a call that was not seen from begin to end: counted and ignored, until a load has all of them.
"""

from __future__ import annotations

from okireports.sources.asterisk.reading import SOURCES, read

__all__ = ["SOURCES", "read"]
