"""The schedules of a centre, and changes to them: each names its actor and reason, and is written down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from okireports.access import VALID
from okireports.admin import Change, Part
from okireports.admin.change import demand_whole_centre, proper
from okireports.errors import BadOption, ChangeError
from okireports.run import Names
from okireports.schedule import telling
from okireports.schedule.attempt import Parts
from okireports.schedule.definition import Definition, checked_address
from okireports.schedule.ownership import MANAGES, log, row_of, settled, viewer_of, with_values
from okireports.schedule.parts import Export, MakeDigest
from okireports.schedule.post import Post, checked, checked_whole
from okireports.schedule.runner import Outcome, Runner
from okireports.schedule.sight import SCHEDULES

OF_PROJECT = "lower(address) = lower($address) AND project_id = $project"


@dataclass(frozen=True)
class Schedules(Part):
    """What runs by itself. A schedule is its viewer's: what it makes is what she may see when it runs."""

    export: Export | None = field(default=None, repr=False)
    make_digest: MakeDigest | None = field(default=None, repr=False)

    @property
    def frame(self) -> pd.DataFrame:
        """schedule_id, name, viewer, cron, period, projects, state, next_due, last_due, last_state, last_reason."""
        return telling.listed(self.folder, self.now)

    def history(self, schedule_id: int | None = None) -> pd.DataFrame:
        """The runs, newest first: due, begun, ended, state, reason, attempts, stands_for, work_s, files, bytes."""
        return telling.runs(self.folder, schedule_id)

    def deliveries(self, schedule_id: int | None = None) -> pd.DataFrame:
        """What runs sent, or kept back: due, kind, recipient, projects, state, at, words, message_id."""
        return telling.deliveries(self.folder, schedule_id)

    def create(
        self,
        name: str,
        *,
        viewer: str,
        cron: str,
        period: str,
        projects: Names = None,
        actor: str = "",
        reason: str = "",
        **values: Any,
    ) -> int:
        """Add a schedule; gives its id.

        Args:
            name: as people call it.
            viewer: whose it is, and in whose name files are made; she needs the rights `schedule` and `export`. Who
                makes it for another needs `manage_access`, and sees all that she sees of the projects.
            cron: when, on the centre's clock: "0 6 * * 1-5", "@daily".
            period: of what time, seen from when it is due: "yesterday", "last week", "last month", "last 7 days".
            projects: some of hers, by name or id; None: each of hers, as they are when it runs.
            actor: who makes it.
            reason: why.
            values: reports (names, (name, options), "*"), tables (names, "*"), formats, digest, language ("en", "pl"),
                destinations (folders, s3://...), recipients (logins), addresses (of people outside; see `allow`),
                webhook, together (one message of all projects to who may see them all).

        Raises:
            BadOption, BadPeriod, UnknownName, UnknownReport: something that cannot be read, or is not hers.
            Refused: she, or the actor, lacks a right.
        """
        proper("name", name)
        with self.changing(SCHEDULES, actor, reason) as change:
            scope = viewer_of(change, viewer, projects)
            named = None if projects is None else tuple((p.id, p.name) for p in scope.projects)
            given = with_values(Definition("", "", named), {"cron": cron, "period": period, **values})
            definition = settled(change, given, scope, self.folder.path)
            schedule_id = change.next_id("schedules", "schedule_id")
            row = {"schedule_id": schedule_id, "name": name, "viewer_id": scope.user_id}
            times = {"created_at": change.now, "since": change.now}
            change.add("schedules", row | {"definition": definition.text} | times)
            log(change, "create schedule", schedule_id, {}, {"name": name, "viewer": scope.login} | said(definition))
            return schedule_id

    def change(self, schedule_id: int, *, actor: str = "", reason: str = "", **values: Any) -> None:
        """Change what a schedule says: name, cron, period, projects, and what `create` takes beside these.

        Where cron or period change, what was due before is not made up for.
        """
        if not values:
            raise ChangeError("Say what to change: cron, period, projects, reports, recipients, ...")
        with self.changing(SCHEDULES, actor, reason) as change:
            row = row_of(change, schedule_id)
            before = Definition.read(row["definition"])
            wanted = values.pop("projects", before.projects and [id for id, _ in before.projects])
            scope = viewer_of(change, row["login"], wanted)
            name = proper("name", values.pop("name", row["name"]))
            named = None if wanted is None else tuple((p.id, p.name) for p in scope.projects)
            given = with_values(replace(before, projects=named), values)
            definition = settled(change, given, scope, self.folder.path)
            anew = (definition.cron, definition.period) != (before.cron, before.period)
            change.con.execute(
                """UPDATE control.schedules SET name = $name, definition = $definition,
                since = CASE WHEN $anew THEN $now ELSE since END WHERE schedule_id = $id""",
                {"name": name, "definition": definition.text, "anew": anew, "now": change.now, "id": schedule_id},
            )
            was, then = ({"name": n} | said(d) for n, d in ((row["name"], before), (name, definition)))
            log(change, "change schedule", schedule_id, was, then)

    def pause(self, schedule_id: int, *, actor: str = "", reason: str = "") -> None:
        """Let a schedule rest; what waits to be tried again is dropped."""
        with self.changing(SCHEDULES, actor, reason) as change:
            row = row_of(change, schedule_id)
            if row["paused_at"] is not None:
                raise ChangeError(f"The schedule {schedule_id} is paused already.")
            ended(change, "pause schedule", row, "paused_at = $now")

    def resume(self, schedule_id: int, *, actor: str = "", reason: str = "") -> None:
        """Let a schedule run again, from now on: what was due meanwhile is not made up for."""
        with self.changing(SCHEDULES, actor, reason) as change:
            row = row_of(change, schedule_id)
            if row["paused_at"] is None:
                raise ChangeError(f"The schedule {schedule_id} is not paused.")
            ended(change, "resume schedule", row, "paused_at = NULL, since = $now")

    def remove(self, schedule_id: int, *, actor: str = "", reason: str = "") -> None:
        """End a schedule; its runs stay in the history."""
        with self.changing(SCHEDULES, actor, reason) as change:
            ended(change, "remove schedule", row_of(change, schedule_id), "removed_at = $now")

    def allow(self, address: str, project: str | int, *, actor: str = "", reason: str = "") -> None:
        """Let an outside address get files of a project of the actor's; the right `manage_access` is needed."""
        checked_address(address)
        with self.changing(MANAGES, actor, reason) as change:
            id, name = change.project(project)
            bound = f"SELECT 1 FROM control.addresses WHERE {OF_PROJECT} AND {VALID}"
            values = {"address": address, "project": id, "now": change.now}
            if change.con.execute(bound, values).fetchone():
                raise ChangeError(f"{address} gets files of {name} already.")
            change.add("addresses", {"address": address, "project_id": id, "valid_from": change.now})
            change.log("allow address", "address", name, {}, {"address": address}, id)

    def disallow(self, address: str, project: str | int, *, actor: str = "", reason: str = "") -> None:
        """Let an outside address get nothing of a project any more."""
        with self.changing(MANAGES, actor, reason) as change:
            id, name = change.project(project, archived=True)
            if not change.end("addresses", OF_PROJECT, address=address, project=id):
                raise ChangeError(f"{address} gets nothing of {name}.")
            change.log("disallow address", "address", name, {"address": address}, {}, id)

    @property
    def post(self) -> dict[str, str]:
        """How mail and webhooks are sent: host, port, security, user, sender, and where secrets are found."""
        with self.folder.reading() as reading:
            return dict(vars(Post.read(reading.con)))

    def set_post(self, *, actor: str = "", reason: str = "", **values: object) -> None:
        """Change how mail and webhooks are sent; the right `operate` is needed, of one who sees the whole centre.

        Args:
            actor: who changes.
            reason: why.
            values: host, port, security ("starttls", "tls", "none"), user, password_env or password_file (where the
                password is; it is not kept), ca_file, sender, alerts, limit_mb, timeout_s, webhook_env, webhook_file.
        """
        told = checked(values)
        if not told:
            raise ChangeError("Say which setting to change, such as host='mail.example.com'.")
        with self.changing("operate", actor, reason) as change:
            demand_whole_centre(change, "Mail is sent")
            before = vars(Post.read(change.con))
            checked_whole(replace(Post(**before), **told))
            for key, value in told.items():
                change.con.execute("DELETE FROM control.post WHERE key = ?", [key])
                change.add("post", {"key": key, "value": value})
            change.log("change post", "post", "mail", {key: before[key] for key in told}, told)

    def run(self, schedule_id: int) -> list[Outcome]:
        """Run one schedule now, due or not."""
        return self.runner.one(schedule_id)

    def run_due(self) -> list[Outcome]:
        """Run all that is due, make up for what was missed, and try again what waits."""
        return self.runner.due()

    @property
    def runner(self) -> Runner:
        """What runs them."""
        self.folder.changeable()
        if self.export is None:
            raise BadOption("These schedules can be read and changed, and nothing here makes files for them.")
        return Runner(Parts(self.folder, lambda: self.now, self.export, self.make_digest))


def ended(change: Change, action: str, row: dict[str, Any], values: str) -> None:
    """Let a schedule begin or stop to run."""
    change.con.execute(
        f"UPDATE control.schedules SET {values} WHERE schedule_id = $id", {"now": change.now, "id": row["schedule_id"]}
    )
    told = {"name": row["name"]} | said(Definition.read(row["definition"]))
    log(change, action, row["schedule_id"], *(({}, told) if action == "resume schedule" else (told, {})))


def said(definition: Definition) -> dict[str, Any]:
    """A definition as the change log has it."""
    told: dict[str, Any] = json.loads(definition.text)
    return {key: value for key, value in told.items() if value not in (None, [], False)}
