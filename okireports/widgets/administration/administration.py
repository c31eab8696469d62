"""Administration in a notebook: projects as tiles, the open one's members and objects, the change log beside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from typing import Any

import ipywidgets

from okireports import admin, audit
from okireports.admin import Changes
from okireports.audit import Entry
from okireports.disk import Folder
from okireports.errors import ChangeError, OkiReportsError, Refused
from okireports.widgets.administration.log import Log
from okireports.widgets.administration.members import Members
from okireports.widgets.administration.objects import Objects
from okireports.widgets.administration.projects import Settings, Tiles
from okireports.widgets.administration.sight import Sight, looking
from okireports.widgets.life import GONE, close_all, held, looks
from okireports.widgets.parts import button, field, heading, named, place, sentence, shown, words

Clock = Callable[[], datetime]


class Administration(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets ships no types
    """What an administrator sees and changes; made by `center.admin`.

    Each change is made by the methods of `center.projects`, under her login and the reason that stands in the widget.
    What she may see is looked up anew at each step, and when another one has changed the centre.
    """

    panels: tuple[Any, ...] = ()  # none yet, where it is refused

    def __init__(self, folder: Folder, clock: Clock, actor: str, reason: str, watch: float | None = 2.0) -> None:
        self.folder, self.clock, self.actor, self.why = folder, clock, actor, reason
        self.project: int | None = None
        self.generation, self.lost = GONE, False
        self.lock = threading.RLock()  # callbacks come on several threads
        self.over = threading.Event()
        folder.changeable()
        self.begin()
        self.who = words(heading(f"Administration: {named(actor)}"))
        self.status, self.top = words(), place()
        self.where = self.top
        self.reason = field("Reason", "why: it is kept with the next change")
        self.again = button("Refresh", "Look again at what is published", self.looked_again)
        self.tiles, self.settings = Tiles(self), Settings(self)
        self.members, self.objects, self.entries = Members(self), Objects(self), Log(self)
        self.panels = (self.tiles, self.settings, self.members, self.objects, self.entries)
        self.places = (self.top, self.tiles.said, self.settings.said, self.members.said, self.objects.said)
        left = ipywidgets.VBox([self.tiles.box], layout={"flex": "1 1 20em"})
        middle = ipywidgets.VBox([self.settings.box, self.members.box, self.objects.box], layout={"flex": "3 1 32em"})
        right = ipywidgets.VBox([self.entries.box], layout={"flex": "3 1 52em", "overflow": "auto"})
        parts = ipywidgets.Box([left, middle, right], layout={"flex_flow": "row wrap", "grid_gap": "1em"})
        super().__init__([self.who, self.reason, self.again, self.top, parts])
        self.refresh()
        if watch:
            threading.Thread(target=self.watch, args=(watch,), name="okireports-admin", daemon=True).start()

    def __repr__(self) -> str:
        """Nothing of what it shows: a saved notebook keeps this."""
        return f"<Administration for {self.actor}>"

    @property
    def chosen(self) -> int:
        """The project that is open; 0: none."""
        return self.project or 0

    def begin(self) -> None:
        """Check that she may administer anything, and write down that she looks.

        Raises:
            UnknownViewer: there is no such person.
            Refused: she may arrange nothing.
        """
        try:
            with looking(self.folder, self.actor, self.why, self.now) as sight:
                scope = sight.scope
                self.actor = scope.login
        except Refused as refusal:
            audit.note(
                self.folder.journal, Entry(str(self.actor), "refused", "administration", "centre", reason=refusal.why)
            )
            raise
        entry = Entry(scope.login, "begin administration", "administration", "centre", reason=scope.reason)
        audit.note(self.folder.journal, entry, must=scope.everything)

    @property
    def now(self) -> datetime:
        """The centre's clock, as naive UTC in whole milliseconds."""
        at = self.clock().astimezone(UTC).replace(tzinfo=None)
        return at.replace(microsecond=at.microsecond // 1000 * 1000)

    def refresh(self) -> None:
        """Look anew at what is published, and at what she may see of it."""
        with self.lock:
            try:
                generation = self.folder.current().generation
                with looking(self.folder, self.actor, self.why, self.now) as sight:
                    self.show(sight)
                self.generation = generation
                if self.lost:
                    self.lost, self.status.value = False, ""
                self.stand()
            except (OkiReportsError, OSError) as error:
                self.forget()
                self.stand()
                self.say(error)
                self.lost = True

    def show(self, sight: Sight) -> None:
        """Fill in what may be seen now."""
        chosen = sight.project(self.project)
        if self.project is not None and chosen is None:
            self.opened(None)
        for panel in self.panels:
            panel.show(sight, chosen)

    def forget(self) -> None:
        """Show nothing any more."""
        self.project, self.generation, self.where = None, GONE, self.top
        for panel in self.panels:
            panel.clear()

    def opened(self, project: int | None) -> None:
        """Another project is open, or none: nothing of the one before stays in the controls."""
        self.project = project
        for panel in (self.settings, self.members, self.objects):
            panel.clear()

    def choose(self, project: int | None) -> None:
        """Open a project."""
        with self.lock:
            self.opened(project)
            self.unsaid()
            self.refresh()

    def make(self, where: Any, done: str, change: Callable[[Changes], object]) -> bool:
        """Make a change for the reason that stands in the widget; what became of it is said in a place."""
        with self.lock:
            self.status.value, self.where = "", where
            try:
                if not self.reason.value.strip():
                    raise ChangeError("Say why in the field Reason: it is kept with the change.")
                with admin.several(self.folder, self.clock, self.actor, self.reason.value) as changes:
                    change(changes)
            except (OkiReportsError, OSError) as error:
                self.refresh()
                self.say(error)
                return False
            self.reason.value = ""
            self.refresh()
            if not self.lost:
                self.status.value = sentence("status", done)
            return True

    def stand(self) -> None:
        """Let the status stand beside what it is about; above all, where that is not shown any more.

        It is taken away before it is put elsewhere, and told what to say where it stands: what stood in two places for
        a moment would be read out twice.
        """
        where = self.where if any(self.where in panel.box.children for panel in self.panels) else self.top
        for each in self.places:
            if each is not where:
                shown(each, [])
        shown(where, [self.status])

    def unsaid(self) -> None:
        """Say nothing any more."""
        self.status.value, self.where = "", self.top

    def say(self, error: Exception) -> None:
        """An error, as a sentence in place."""
        self.status.value = sentence("alert", escape(str(error)))

    def looked_again(self) -> None:
        """Look again, when asked to."""
        self.unsaid()
        self.refresh()

    def watch(self, seconds: float) -> None:
        """Look again when another writer has published, until it is closed."""
        for generation, due in looks(self.folder, self.over, seconds):
            if due or generation != self.generation:
                self.refresh()

    def close(self) -> None:
        """Close it with all that is in it, and watch no more."""
        if self.panels:
            self.over.set()
            with self.lock:
                parts = held(self, self.panels)
                self.forget()
                close_all(parts, self)
        super().close()
