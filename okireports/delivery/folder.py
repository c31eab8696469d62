"""The folder of one project: reports, tables and digest, each asked for in a scope of that project alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from okireports import export
from okireports.access import Project
from okireports.delivery.asking import Asking, Page, Plan, Wanted
from okireports.delivery.facts import Facts
from okireports.delivery.manifest import NAME, SCHEMA, Entry, Record, key_of, made_with
from okireports.delivery.naming import folder_of
from okireports.delivery.order import File, ProjectFolder
from okireports.delivery.stretch import Part, Stretch
from okireports.delivery.target import Target
from okireports.errors import ResultTooLarge
from okireports.tables import FACTS

Step = Callable[..., None]  # takes what is being made, and with advance= how many projects are finished
WRITERS = min(os.cpu_count() or 1, 4)  # files of tables that are written at the same time
DIGEST = "digest"


@dataclass
class Making:
    """A project's folder on its way."""

    planned: Plan
    asking: Asking
    project: Project
    opened: Facts
    record: Record
    step: Step
    entries: list[Entry] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    made: set[str] = field(default_factory=set)

    @classmethod
    def begun(
        cls, target: Target, planned: Plan, asking: Asking, project: Project, opened: Facts, step: Step
    ) -> Making:
        """Begin, or go on."""
        record = Record.begun(target, folder_of(project.id, project.name))
        return cls(planned, asking, project, opened, record, step)

    @property
    def name(self) -> str:
        """What the folder is called."""
        return self.record.folder

    @property
    def described(self) -> dict[str, Any]:
        """What manifests say of the project."""
        return {
            "id": self.project.id,
            "name": self.project.name,
            "folder": self.name,
            "definitions": self.opened.definitions,
        }

    def make(self) -> None:
        """Make all files that are not there yet."""
        for wanted in self.planned.reports:
            self.step(f"{self.project.name}: {wanted.report.name}")
            self.report(wanted)
        if self.planned.page:
            self.step(f"{self.project.name}: {DIGEST}")
            self.digest(self.planned.page)
        self.tables()
        for told in (self.entries, self.left_out):
            told.sort(key=lambda entry: str(entry["path"]))

    def report(self, wanted: Wanted) -> None:
        """Make the files of a report: it is asked once, and not at all where all of them are there."""
        order, result = self.planned.order, None
        for format in order.formats:
            about = {"what": wanted.report.name, "kind": "report", "format": format, "options": {**wanted.options}}
            question = {"options": wanted.checked, "now": wanted.now, "language": order.language}
            path = f"{wanted.stem}.{format}"
            if not wanted.report.own and self.found(path, about, question):  # one of her own may mean another today
                continue
            if result is None:
                result = self.asking.report(
                    wanted.report.name, period=order.period, projects=[self.project.id], **wanted.options
                )
            answer = result
            self.put(
                path,
                {**about, "rows": answer.answer.rows.count},
                question,
                lambda to, answer=answer: answer.save(to, language=order.language),  # type: ignore[misc]
            )

    def digest(self, page: Page) -> None:
        """Make the page about the project."""
        path, order = f"{DIGEST}.html", self.planned.order
        about = {"what": DIGEST, "kind": DIGEST, "format": "html", "rows": None}
        question = {"now": page.now, "language": order.language}
        if page.refused:
            self.left_out.append({"path": path, "why": page.refused})
        elif not self.found(path, about, question):
            from okireports.delivery.digest import made

            html = made(self.asking, self.project.id, order.period, order.language).html

            def save(to: Path) -> None:
                with export.appearing(to) as file:
                    file.write(html.encode())

            self.put(path, about, question, save)

    def tables(self) -> None:
        """Make the files of the tables, several at a time."""
        with ThreadPoolExecutor(WRITERS) as pool:
            coming = []
            for format in self.planned.order.formats_of_tables:
                todo = [part for part in self.opened.parts if not self.found(*self.part(part, format))]
                for stretch in self.opened.stretches(todo, WRITERS):
                    coming.append((stretch.source, pool.submit(self.stretch, stretch, format)))
            try:
                for source, made in coming:
                    self.step(f"{self.project.name}: {source}")
                    made.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def stretch(self, stretch: Stretch, format: str) -> None:
        """Make the files of some consecutive months of a table."""
        for piece in stretch.pieces():
            path, about, question = self.part(piece.part, format)
            meta = self.meta(piece.part) | question
            self.put(path, about, question, lambda to, piece=piece, meta=meta: export.save(to, rows=piece, meta=meta))  # type: ignore[misc]

    def part(self, part: Part, format: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Of a file of a table: where it lies, what it is, and what it depends on beside that."""
        about = {"what": part.source, "kind": "table", "month": part.name, "format": format, "rows": part.count}
        question = {"language": self.planned.order.language} if format == "xlsx" else {}  # others have no headings
        return f"{part.source}/{part.name}.{format}", about, question

    def meta(self, part: Part) -> dict[str, Any]:
        """What a file of a table says beside its rows."""
        period = self.planned.period
        provenance = {
            "table": part.source,
            "month": part.name,
            "viewer": self.planned.scope.called,
            "projects": [self.project.name],
            "period": period.words,
            "zone": period.zone,
        }
        grain = FACTS[part.source].grain
        return {"title": part.source, "description": grain, "period": period.words, "provenance": provenance}

    def found(self, path: str, about: Mapping[str, Any], question: Mapping[str, Any]) -> bool:
        """Is a file there already, and the same as it would be now?"""
        entry = self.record.found(path, self.key(path, about, question))
        if entry is not None:
            self.entries.append(entry)
        return entry is not None

    def put(
        self, path: str, about: Mapping[str, Any], question: Mapping[str, Any], save: Callable[[Path], object]
    ) -> None:
        """Make a file and take it down; one that its format cannot hold is left out, which is said."""
        try:
            size, sha256 = self.record.target.put(self.record.named(path), save)
        except ResultTooLarge as problem:
            self.left_out.append({"path": path, "why": str(problem)})
            return
        key = self.key(path, about, question)
        entry = {"path": path, **about, "bytes": size, "sha256": sha256, "key": key}
        self.record.note(entry)
        self.made.add(path)
        self.entries.append(entry)

    def key(self, path: str, about: Mapping[str, Any], question: Mapping[str, Any]) -> str:
        """What a file answers, and for whom."""
        planned, scope = self.planned, self.planned.scope
        whose = [scope.called, scope.role, scope.reason, sorted(scope.rights), sorted(scope.reports)]
        state = [planned.generation, planned.change_log, planned.week_start]
        period = [planned.period.start, planned.period.end, planned.period.words, planned.period.zone]
        what = {name: value for name, value in about.items() if name not in ("rows", "options")}
        return key_of(
            {
                "made_with": [SCHEMA, made_with()],
                "viewer": whose,
                "project": [self.project.id, self.project.name],
                "state": state,
                "period": period,
                "path": path,
                "what": what,
                "question": question,
            }
        )

    def take_back(self) -> None:
        """Take away what is of a state that was dropped, because of somebody who is in it, made now or found there."""
        for path in (NAME, *(str(entry["path"]) for entry in self.entries)):
            self.record.target.remove(self.record.named(path))

    def result(self, place: str) -> ProjectFolder:
        """The folder as it is given to whoever asked for it."""
        listed = tuple(
            File(e["path"], e["what"], e["format"], e["rows"], e["bytes"], e["sha256"], e["path"] in self.made)
            for e in self.entries
        )
        left_out = tuple(f"{left['path']}: {left['why']}" for left in self.left_out)
        return ProjectFolder(self.project.id, self.project.name, f"{place}/{self.name}", listed, left_out)
