"""Another system's acceptance tests of its statistics over `queue_log`, from the loaded centre.

Every cell is equal; there is no table of differences because there is none. The conventions are that system's: a call
counts in the hour in which it entered its queue (instants are cut to milliseconds, not rounded: 08:59:59.999999 stays
in its hour), presence is split over the hours, lengths are cut to whole seconds, the answered rate leaves closed calls
out, and QoS is the share of answered calls that waited no longer than a threshold (blank when none was answered).
"""

from __future__ import annotations

import csv
from collections import defaultdict
from datetime import datetime, timedelta

import pytest

from queue_logs import admin_sees, centre

DONE = {"answered", "abandoned", "closed", "refused", "flow_out", "failed"}


@pytest.fixture(scope="module")
def cells(shared):
    with (shared / "data" / "queue-log" / "expected.csv").open(newline="") as source:
        return list(csv.DictReader(source))


@pytest.fixture(scope="module")
def loaded(shared, tmp_path_factory):
    """Scenario -> its calls and statuses: each is a log, and so a centre, of its own."""
    lines = defaultdict(list)
    with (shared / "data" / "queue-log" / "events.csv").open(newline="") as source:
        for row in csv.DictReader(source):
            scenario = row.pop("scenario")
            row.pop("title")
            lines[scenario].append(row)
    found = {}
    for scenario, rows in lines.items():
        folder = tmp_path_factory.mktemp(scenario)
        with (folder / "events.csv").open("w", newline="") as target:
            writer = csv.DictWriter(target, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        center = centre(folder / "centre")
        result = center.load(folder / "events.csv", source="queue_log", create_missing=True)
        assert (result.rows_in, result.rows_rejected, result.rows_ignored) == (len(rows), 0, 0)
        found[scenario] = admin_sees(center, "calls"), admin_sees(center, "statuses")
    return found


def hours(cell):
    """The half-open span of a row such as `8h-9h`, or of the whole of the opening hours."""
    day = datetime.fromisoformat(cell["date"])
    first, last = (int(cell[k].split(":")[0]) for k in ("conf_from", "conf_to"))
    if cell["row"] != "Total":
        first, last = (int(part.rstrip("h")) for part in cell["row"].split("-"))
    return day + timedelta(hours=first), day + timedelta(hours=last)


def clock(ms):
    return str(timedelta(seconds=ms // 1000)).rjust(8, "0")


def share(part, whole):
    return f"{100 * part / whole:.0f} %" if whole else ""


def value(cell, calls, statuses):
    """The cell, by that system's conventions, over the loaded rows."""
    start, end = hours(cell)
    who = f"Agent/{cell['target']}"
    mine = [c for c in calls if start <= c["started_at"] < end]
    mine = [
        c for c in mine if (c["queue"] == cell["target"] if cell["target_kind"] == "queue" else c["operator"] == who)
    ]
    counts = defaultdict(int)
    for call in mine:
        assert call["outcome"] in DONE
        counts[call["outcome"]] += 1
    inside = defaultdict(int)
    for row in statuses:
        if row["operator"] == who and row["ended_at"]:
            length = min(row["ended_at"], end) - max(row["started_at"], start)
            inside[row["status"]] += max(0, length // timedelta(milliseconds=1))
    waits = [c["wait_ms"] for c in mine if c["wait_ms"] is not None]
    match cell["metric"]:
        case "Received":
            return str(len(mine))
        case "Answered":
            return str(counts["answered"])
        case "Abandoned":
            return str(counts["abandoned"])
        case "Closed":
            return str(counts["closed"])
        case "AWT":
            return clock(sum(waits) // len(waits)) if waits else ""
        case "Answered rate":
            return share(counts["answered"], len(mine) - counts["closed"])
        case "QoS":
            return share(sum(c["wait_ms"] <= 20_000 for c in mine if c["outcome"] == "answered"), counts["answered"])
        case "Login":
            return clock(sum(ms for status, ms in inside.items() if status != "Offline"))
        case "Pause":
            return clock(inside["Away"])
    raise AssertionError(cell["metric"])


def test_every_cell_of_the_acceptance_tests_is_equal(cells, loaded):
    assert len(cells) == 110
    wrong = []
    for cell in cells:
        got = value(cell, *loaded[cell["scenario"]])
        if got != cell["value"]:
            wrong.append((cell["scenario"], cell["target"], cell["row"], cell["metric"], cell["value"], got))
    assert not wrong


def test_the_pipe_form_tells_the_same_contacts_as_the_table(shared, loaded, tmp_path):
    """In whole seconds: who, what, and how long as the lines say."""
    for scenario, (calls, _) in loaded.items():
        center = centre(tmp_path / scenario, timezone="UTC")
        center.load(shared / "data" / "queue-log" / f"{scenario}.queue_log", source="queue_log", create_missing=True)
        kept = ("source_id", "queue", "operator", "outcome", "source_outcome", "ended_by", "talk_ms")
        said = sorted(tuple(c[k] for k in kept) for c in admin_sees(center, "calls"))
        assert said == sorted(tuple(c[k] for k in kept) for c in calls), scenario
        assert all(c["started_at"].tzinfo is None for c in calls)
