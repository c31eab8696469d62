"""Passes over all schedules: what is due is run, what was missed is made up for, what waits is tried again.

Due times follow from the last run that is over. Those that were missed are made up for once for each period that they
are of, the oldest first; a due time that has a run gets no other one, whatever the clock does meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from okireports import access
from okireports.errors import ChangeError, UnknownName
from okireports.schedule.attempt import JUST_AFTER, Attempt, Parts
from okireports.schedule.diary import Diary, diaries, opened
from okireports.schedule.lease import leased
from okireports.schedule.notices import Before
from okireports.schedule.rows import Done, Schedule, finished, fold, schedules, withheld
from okireports.schedule.spool import sweep
from okireports.schedule.timing import Cron, once_a_period

MOST_PERIODS = 31  # that are made up for at once
TICK = timedelta(milliseconds=1)


@dataclass(frozen=True)
class Outcome:
    """What became of one due time in a pass; `state` is "busy" where another process runs the schedule."""

    schedule_id: int
    name: str
    due: datetime | None  # naive UTC
    state: str
    reason: str = ""


@dataclass(frozen=True)
class Runner:
    """Runs schedules. Any number of processes may do so at once: each schedule is run by one of them."""

    parts: Parts

    def due(self) -> list[Outcome]:
        """Run all that is due now."""
        return list(self.passing(None, False))

    def one(self, schedule_id: int) -> list[Outcome]:
        """Run one schedule now, due or not, over the period that its words mean now.

        Raises:
            UnknownName: there is none with this id.
            ChangeError: it is paused.
        """
        found = [one for one in self.known() if one.id == schedule_id]
        if not found:
            raise UnknownName("schedule", schedule_id)
        if not found[0].active:
            raise ChangeError(f"The schedule {schedule_id} is paused: resume it first.")
        return list(self.passing(schedule_id, True))

    def passing(self, only: int | None, by_hand: bool) -> Iterator[Outcome]:
        """One pass, over all schedules or over one."""
        folder = self.parts.folder
        self.clear()
        sweep(folder)
        for schedule in self.known():
            if schedule.active and only in (None, schedule.id):
                with leased(folder, schedule.id) as held:
                    if held:
                        yield from self.runs(schedule, by_hand)
                    else:
                        yield Outcome(schedule.id, schedule.name, None, "busy")
        fold(folder, self.parts.clock(), self.parts.wait)
        sweep(folder)

    def known(self) -> list[Schedule]:
        """The schedules, as they are now."""
        with self.parts.folder.reading() as reading:
            return schedules(reading.con)

    def clear(self) -> None:
        """End the runs of schedules that were paused or removed while they waited."""
        folder = self.parts.folder
        waiting = {one.schedule_id for one in diaries(folder) if not one.over}
        active = {one.id for one in self.known() if one.active}
        for schedule_id in sorted(waiting - active):
            with leased(folder, schedule_id) as held:
                for diary in diaries(folder, schedule_id) if held else ():
                    if not diary.over:
                        diary.write("over", state="stopped", reason="paused or removed", at=self.parts.clock())

    def runs(self, schedule: Schedule, by_hand: bool) -> Iterator[Outcome]:
        """Run what is due of one schedule, whose lease is held."""
        for diary, before in self.wanted(schedule, by_hand):
            attempt = Attempt(self.parts, schedule, diary, before=before)
            ending = attempt.make()
            yield Outcome(schedule.id, schedule.name, diary.due, ending.state, ending.reason)

    def wanted(self, schedule: Schedule, by_hand: bool) -> Iterator[tuple[Diary, Before]]:
        """The runs to be made, each begun: those that wait, then what is due, the oldest first."""
        folder, now = self.parts.folder, self.parts.clock()
        open_ones = diaries(folder, schedule.id)
        with folder.reading() as reading:
            over = finished(reading.con, open_ones, schedule.id)
            settings = access.settings_at(reading.con, now + JUST_AFTER)
        if by_hand:
            due = now
            while due in over:
                due += TICK
            yield self.begun(schedule, due, 1, by_hand=True), before(over.values(), due)
            return
        waiting = [one for one in open_ones if not one.over]
        missed = self.missed(schedule, over, {one.due for one in waiting}, settings["timezone"])
        chosen = once_a_period(missed, schedule.definition.period, settings["timezone"], int(settings["week_start"]))
        new = {due: stands_for for due, stands_for in chosen[-MOST_PERIODS:]}
        ready = {one.due: one for one in waiting if one.next is None or one.next <= now}
        for due in sorted({*ready, *new}):
            diary = ready[due] if due in ready else self.begun(schedule, due, new[due])
            over |= {one.due: told(one) for one in diaries(folder, schedule.id) if one.over}
            yield diary, before(over.values(), due)

    def missed(self, schedule: Schedule, over: dict[datetime, Done], begun: set[datetime], zone: str) -> list[datetime]:
        """The due times up to now that have no run, since the last one that has.

        What is over but due later than now was run while the clock was ahead: it counts for itself only.
        """
        now = self.parts.clock()
        past = [due for due, done in over.items() if not done.by_hand and due <= now]
        since = max([schedule.since, *past, *(due for due in begun if due <= now)])
        dues = Cron(schedule.definition.cron, zone).between(since, now) if since < now else []
        return [due for due in dues if due not in over and due not in begun]

    def begun(self, schedule: Schedule, due: datetime, stands_for: int, *, by_hand: bool = False) -> Diary:
        """Begin the diary of a run."""
        diary = opened(self.parts.folder, schedule.id, due)
        diary.write("begun", at=self.parts.clock(), by_hand=by_hand, stands_for=stands_for)
        return diary


def told(diary: Diary) -> Done:
    """A diary that is over, as the next run has to know it."""
    return Done(
        diary.due, diary.state, diary.by_hand, diary.begun, diary.reason, tuple(diary.projects), withheld(diary)
    )


def before(over: Iterable[Done], due: datetime) -> Before:
    """What runs were like before a due time."""
    earlier = sorted((one for one in over if one.due < due and one.state != "stopped"), key=lambda one: one.due)
    made = [one for one in earlier if one.projects]
    return Before(earlier[-1] if earlier else None, made[-1] if made else None)
