"""A database as a source: a mapping's queries, streamed into the staging connection, from where a load left off.

What a server sends is turned into text by the server or as the server would, so that a mapping reads it as it reads a
file. An instant that knows its offset (`timestamptz`, MySQL's TIMESTAMP) comes in UTC with `+00`; one that does not
(`timestamp`, DATETIME) comes as it stands and is local to the mapping's zone. A span of time comes as `hh:mm:ss`.
All queries of a load see one state of the database, in a transaction that only reads.
"""

from __future__ import annotations

from okireports.sources.database.address import Address, is_url
from okireports.sources.database.queries import Queries
from okireports.sources.database.session import Session, connect

__all__ = ["Address", "Queries", "Session", "connect", "is_url"]
