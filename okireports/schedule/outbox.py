"""What a run sends: each thing has a line in the diary before it is handed over and after it was taken.

What goes out, and what is kept back, stands in the journal first, project by project: a thing that cannot be written
down does not go out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from okireports import audit
from okireports.access import Project
from okireports.audit import Entry
from okireports.delivery import Exported
from okireports.disk import Folder
from okireports.schedule.diary import Delivery, Diary
from okireports.schedule.message import Letter, built, token
from okireports.schedule.post import Post
from okireports.schedule.rows import Schedule
from okireports.schedule.sight import UNKNOWN, Kept
from okireports.schedule.smtp import Later, Mailer, Never
from okireports.schedule.webhook import post_manifest


@dataclass
class Outbox:
    """What one run sends, and by which settings."""

    folder: Folder
    clock: Callable[[], datetime]  # naive UTC
    schedule: Schedule
    diary: Diary
    centre: str = ""  # what tells this centre from others in message ids
    post: Post = field(default_factory=Post)
    later: list[str] = field(default_factory=list)  # what is to be tried again, in words

    def id(self, *parts: object) -> str:
        """What is told of something that this run sends: the same whenever it is sent again."""
        return token(self.centre, self.schedule.id, self.diary.due.isoformat(), *parts)

    def keep(self, kept: Iterable[Kept]) -> None:
        """Write down who gets nothing of what."""
        for one in kept:
            id = self.id(one.recipient, [one.project.id])
            known = self.diary.deliveries.get(id)
            got = one.project.id in self.diary.had(one.recipient)  # before it was lost, with others in one message
            if not got and (known is None or known.state == "sending"):
                place = None if one.why == UNKNOWN else one.project  # its members do not read who works elsewhere
                self.note("withhold", place, one.recipient, one.why)
                self.tell("mail", one.recipient, [one.project.id], id, "withheld", one.why)

    def send(self, mailer: Mailer, recipient: str, address: str, projects: Sequence[Project], letter: Letter) -> None:
        """Send files of projects."""
        ids = [project.id for project in projects]
        id = self.id(recipient, ids)
        self.note_sending(id, recipient, projects)
        self.mail(mailer, "mail", recipient, address, ids, id, letter)

    def mail(
        self, mailer: Mailer, kind: str, recipient: str, address: str, projects: list[int], id: str, letter: Letter
    ) -> None:
        """Hand a message to the mail server."""
        self.tell(kind, recipient, projects, id, "sending", "")
        if not self.post.host:
            self.later.append("No mail server is set: see `okireports schedule post`.")
            return
        language = self.schedule.definition.language
        message = built(letter, token=id, sender=self.post.sender, to=address, at=self.clock(), language=language)
        self.handed_over(kind, recipient, projects, id, lambda: mailer.send(message, address))

    def call(self, url: str, exported: Exported, projects: Sequence[Project]) -> None:
        """Send the manifest to the webhook, unless it was."""
        id = self.id("webhook", url)
        if not self.diary.sent(id):
            self.note_sending(id, "webhook", projects)
            ids = [project.id for project in projects]
            self.tell("webhook", url, ids, id, "sending", "")
            post = lambda: post_manifest(url, exported.manifest, self.post, id=id, at=self.clock())  # noqa: E731
            self.handed_over("webhook", url, ids, id, post)

    def handed_over(self, kind: str, recipient: str, projects: list[int], id: str, give: Callable[[], str]) -> None:
        """Give something away, and write down what the other side said."""
        try:
            answer = give()
        except Later as error:
            self.later.append(str(error))
        except Never as error:
            self.tell(kind, recipient, projects, id, "refused", str(error))
        else:
            self.tell(kind, recipient, projects, id, "accepted", answer)

    def tell(self, kind: str, recipient: str, projects: list[int], id: str, state: str, words: str) -> None:
        """Write into the diary what became of a delivery."""
        told = Delivery(kind, recipient, projects, id, state, self.clock().isoformat(), words)
        self.diary.write("delivery", **vars(told))

    def note_sending(self, id: str, recipient: str, projects: Iterable[Project]) -> None:
        """Write into the journal that something goes out; of what is sent again that stands there already.

        Raises:
            Refused: the journal cannot be written, and then nothing goes out.
        """
        known = self.diary.deliveries.get(id)
        for project in projects if known is None or known.state == "withheld" else ():
            self.note("send", project, recipient)

    def note(self, action: str, project: Project | None, recipient: str = "", why: str = "") -> None:
        """Write something into the journal."""
        told = {"recipient": recipient, "due": self.diary.due} | ({"why": why} if why else {})
        entry = Entry(
            self.schedule.viewer,
            action,
            "schedule",
            str(self.schedule.id),
            None if project is None else project.id,
            after=json.dumps(told, default=str, ensure_ascii=False, sort_keys=True) if recipient else None,
            reason=f"schedule {self.schedule.id}" if recipient else why,
        )
        audit.note(self.folder.journal, entry, must=action == "send")
