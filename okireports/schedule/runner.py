"""Passes over all schedules: what is due is run, what was missed is made up for, what waits is tried again.

Due times follow from the last run that is over. Those that were missed are made up for once for each period that they
are of, the oldest first; a due time that has a run gets no other one, whatever the clock does meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from okireports import access
from okireports.clock import TICK
from okireports.disk.folder import first_line
from okireports.errors import CenterError, ChangeError, OkiReportsError, UnknownName
from okireports.schedule.attempt import PAUSES, Attempt, Parts
from okireports.schedule.diary import Diary, diaries, opened
from okireports.schedule.lease import leased
from okireports.schedule.notices import Before
from okireports.schedule.rows import Done, Schedule, finished, fold, schedules, withheld
from okireports.schedule.spool import sweep
from okireports.schedule.timing import Cron, once_a_period

MOST_PERIODS = 31  # that are made up for at once
LONGEST = timedelta(minutes=max(PAUSES))


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
        sweep(folder)
        waiting = {one.schedule_id for one in diaries(folder) if not one.over}
        active = [one for one in self.known() if one.active]
        self.clear(waiting - {one.id for one in active})
        for schedule in active:
            if only in (None, schedule.id):
                yield from self.alone(schedule, by_hand)
        fold(folder, self.parts.clock(), self.parts.wait)
        sweep(folder)

    def alone(self, schedule: Schedule, by_hand: bool) -> Iterator[Outcome]:
        """Run what is due of one schedule; where that cannot even be begun, or written down, the others go on."""
        try:
            with leased(self.parts.folder, schedule.id) as held:
                if held:
                    yield from self.runs(schedule.id, by_hand)
                else:
                    yield Outcome(schedule.id, schedule.name, None, "busy")
        except (CenterError, OSError) as error:  # the next pass may find it mended
            yield Outcome(schedule.id, schedule.name, None, "waiting", first_line(error))
        except OkiReportsError as error:
            yield Outcome(schedule.id, schedule.name, None, "failed", first_line(error))

    def known(self) -> list[Schedule]:
        """The schedules, as they are now."""
        with self.parts.folder.reading() as reading:
            return schedules(reading.con)

    def clear(self, ids: Iterable[int]) -> None:
        """End the runs of schedules that were paused or removed while they waited."""
        folder = self.parts.folder
        for schedule_id in sorted(ids):
            with leased(folder, schedule_id) as held:
                rests = held and not any(one.id == schedule_id and one.active for one in self.known())
                for diary in diaries(folder, schedule_id) if rests else ():
                    if not diary.over:
                        diary.write("over", state="stopped", reason="paused or removed", at=self.parts.clock())

    def runs(self, schedule_id: int, by_hand: bool) -> Iterator[Outcome]:
        """Run what is due of one schedule, whose lease is held; it is as it is now, and may have been paused."""
        folder = self.parts.folder
        found = diaries(folder, schedule_id)
        with folder.reading() as reading:
            schedule = next((one for one in schedules(reading.con) if one.id == schedule_id and one.active), None)
            over = finished(reading.con, found, schedule_id)
            settings = access.settings_at(reading.con, self.parts.clock())
        if schedule is None:
            return
        waiting = [one for one in found if not one.over]
        wanted = (
            [self.now(schedule, {*over, *(one.due for one in waiting)})]
            if by_hand
            else self.wanted(schedule, over, waiting, settings)
        )
        for diary in wanted:
            over |= {one.due: told(one) for one in diaries(folder, schedule_id) if one.over}
            attempt = Attempt(self.parts, schedule, diary, before=before(over.values(), diary.due))
            ending = attempt.make()
            yield Outcome(schedule.id, schedule.name, diary.due, ending.state, ending.reason)

    def now(self, schedule: Schedule, taken: set[datetime]) -> Diary:
        """A run by hand."""
        due = self.parts.clock()
        while due in taken:
            due += TICK
        return self.begun(schedule, due, 1, by_hand=True)

    def wanted(
        self, schedule: Schedule, over: Mapping[datetime, Done], waiting: Iterable[Diary], settings: Mapping[str, str]
    ) -> Iterator[Diary]:
        """The runs to be made, each begun when it is its turn: those that wait, and what is due, the oldest first.

        Where the clock was ahead, a run that waits is not held back until it is as late again; what is due later than
        now waits for its time.
        """
        now, zone = self.parts.clock(), settings["timezone"]
        waiting = list(waiting)
        missed = self.missed(schedule, over, waiting, zone)
        chosen = once_a_period(missed, schedule.definition.period, zone, int(settings["week_start"]))
        new = dict(chosen[-MOST_PERIODS:])
        ready = {one.due: one for one in waiting if one.due <= now and not now < (one.next or now) <= now + LONGEST}
        for due in sorted({*ready, *new}):
            yield ready[due] if due in ready else self.begun(schedule, due, new[due])

    def missed(
        self, schedule: Schedule, over: Mapping[datetime, Done], waiting: Iterable[Diary], zone: str
    ) -> list[datetime]:
        """The due times up to now that have no run, since the last one that has.

        What is due later than now was run while the clock was ahead, and what was run by hand is beside the others: it
        counts for itself only.
        """
        now = self.parts.clock()
        by_hand = {due: one.by_hand for due, one in over.items()} | {one.due: one.by_hand for one in waiting}
        since = max([schedule.since, *(due for due, hand in by_hand.items() if not hand and due <= now)])
        dues = Cron(schedule.definition.cron, zone).between(since, now) if since < now else []
        return [due for due in dues if due not in by_hand]

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
