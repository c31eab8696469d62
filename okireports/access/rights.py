"""Rights and the preset roles; a role is what one may do, a membership on whose rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

RIGHTS = (
    "see_all_projects",
    "list_projects",
    "manage_projects",
    "manage_access",
    "manage_users",
    "manage_definitions",
    "operate",
    "see_phone_numbers",
    "listen_recordings",
    "see_costs",
    "export",
    "schedule",
    "run_sql",
    "read_audit",  # of one's own projects
    "read_whole_audit",
)
RESTRICTIONS = ("own_rows_only", "aliases")  # they take away: a role that has them sees less
PEOPLE_REPORTS = (
    "operators_log",
    "operator_summary",
    "operator_calls",
    "billable_time",
    "away_reasons",
    "attendance",
    "schedule_adherence",
)


@dataclass(frozen=True)
class Preset:
    """A role that can be copied but not edited.

    `reports` permits by name, or `*` all; a name after a minus is taken away again.
    """

    rights: tuple[str, ...]
    reports: tuple[str, ...]


PRESETS: dict[str, Preset] = {
    "Admin": Preset(RIGHTS, ("*",)),
    "Supervisor": Preset(
        ("list_projects", "see_phone_numbers", "listen_recordings", "export", "schedule", "run_sql", "read_audit"),
        ("*", "-change_log", "-access_matrix", "-costs", "-contract"),
    ),
    "Operator": Preset(("see_phone_numbers",), ("call_log", "dialogue_log", "operators_log")),
    "Client": Preset(
        ("listen_recordings", "export", "aliases"),
        ("*", *(f"-{name}" for name in (*PEOPLE_REPORTS, "costs", "change_log", "access_matrix"))),
    ),
    "Auditor": Preset(
        ("list_projects", "read_audit", "read_whole_audit"), ("change_log", "access_matrix", "data_quality")
    ),
}


def may_run(report: str, permitted: Iterable[str]) -> bool:
    """Does a role's list permit a report?"""
    said = tuple(permitted)
    return f"-{report}" not in said and ("*" in said or report in said)
