"""One attempt at a run: look up who may what, make the files, send what was not sent yet, and say how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from okireports import access
from okireports.access import Project
from okireports.delivery import Exported
from okireports.disk import Folder
from okireports.disk.folder import first_line
from okireports.errors import CenterError, DeliveryError, EngineError, LakeError, OkiReportsError, Refused, Unwritten
from okireports.period import Period
from okireports.schedule import letters
from okireports.schedule.diary import Diary
from okireports.schedule.making import Making
from okireports.schedule.message import Letter
from okireports.schedule.notices import NOTICE, Before, Ending, owed
from okireports.schedule.outbox import Outbox
from okireports.schedule.parts import Export, MakeDigest
from okireports.schedule.post import Post
from okireports.schedule.rows import Schedule
from okireports.schedule.sight import LESS, Kept, Share, Sight, address_of, sight
from okireports.schedule.smtp import Later, Mailer
from okireports.schedule.timing import period_at

PAUSES = (1, 2, 5, 10, 20, 40, 60)  # minutes until the next attempt; the last one is for all others
GIVE_UP = timedelta(hours=24)  # after the run was begun
MOST = 30  # attempts: as many as a day has, whatever the clock says
SENT = ("mail", "webhook")
PASSING = (CenterError, LakeError, EngineError, DeliveryError, Unwritten, OSError, Later)  # may be mended meanwhile


@dataclass(frozen=True)
class Parts:
    """What runs stand on."""

    folder: Folder
    clock: Callable[[], datetime]  # naive UTC
    export: Export
    make_digest: MakeDigest | None = None
    patience: float = 600.0  # seconds for a mail server's last answer
    wait: float = 20.0  # seconds for a load to end; after that the next pass puts runs into the control file


@dataclass
class Attempt:
    """One attempt at a run, on its way."""

    parts: Parts
    schedule: Schedule
    diary: Diary
    zone: str = "UTC"
    period: Period | None = None
    before: Before = field(default_factory=Before)
    sight: Sight | None = None
    left_out: list[str] = field(default_factory=list)  # files that their formats cannot hold
    out: Outbox = field(init=False)

    def __post_init__(self) -> None:
        """Begin with nothing to send."""
        self.out = Outbox(self.parts.folder, self.parts.clock, self.schedule, self.diary)

    def make(self) -> Ending:
        """Do all that can be done now, tell the one whose schedule it is, and write down how it ended."""
        started = time.monotonic()
        self.diary.write("attempt", number=self.diary.attempts + 1, at=self.parts.clock())
        ending = self.given_up(self.worked())
        self.diary.next = None if ending.over else self.again
        if self.told(ending) and ending.over:
            ending = self.given_up(Ending("waiting", ending.reason or self.out.later[0]), ending)
        self.diary.write("worked", seconds=round(time.monotonic() - started, 3))
        if ending.over:
            self.diary.write("over", state=ending.state, reason=ending.reason, at=self.parts.clock())
        else:
            self.diary.write("later", reason=ending.reason, next=self.again)
        return ending

    def worked(self) -> Ending:
        """Do all that can be done now; gives how it ended."""
        try:
            self.work()
        except PASSING as error:
            self.out.later.append(first_line(error))
        except Refused as refusal:
            self.out.note("refused", None, why=refusal.why)
            return Ending("refused", refusal.why)
        except OkiReportsError as error:  # what was asked for is not there any more, or is not taken
            return Ending("failed", first_line(error))
        except Exception as error:  # a fault of the program ends this attempt, and no other schedule's
            self.out.later.append(fault(error))
        if self.out.later:
            return Ending("waiting", "; ".join(dict.fromkeys(self.out.later)))
        refused = [one for one in self.diary.deliveries.values() if one.state == "refused" and one.kind in SENT]
        told = dict.fromkeys([*(one.words for one in refused), *self.left_out])
        return Ending("incomplete" if refused else "done", "; ".join(told))

    def given_up(self, ending: Ending, otherwise: Ending | None = None) -> Ending:
        """How it ended; what is to be tried again has failed once it was tried for a day."""
        begun, attempts = self.diary.begun, self.diary.attempts
        tried_long = begun is not None and self.parts.clock() - begun >= GIVE_UP
        if ending.over or not (tried_long or attempts >= MOST):
            return ending
        return otherwise or Ending("failed", ending.reason)

    @property
    def again(self) -> datetime:
        """When it is tried again: after pauses that grow."""
        return self.parts.clock() + timedelta(minutes=PAUSES[min(self.diary.attempts, len(PAUSES)) - 1])

    def told(self, ending: Ending) -> bool:
        """Tell the one whose schedule it is what she has to know; gives whether that is to be tried again."""
        out = self.out
        if not out.post.host:
            return False
        out.later = []
        try:
            to, address = self.owner()
            with Mailer(out.post, self.parts.patience) as mailer:
                for one in owed(self.schedule, self.diary, ending, self.before, self.sight, self.zone):
                    id = out.id("notice", one.kind, to)
                    if address is not None and not self.diary.sent(id):
                        letter = Letter(one.subject, one.text)
                        out.mail(mailer, NOTICE.format(one.kind), to, address, [], id, letter)
        except Exception as error:  # as in `worked`
            out.later.append(first_line(error) if isinstance(error, PASSING) else fault(error))
        return bool(out.later)

    def owner(self) -> tuple[str, str | None]:
        """Who hears of the run, and where: whose schedule it is, or who is told instead when she is not active."""
        with self.parts.folder.reading() as reading:
            active = reading.con.execute(
                "SELECT 1 FROM control.users WHERE lower(login) = lower(?) AND active", [self.schedule.viewer]
            ).fetchone()
            if active is not None:
                return self.schedule.viewer, address_of(reading.con, self.schedule.viewer)
        return "alerts", self.out.post.alerts or None

    @property
    def reason(self) -> str:
        """Why the run looks, as it is written down."""
        return f"schedule {self.schedule.id}"

    def work(self) -> None:
        """Make, and send."""
        self.look()
        asked = self.schedule.definition
        looked = seen = self.seen()
        assert self.period is not None
        making = Making(
            self.parts.folder,
            self.schedule,
            self.diary,
            self.period,
            self.reason,
            self.out.centre,
            self.parts.export,
            self.parts.make_digest,
        )
        whole = making.destinations(seen)
        if asked.webhook and not whole:
            whole = [making.of(Share("", "", seen.scope.login, seen.scope.projects), seen).exported]
        seen = self.sight = self.makeable(making, seen)
        self.count(seen, [*whole, *(made.exported for made in making.made.values() if not made.stays)])
        if asked.webhook:
            self.unchanged(looked)
            self.out.call(asked.webhook, whole[0], seen.scope.projects)
        with Mailer(self.out.post, self.parts.patience) as mailer:
            for share, projects in self.messages(seen):
                letter = self.letter(share, projects, making, seen)
                self.unchanged(looked)
                self.out.send(mailer, share.recipient, share.address, projects, letter)

    def look(self) -> None:
        """What holds now: the zone, the period of the due time, and how mail is sent."""
        with self.parts.folder.reading() as reading:
            settings = access.settings_at(reading.con, self.parts.clock())
            first = reading.con.execute("SELECT hash FROM control.audit ORDER BY seq LIMIT 1").fetchone()
            self.out.centre = str(first[0]) if first else ""
            self.out.post = Post.read(reading.con)
        self.zone = settings["timezone"]
        self.period = period_at(self.schedule.definition.period, self.diary.due, self.zone, int(settings["week_start"]))

    def seen(self) -> Sight:
        """Who may get what now; who gets nothing is written down."""
        with self.parts.folder.reading() as reading:
            seen = sight(reading.con, self.schedule.viewer, self.schedule.definition, self.reason, self.parts.clock())
        self.out.keep(seen.kept)
        return seen

    def unchanged(self, looked: Sight) -> None:
        """Look once more before something goes out: files may have taken long to make.

        Raises:
            Refused: the viewer may not have them any more.
            Later: somebody may have less, more or otherwise; the next attempt makes what she may have now.
        """
        if self.seen() != looked:
            raise Later("Who may see what changed while the files were made.")

    def makeable(self, making: Making, seen: Sight) -> Sight:
        """Make what messages are made of; who may not have all that is asked for, in her own name, gets nothing."""
        shares = []
        for share in seen.shares:
            try:
                if self.left(share):
                    making.of(share, seen)
            except PASSING:
                raise
            except OkiReportsError:
                if share.viewer == seen.scope.login:
                    raise
                kept = tuple(Kept(share.recipient, project, LESS) for project in share.projects)
                self.out.keep(kept)
                seen = replace(seen, kept=(*seen.kept, *kept))
            else:
                shares.append(share)
        return replace(seen, shares=tuple(shares))

    def messages(self, seen: Sight) -> Iterator[tuple[Share, tuple[Project, ...]]]:
        """What is still to be sent: one project in a message, or all to who may see all, where that is asked for."""
        for share in seen.shares:
            left = self.left(share)
            if self.schedule.definition.together and left and left == seen.scope.projects:
                yield share, left
            else:
                yield from ((share, (project,)) for project in left)

    def left(self, share: Share) -> tuple[Project, ...]:
        """The projects of which a recipient has not got the files yet."""
        had = self.diary.had(share.recipient)
        return tuple(project for project in share.projects if project.id not in had)

    def letter(self, share: Share, projects: tuple[Project, ...], making: Making, seen: Sight) -> Letter:
        """Write one message."""
        assert self.period is not None
        made = making.of(share, seen)
        digests = [making.digest(made, project) for project in projects]
        return letters.of_projects(self.schedule, self.period, projects, made, digests, self.out.post)

    def count(self, seen: Sight, made: Sequence[Exported]) -> None:
        """Write down what was made."""
        files = [file for one in made for folder in one.projects for file in folder.files]
        projects = [project.id for project in seen.scope.projects]
        size = sum(file.bytes for file in files)
        told = [f"{folder.name}: {why}" for one in made for folder in one.projects for why in folder.left_out]
        self.left_out = [f"left out: {line}" for line in dict.fromkeys(told)]
        self.diary.write("made", projects=projects, files=len(files), bytes=size)


def fault(error: Exception) -> str:
    """A fault of the program, in one line."""
    return f"{type(error).__name__}: {first_line(error)}"
