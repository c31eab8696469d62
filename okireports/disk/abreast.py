"""Independent statements side by side: the engine writes one small file on one core, however many there are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue
from typing import TypeVar

import duckdb

AT_A_TIME = 2  # for each thread of the engine: a piece waits for the disk half of its time
Item = TypeVar("Item")
Done = TypeVar("Done")


def abreast(
    con: duckdb.DuckDBPyConnection, work: Callable[[duckdb.DuckDBPyConnection, Item], Done], items: Sequence[Item]
) -> list[Done]:
    """Do a piece of work for each item, some at a time; results in the items' order.

    Each piece gets a connection to the same databases. The first failure, or an interrupt, stops the others too.
    """
    row = con.execute("SELECT current_setting('threads')").fetchone()
    cursors = [con.cursor() for _ in range(min(AT_A_TIME * (int(row[0]) if row else 1), len(items)))]
    free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
    for cursor in cursors:
        free.put(cursor)

    def piece(item: Item) -> Done:
        cursor = free.get()
        try:
            return work(cursor, item)
        finally:
            free.put(cursor)

    with ThreadPoolExecutor(max(1, len(cursors))) as pool:
        pieces = [pool.submit(piece, item) for item in items]
        try:
            for done in as_completed(pieces):
                done.result()
        except BaseException:
            for waiting in pieces:
                waiting.cancel()
            for cursor in cursors:
                cursor.interrupt()
            raise
    for cursor in cursors:
        cursor.close()
    return [done.result() for done in pieces]
