"""A month of schedules under a clock that is moved by hand, with a machine that is off, a server that fails as servers
do, and passes by several runners: every message that is expected comes, once, and no other one.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import growing
import okireports
import posting
from killed_schedule import Plainly
from posting import Clock, Mailbox, posted, runner, schedules

WARSAW = ZoneInfo("Europe/Warsaw")
MONTHS = {3: "March", 4: "April"}
ZONE = "Europe/Warsaw"
BOSS, ANNA = "boss@example.com", "anna@example.com"
OFF = [
    ("2025-03-08 20:00", "2025-03-11 09:10"),
    ("2025-03-29 18:00", "2025-03-30 15:00"),
]  # also the night of the change
DOWN = [("2025-03-17 06:00", "2025-03-17 09:00"), ("2025-03-24 05:00", "2025-03-24 06:40")]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WARSAW)


def within(at: datetime, spans: list[tuple[str, str]]) -> bool:
    return any(local(since) <= at < local(until) for since, until in spans)


def expected() -> Counter[tuple[str, str]]:
    """By hand: each morning, each Monday, the first of the month, and what is said of yesterday twice a day."""
    found: Counter[tuple[str, str]] = Counter()
    for number in range(1, 32):  # the mornings of 1 to 31 March tell of the day before
        day = datetime(2025, 3, number) - timedelta(days=1)
        month = "February" if day.month == 2 else "March"
        for to, project in ((BOSS, "Alpha"), (BOSS, "Beta"), (ANNA, "Alpha")):
            found[to, f"{project}: {day.day} {month} 2025, {ZONE}"] += 1
    for week, first, last in (
        (9, "24 February", "2 March"),
        (10, "3", "9"),
        (11, "10", "16"),
        (12, "17", "23"),
        (13, "24", "30"),
    ):
        days = f"{first} - {last}" if " " in first else f"{first}-{last} March"
        found[ANNA, f"Alpha: week {week} of 2025 ({days}, {ZONE})"] += 1
    found[BOSS, f"2 projects: February 2025 (1-28 February, {ZONE})"] += 1
    return found


def test_a_month(tmp_path: Path) -> None:
    rng = random.Random(20250301)
    clock = Clock()
    clock.to("2025-02-28 12:00")
    center = okireports.open(posting.made(tmp_path, days=0).path, now=clock)
    box = Mailbox()
    greylist: set[str] = set()
    faults: Counter[str] = Counter()

    def fault(stage: str, to: str, content: bytes) -> str | None:
        """The server is busy now and then, knows nobody at first on some days, and breaks off in the middle."""
        if within(clock.now, DOWN):
            faults["down"] += stage == "rcpt"
            return "421 closing" if stage == "rcpt" else None
        key = f"{clock.now:%d}{to}"
        if stage == "rcpt" and clock.now.day % 5 == 0 and key not in greylist:
            greylist.add(key)
            faults["greylisted"] += 1
            return "450 4.2.0 greylisted"
        if stage == "middle" and rng.random() < 0.08:
            faults["broken"] += 1
            return "drop"
        if stage == "data" and rng.random() < 0.08:
            faults["busy"] += 1
            return "452 4.3.1 no room left just now"
        return None

    box.fault = fault
    with posting.served(box) as port:
        posted(center, port)
        usual = {"reports": ["queue_summary"], "formats": ["csv"], "actor": "boss", "reason": "a test"}
        table = schedules(center)
        table.create(
            "Daily", viewer="boss", cron="30 6 * * *", period="yesterday", recipients=["boss", "anna"], **usual
        )
        hers = usual | {"actor": "anna"}
        table.create("Weekly", viewer="anna", cron="5 7 * * 1", period="last week", recipients=["anna"], **hers)
        table.create(
            "Monthly", viewer="boss", cron="0 2 1 * *", period="last month", recipients=["boss"], together=True, **usual
        )
        at, end = local("2025-02-28 12:30").astimezone(UTC), local("2025-03-31 23:00")
        while at < end:
            waiting = False
            if not within(at, OFF):
                clock.now = at
                for _ in range(rng.choice([1, 1, 2])):  # a second runner comes by
                    waiting |= "waiting" in posting.states(runner(center, Plainly(center)).due())
            at += timedelta(minutes=rng.choice([3, 11, 47] if waiting else [95, 180, 240, 400]))
    found = Counter({key: n for key, n in box.subjects.items() if "Schedule" not in key[1]})
    wanted = expected()
    assert found == wanted, (found - wanted, wanted - found)
    assert max(box.ids.values()) == 1
    assert {"down", "greylisted", "broken", "busy"} <= set(faults), faults
    told = Counter(subject for (_, subject), n in box.subjects.items() if "Schedule" in subject for _ in range(n))
    assert told["Schedule Daily: its recipients or projects changed"] == 1
    assert told["Schedule Daily: works again"] <= 3 and not any("failed" in subject for subject in told)
    history = table.history()
    assert set(history["state"]) == {"done"} and len(history) == 31 + 5 + 1
    caught_up = history[(history["schedule_id"] == 1) & history["stands_for"].gt(1)]
    assert caught_up.empty, "each of the missed mornings has a period of its own"
    assert center.audit.verify() == []
    assert {path.suffix for path in center.folder.runs.iterdir()} == {".lock"}
    sent = growing.query(center, "SELECT count(*) FROM control.deliveries WHERE kind = 'mail' AND state = 'accepted'")
    assert sent == [(sum(wanted.values()),)]
