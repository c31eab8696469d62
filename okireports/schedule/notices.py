"""What the one whose schedule it is hears of: failure, recovery, and a scope that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from okireports.admin.change import local_words
from okireports.schedule.diary import Diary
from okireports.schedule.rows import Done, Schedule, withheld
from okireports.schedule.sight import Sight
from okireports.schedule.texts import notice, say

LATE = 4  # attempts; fewer are a busy server
NOTICE = "notice: {}"  # the kind of a delivery
BROKEN = ("failed", "refused", "incomplete")


@dataclass(frozen=True)
class Ending:
    """How an attempt ended: over for good, or to be tried again."""

    state: str  # done, incomplete, failed, refused, waiting
    reason: str

    @property
    def over(self) -> bool:
        """Is the run over?"""
        return self.state != "waiting"


@dataclass(frozen=True)
class Before:
    """What runs of the same schedule were like before this one."""

    last: Done | None = None
    made: Done | None = None  # the last one that made something


@dataclass(frozen=True)
class Notice:
    """A message to the one whose schedule it is."""

    kind: str
    subject: str
    text: str


def owed(
    schedule: Schedule, diary: Diary, ending: Ending, before: Before, seen: Sight | None, zone: str
) -> list[Notice]:
    """The messages that an attempt owes, in her language."""
    language = schedule.definition.language

    def made(kind: str, lines: list[str]) -> Notice:
        told = notice(
            language, kind=kind, name=schedule.name, viewer=schedule.viewer, due=diary.due, zone=zone, lines=lines
        )
        return Notice(kind, *told)

    found = []
    why = [say(language, "why", reason=ending.reason)] if ending.reason else []
    if ending.state == "waiting" and diary.attempts >= LATE:
        last = local_words(diary.next, zone) if diary.next else ""
        found.append(made("late", [*why, say(language, "tried", count=diary.attempts, next=last)]))
    elif ending.state in BROKEN:
        found.append(made(ending.state, [*why, say(language, "given up")]))
    elif ending.state == "done" and was_broken(diary, before):
        found.append(made("recovered", [say(language, "well", due=local_words(diary.due, zone))]))
    if ending.over and seen is not None and (lines := list(changes(language, diary, before, seen))):
        found.append(made("scope", lines))
    return found


def was_broken(diary: Diary, before: Before) -> bool:
    """Did she hear that something was wrong, of this run or of the one before it?"""
    told = any(one.kind == NOTICE.format("late") for one in diary.deliveries.values())
    return told or (before.last is not None and before.last.state in BROKEN)


def changes(language: str, diary: Diary, before: Before, seen: Sight) -> Iterator[str]:
    """What is otherwise than in the last run that made something: projects, and who got nothing."""
    names = {project.id: project.name for project in seen.scope.projects}
    earlier = before.made
    old = set(names) | {id for id, _ in seen.lost} if earlier is None else set(earlier.projects)
    yield from (say(language, "lost", project=name) for id, name in seen.lost if id in old)
    yield from (say(language, "gone", project=id) for id in sorted(old - set(names) - {id for id, _ in seen.lost}))
    yield from (say(language, "came", project=names[id]) for id in sorted(set(names) - old))
    kept, kept_before = withheld(diary), frozenset() if earlier is None else earlier.withheld
    for one in seen.kept:
        if (one.recipient, (one.project.id,)) in kept - kept_before:
            why = say(language, one.why)
            yield say(language, "kept", recipient=one.recipient, project=one.project.name, why=why)
    asked = {share.recipient for share in seen.shares}
    for recipient, projects in sorted(kept_before - kept):
        if recipient in asked:
            yield from (say(language, "back", recipient=recipient, project=names[id]) for id in projects if id in names)
