"""Facts of the loader only: they join what comes in pieces, and no viewer's run ever opens them."""

from __future__ import annotations

from okireports.tables.model import Column, Fact, at, stamped, text, whole

LINKS = Fact(
    "links",
    "what joins the contacts of one interaction across projects, kept where no viewer looks",
    (
        Column("call_id", "BIGINT", "own"),
        stamped("interaction_key"),
        stamped("transfer_key"),
        stamped("given_went", "BOOLEAN"),
        stamped("given_came", "BOOLEAN"),
        at("started_at"),
    ),
    start="started_at",
    internal=True,
)
SAYINGS = Fact(
    "sayings",
    "what one row of no project says of its customer, until it finds its project; kept where no viewer looks",
    (
        Column("fact_id", "BIGINT", "own"),
        Column("contact_key", "BIGINT", "stamped"),
        text("phone"),
        text("name"),
        text("email"),
        text("fields"),
    ),
    start=None,
    internal=True,
)
EVENT_LINES = Fact(
    "event_lines",
    "one line of an event log, of which facts are worked out anew when further lines come",
    (
        Column("line_id", "BIGINT", "own"),
        at("at"),
        whole("place"),
        *(text(name) for name in ("callid", "queue", "agent", "event", "data")),
    ),
    start="at",
    internal=True,
)
