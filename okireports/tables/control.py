"""The control file's tables: people, projects, objects, definitions, loads and the list of segments. All are small."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Control:
    """A table of the control file.

    `given` names the columns of canonical input where the table can be loaded from a folder; required ones end with
    an exclamation mark. `key` names those by which a definition is known: a row with the same key replaces it.
    """

    name: str
    columns: tuple[tuple[str, str], ...]
    given: tuple[str, ...] = ()
    key: tuple[str, ...] = ()

    @property
    def ddl(self) -> str:
        """The statement that makes it."""
        columns = ", ".join(f'"{name}" {type}' for name, type in self.columns)
        return f'CREATE TABLE "{self.name}" ({columns})'

    @property
    def required(self) -> frozenset[str]:
        """The columns of canonical input without which a file is refused."""
        return frozenset(name[:-1] for name in self.given if name.endswith("!"))

    @property
    def known(self) -> frozenset[str]:
        """All the columns that canonical input may have."""
        return frozenset(name.removesuffix("!") for name in self.given)

    @property
    def dated(self) -> bool:
        """Does one of its definitions hold from an instant on, until the next one with the same key?"""
        return "valid_from" in self.key

    def stored(self, given: str) -> str:
        """The column in which a column of canonical input is kept: a name becomes an id."""
        if given in dict(self.columns):
            return given
        return "user_id" if given == "login" else f"{given}_id"

    def versions(self) -> str:
        """SQL of its rows; each of a dated one ends where the next one of the same key begins, if not before."""
        if not self.dated:
            return f"SELECT * FROM control.{self.name}"
        same = ", ".join(f'"{self.stored(name)}"' for name in self.key if name != "valid_from")
        following = f"lead(valid_from) OVER (PARTITION BY {same} ORDER BY valid_from NULLS FIRST)"
        return f"SELECT * REPLACE (least(valid_to, {following}) AS valid_to) FROM control.{self.name}"


def table(name: str, columns: str, given: str = "", key: str = "") -> Control:
    """Declare a table: columns as `name TYPE, name TYPE`, the names of canonical input with spaces between."""
    pairs = (column.strip().split(" ", 1) for column in re.split(r",(?![^(]*\))", columns) if column.strip())
    return Control(name, tuple((c, t) for c, t in pairs), tuple(given.split()), tuple(key.split()))


INSTANT = "TIMESTAMP"
MONEY = "DECIMAL(18,6)"
VALID = f"valid_from {INSTANT}, valid_to {INSTANT}"

CONTROL: dict[str, Control] = {
    t.name: t
    for t in (
        table("settings", "key VARCHAR, value VARCHAR"),
        table("setting_changes", f"key VARCHAR, value VARCHAR, valid_from {INSTANT}"),  # over `settings`, from then on
        table(
            "projects",
            f"project_id BIGINT, name VARCHAR, description VARCHAR, client VARCHAR, created_at {INSTANT}, "
            f"archived_at {INSTANT}",
            "name! description client created_at",
        ),
        table("roles", "role VARCHAR, preset BOOLEAN, rights VARCHAR[], reports VARCHAR[]"),
        table(
            "users",
            "user_id BIGINT, login VARCHAR, name VARCHAR, email VARCHAR, role VARCHAR, active BOOLEAN",
            "login! name email role active groups",
        ),
        table("groups", "group_id BIGINT, name VARCHAR", "name!", "name"),
        table(
            "group_members",
            f"group_id BIGINT, user_id BIGINT, {VALID}",
            "group! login! valid_from valid_to",
            "group login valid_from",
        ),
        table("memberships", f"user_id BIGINT, project_id BIGINT, {VALID}", "login! project! valid_from valid_to"),
        table(
            "objects",
            "object_id BIGINT, kind VARCHAR, name VARCHAR, source_id VARCHAR, attributes VARCHAR",
            "kind! name! source_id attributes project",
        ),
        table(
            "project_objects",
            f"object_id BIGINT, project_id BIGINT, {VALID}",
            "kind! name! project! valid_from valid_to",
        ),
        table(
            "targets",
            f"queue_id BIGINT, valid_from {INSTANT}, answer_within_s DOUBLE, short_abandon_s DOUBLE, goal DOUBLE, "
            f"reply_within_s DOUBLE, valid_to {INSTANT}",
            "queue! valid_from valid_to answer_within_s! short_abandon_s goal reply_within_s",
            "queue valid_from",
        ),
        table(
            "hours",
            f"queue_id BIGINT, weekday BIGINT, opens TIME, closes TIME, holidays DATE[], {VALID}",
            "queue! weekday! opens closes holidays valid_from valid_to",
            "queue weekday valid_from",
        ),
        table(
            "kpis",
            "kpi VARCHAR, role VARCHAR, group_id BIGINT, project_id BIGINT, metric VARCHAR, comparison VARCHAR, "
            f"target DOUBLE, weight DOUBLE, {VALID}",
            "kpi! role group project metric! comparison! target! weight valid_from valid_to",
            "kpi role group project valid_from",
        ),
        table(
            "tariffs",
            "project_id BIGINT, status VARCHAR, free_s BIGINT, first_s BIGINT, step_s BIGINT, "
            f"price_per_min {MONEY}, currency VARCHAR, free_is_deducted BOOLEAN, {VALID}",
            "project! status! free_s! first_s! step_s! price_per_min! currency free_is_deducted valid_from valid_to",
            "project status valid_from",
        ),
        table(
            "contracts",
            "project_id BIGINT, term VARCHAR, metric VARCHAR, comparison VARCHAR, target DOUBLE, unit VARCHAR, "
            f"price {MONEY}, penalty {MONEY}, bonus {MONEY}, cap {MONEY}, currency VARCHAR, exclusions VARCHAR, "
            f"{VALID}",
            "project! term! metric! comparison target unit price penalty bonus cap currency exclusions valid_from "
            "valid_to",
            "project term valid_from",
        ),
        table(
            "activities",
            f"activity VARCHAR, status VARCHAR, {VALID}",
            "activity! status! valid_from valid_to",
            "activity status valid_from",
        ),
        table(
            "away_reasons",
            f"reason VARCHAR, allowed_s BIGINT, paid BOOLEAN, {VALID}",
            "reason! allowed_s paid valid_from valid_to",
            "reason valid_from",
        ),
        table(
            "results",
            "project_id BIGINT, result VARCHAR, person BOOLEAN, sale BOOLEAN, final BOOLEAN",
            "project! result! person sale final",
            "project result",
        ),
        table(
            "stages",
            "form_id BIGINT, stage VARCHAR, position BIGINT, lost BOOLEAN",
            "form! stage! position! lost",
            "form stage",
        ),
        table(
            "imports",
            f"import VARCHAR, dialer_id BIGINT, imported_at {INSTANT}",
            "import! dialer! imported_at",
            "import dialer",
        ),
        table(
            "quotas",
            "name VARCHAR, form_id BIGINT, question VARCHAR, answer VARCHAR, goal BIGINT",
            "name! form! question! answer! goal!",
            "name form question answer",
        ),
        table(
            "check_plans",
            f"plan VARCHAR, evaluator_id BIGINT, valid_from {INSTANT}, valid_to {INSTANT}, due BIGINT",
            "plan! evaluator! valid_from valid_to due!",
            "plan evaluator valid_from",
        ),
        table(
            "loads",
            f"load_id BIGINT, source VARCHAR, files VARCHAR, at {INSTANT}, rows_in BIGINT, rows_loaded BIGINT, "
            "rows_rejected BIGINT, rows_updated BIGINT, rows_unassigned BIGINT, notes VARCHAR, generation BIGINT",
        ),
        table(
            "segments",
            f"project_id BIGINT, table VARCHAR, stretch VARCHAR, file VARCHAR, first_at {INSTANT}, last_at {INSTANT}, "
            f"last_end {INSTANT}, rows BIGINT, bytes BIGINT, sha256 VARCHAR, model_version BIGINT, people BIGINT[], "
            "objects BIGINT[], columns VARCHAR[], "
            "generation BIGINT",
        ),
        table("retired", "file VARCHAR, generation BIGINT"),
        table("generations", f"generation BIGINT, at {INSTANT}, kind VARCHAR"),
        table(
            "audit",
            f"seq BIGINT, at {INSTANT}, actor VARCHAR, action VARCHAR, subject_kind VARCHAR, subject VARCHAR, "
            "project_id BIGINT, before VARCHAR, after VARCHAR, reason VARCHAR, origin VARCHAR, hash VARCHAR",
        ),
        table("forgotten", "digest VARCHAR"),  # keyed: whom no load brings back
        table("forgotten_rows", "table VARCHAR, id BIGINT, nameless BOOLEAN"),  # theirs; nameless: without source_id
        table(
            "schedules",
            f"schedule_id BIGINT, name VARCHAR, viewer_id BIGINT, definition VARCHAR, created_at {INSTANT}, "
            f"since {INSTANT}, paused_at {INSTANT}, removed_at {INSTANT}",  # definition: JSON; due after `since`
        ),
        table(
            "runs",  # a due time each; stands_for: those missed before it that are of the same period
            f"run_id BIGINT, schedule_id BIGINT, due_at {INSTANT}, by_hand BOOLEAN, begun_at {INSTANT}, "
            f"ended_at {INSTANT}, state VARCHAR, reason VARCHAR, attempts BIGINT, stands_for BIGINT, work_s DOUBLE, "
            "projects BIGINT[], files BIGINT, bytes BIGINT",
        ),
        table(
            "deliveries",  # what became of each thing that a run sent, or kept back
            "run_id BIGINT, kind VARCHAR, recipient VARCHAR, projects BIGINT[], message_id VARCHAR, state VARCHAR, "
            f"at {INSTANT}, words VARCHAR",
        ),
        table("addresses", f"address VARCHAR, project_id BIGINT, {VALID}"),  # outside ones that a project's files go to
        table("post", "key VARCHAR, value VARCHAR"),  # how mail is sent; no password
    )
}

CONTROL_MODEL = hashlib.sha256("".join(t.ddl for t in CONTROL.values()).encode()).hexdigest()[:16]
