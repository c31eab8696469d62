"""A process that is asked questions, one a line of JSON, and prints what each took.

    python tests/benchmarks/asking.py     reads {"centre": ..., "report": ..., "period": [...], "side": ...}

`side` is "both", in turns and warm, or "ours" or "hand": once and cold, in a child that has the modules and nothing
else. So that no child begins with what a question has left, a process is given cold ones or warm ones, not both.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

import duckdb
import pyarrow as pa
from gauges import (
    Taken,
    bytes_fetched,
    drop_cache,
    forget_peak,
    measured,
    medians,
    peak_bytes,
    runs_within,
)
from sides import Hand, Ours, is_own

import okireports
from okireports import report, run
from okireports.faces import Center

TIMES_OURS, AND_S = 10, float(os.environ.get("GIVE_UP_S", "5"))  # what takes longer by hand is given up


def main() -> None:
    """Answer what is asked."""
    report.all_reports()
    run.MOST_ROWS = 1 << 40  # both sides hold what they give in memory
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(answered(asked) if asked["side"] == "both" else by_a_child(asked)), flush=True)


def by_a_child(asked: dict[str, Any]) -> dict[str, Any]:
    """What a child says that asks one question."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, json.dumps(answered(asked)).encode())  # shorter than a pipe is long
            os._exit(0)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading) as said:
        told = said.read()
    if os.waitpid(child, 0)[1]:
        sys.exit(f"asking {asked} failed")
    found: dict[str, Any] = json.loads(told)
    return found


@cache
def opened(path: str, now: str) -> Center:
    """A centre, opened once."""
    return okireports.open(path, now=datetime.fromisoformat(now))


def answered(asked: dict[str, Any]) -> dict[str, Any]:
    """What a question takes."""
    center = opened(asked["centre"], asked["now"])
    viewer = center.viewer(asked["login"], reason=asked["reason"])
    ours = Ours(viewer, asked["report"], tuple(asked["period"]))
    match asked["side"]:
        case "ours":
            return cold(ours, center)
        case "hand":
            hand = Hand(ours)
            hand.within_s = asked["within_s"]
            return cold(hand, center)
        case _:
            return warm(ours, Hand(ours), asked["patience_s"])


def cold(side: Ours | Hand, center: Center) -> dict[str, Any]:
    """The first run of a process, of files that the system has not in memory."""
    dropped, before, fetched = drop_cache(center), forget_peak(), bytes_fetched()
    rows: list[pa.Table] = []
    try:
        taken = measured(lambda: rows.append(side.once()))
    except duckdb.InterruptException:
        return {"given_up": True}
    return {
        **vars(taken), "fetched_bytes": bytes_fetched() - fetched, "peak_bytes": peak_bytes(), "base_bytes": before,
        "rows": len(rows[0]), "dropped": dropped,
    }  # fmt: skip


def warm(ours: Ours, hand: Hand, patience_s: float | None) -> dict[str, Any]:
    """Both sides in turns: the median of RUNS after a run in which rows are counted and compared.

    With patience only as many runs as it has time for; where it has none for a second one, the first is what counts.
    """
    told: dict[str, Any] = {"sql": "by_hand" if is_own(ours.name) else "twin"}
    rows: dict[str, tuple[pa.Table, int]] = {}
    first = {"ours": measured(lambda: rows.update(ours=ours.scanned()))}
    hand.within_s = TIMES_OURS * first["ours"].wall_s + AND_S
    try:
        first["hand"] = measured(lambda: rows.update(hand=hand.scanned()))
        hand.agree(rows["ours"][0], rows["hand"][0])
        told["same"] = True
    except duckdb.InterruptException:
        told["given_up_s"] = hand.within_s
    except (AssertionError, duckdb.Error) as other:
        told |= {"same": False, "differs": str(other)[:2000]}
    scanned = {name: count for name, (_, count) in rows.items()}
    rows.clear()
    runs = runs_within(sum(one.wall_s for one in first.values()), patience_s)
    taken = turns({"ours": ours, "hand": hand}, list(first), runs) if runs else {n: [one] for n, one in first.items()}
    told |= {} if runs else {"first_counts": True}  # with what is made of a question once
    if "hand" in first and "hand" not in taken:
        told["given_up_s"] = hand.within_s
    return told | {name: medians(of) | {"rows_scanned": scanned[name]} for name, of in taken.items()}


def turns(sides: dict[str, Ours | Hand], names: list[str], runs: int) -> dict[str, list[Taken]]:
    """What runs take in turns; by hand is left out where one was given up."""
    taken: dict[str, list[Taken]] = defaultdict(list)
    given_up: set[str] = set()
    for name in in_turns(names, runs):
        if name not in given_up:
            try:
                taken[name].append(measured(sides[name].once))
            except duckdb.InterruptException:
                given_up.add(name)
    return {name: of for name, of in taken.items() if name not in given_up}


def in_turns(names: list[str], runs: int) -> Iterator[str]:
    """The names so often, every second time the other way round."""
    for turn in range(runs):
        yield from names if turn % 2 else names[::-1]


if __name__ == "__main__":
    main()
