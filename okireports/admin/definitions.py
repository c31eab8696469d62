"""Definitions by hand: what holds, what held, and changes from an instant on.

Kinds and columns are those of the files that `center.load` takes, and one set of rules checks both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pandas as pd

from okireports.admin.centre import DATED, Settings
from okireports.admin.change import Part, local_instant
from okireports.admin.versions import end_version, hand, put_version, remove
from okireports.errors import ChangeError, did_you_mean
from okireports.loading.definition_rows import NAMED
from okireports.tables import CONTROL, Control

ABOUT = {
    "targets": "how soon a queue answers, which short waits excuse a hang-up, and its service-level goal",
    "hours": "when a queue is open on a weekday, and its holidays",
    "kpis": "what operators are to reach: of a role, a group, a project or everyone",
    "tariffs": "what of a status a client pays: free, first and step seconds, and the price of a minute",
    "contracts": "what was agreed with a client, and what it is worth",
    "activities": "which statuses satisfy a planned activity",
    "away_reasons": "how long an absence may last for a reason, and whether it is paid",
    "check_plans": "how many contacts an evaluator is to judge",
    "results": "what a result of a call means: a person, a sale, final",
    "stages": "the stages of a form, in their order",
    "imports": "when a dialer's records were imported",
    "quotas": "how many answers of a kind a survey wants",
    "settings": "of the centre: the service-level formula, thresholds of queues without a target, and others",
}
BY_NAME = {  # SQL of the name of what an id points at
    "project": "(SELECT name FROM control.projects p WHERE p.project_id = t.project_id)",
    "group": "(SELECT name FROM control.groups g WHERE g.group_id = t.group_id)",
    "evaluator": "(SELECT login FROM control.users u WHERE u.user_id = t.evaluator_id)",
}
HELD = "(valid_from IS NULL OR valid_from <= $at) AND (valid_to IS NULL OR valid_to > $at)"
OF_SETTINGS = """(SELECT key AS setting, value, valid_from, lead(valid_from) OVER (PARTITION BY key
ORDER BY valid_from NULLS FIRST) AS valid_to FROM (SELECT key, value, NULL::TIMESTAMP AS valid_from
FROM control.settings UNION ALL SELECT key, value, valid_from FROM control.setting_changes))"""
ALWAYS = "always"  # valid_from of what has held since ever
Rows = Mapping[str, Any] | Iterable[Mapping[str, Any]] | pd.DataFrame
When = date | str | None


class Definitions(Part):
    """Definitions: targets, hours, KPIs, tariffs and the like, with the instants from which they hold."""

    @property
    def frame(self) -> pd.DataFrame:
        """The kinds: kind, about, columns (`!`: needed), key, dated, rows (that hold now)."""
        with self.folder.reading() as reading:
            counts = {kind: count(reading.con, kind, self.now) for kind in ABOUT}
        rows = [
            {
                "kind": kind,
                "about": about,
                "columns": " ".join(CONTROL[kind].given) or "setting! value!",
                "key": " ".join(CONTROL[kind].key) or "setting",
                "dated": CONTROL[kind].dated or kind == "settings",
                "rows": counts[kind],
            }
            for kind, about in ABOUT.items()
        ]
        return pd.DataFrame(rows)

    def list(self, kind: str, *, on: When = None) -> pd.DataFrame:
        """What of a kind holds now, or at the beginning of a day, or at an instant.

        Args:
            kind: as `frame` lists them.
            on: a local day, or an instant; None is now.
        """
        known(kind)
        at = self.now if on is None else local_instant(on, self.zone)
        return self.shown(kind, held(kind), {"at": at} if held(kind) else {})

    def history(self, kind: str) -> pd.DataFrame:
        """Every version of every definition of a kind: `valid_to` is where it ends, or where the next one begins."""
        known(kind)
        return self.shown(kind, "", {})

    def set(self, kind: str, values: Rows, *, valid_from: When = None, actor: str = "", reason: str = "") -> None:
        """Add definitions or change them, from an instant on; all of them or none.

        Results of before stay as they are. A definition holds until its next version begins, or until the `valid_to`
        that it is given; what it interrupted then goes on. What the values do not say stays as it was, None takes it
        away.

        Args:
            kind: as `frame` lists them.
            values: columns of one definition, or several such, or a dataframe: `{"queue": "Sales", "goal": 0.9}`; of
                settings `{"formula": "offered"}`.
            valid_from: a local day (its first instant) or an instant; "always": since ever; None is now, unless the
                values say it. Kinds without dates hold for all time.
            actor: who changes.
            reason: why.

        Raises:
            Refused: the actor lacks the right, or does not see all that the change is about.
            UnknownName: it names what is not of her projects, or not there.
            ChangeError: a value is wrong, or it would change what is stamped on stored contacts.
        """
        control = known(kind)
        rows = several(values)
        if control is None:
            self.change_settings(rows, valid_from, actor, reason)
            return
        if valid_from is not None and not control.dated:
            raise ChangeError(f"{kind} have no dates: they hold for all time. Leave valid_from out.")
        with self.changing("manage_definitions", actor, reason) as change:
            by = hand(change, self.folder, kind)
            since = change.now.replace(tzinfo=UTC) if valid_from is None else valid_from
            for row in rows:
                said = {"valid_from": since, **row} if control.dated else row
                put_version(by, {**said, "valid_from": None} if said.get("valid_from") == ALWAYS else said)

    def end(self, kind: str, key: Rows, *, valid_to: When = None, actor: str = "", reason: str = "") -> None:
        """End definitions from now, or from `valid_to`, on; versions that were to come never begin.

        Args:
            kind: as `frame` lists them; one with dates.
            key: which: the columns of its key, of one or of several.
            valid_to: a local day (its first instant) or an instant; None is now.
            actor: who changes.
            reason: why.
        """
        control = known(kind)
        if control is None or not control.dated:
            way = "change it with `set`" if control is None else "take a row away with `remove`"
            raise ChangeError(f"{kind} have no end; {way}.")
        with self.changing("manage_definitions", actor, reason) as change:
            by = hand(change, self.folder, kind)
            at = change.now if valid_to is None else local_instant(valid_to, by.zone)
            for row in several(key):
                end_version(by, row, at)

    def remove(self, kind: str, key: Rows, *, actor: str = "", reason: str = "") -> None:
        """Take away definitions that have no dates, for all time: earlier results change, too."""
        control = known(kind)
        if control is None or control.dated:
            raise ChangeError(f"{kind} are not taken away, since earlier results rest on them; end them with `end`.")
        with self.changing("manage_definitions", actor, reason) as change:
            by = hand(change, self.folder, kind)
            for row in several(key):
                remove(by, row)

    @property
    def zone(self) -> str:
        """The centre's."""
        with self.folder.reading() as reading:
            return zone_of(reading.con)

    def change_settings(self, rows: Sequence[dict[str, Any]], valid_from: When, actor: str, reason: str) -> None:
        """Settings, of which some can begin at an instant."""
        values = {name: value for row in rows for name, value in row.items()}
        if valid_from is None and set(values) <= set(DATED):
            valid_from = self.now.replace(tzinfo=UTC)
        since = None if valid_from == ALWAYS else valid_from
        Settings(self.folder, self.clock, self.within).change(actor=actor, reason=reason, valid_from=since, **values)

    def shown(self, kind: str, where: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Rows of a kind with names in place of ids, instants in the centre's zone."""
        from okireports import frames

        if kind == "settings":
            sql = f"SELECT * FROM {OF_SETTINGS} {where} ORDER BY setting, valid_from NULLS FIRST"
        else:
            sql = by_name(CONTROL[kind], where)
        with self.folder.reading() as reading:
            zone = zone_of(reading.con)
            return frames.frame(frames.arrow(reading.con.execute(sql, values).to_arrow_table(), zone))


def known(kind: str) -> Control | None:
    """The table of a kind; None for settings.

    Raises:
        ChangeError: there is no such kind.
    """
    if kind not in ABOUT:
        raise ChangeError(f"There are no definitions {kind!r}.{did_you_mean(kind, ABOUT)} Kinds: {', '.join(ABOUT)}.")
    return None if kind == "settings" else CONTROL[kind]


def held(kind: str) -> str:
    """SQL: which rows of a kind hold at the instant `$at`; all of those without dates."""
    return f"WHERE {HELD}" if known(kind) is None or CONTROL[kind].dated else ""


def count(con: duckdb.DuckDBPyConnection, kind: str, at: datetime) -> int:
    """How many rows of a kind hold at an instant."""
    rows = OF_SETTINGS if kind == "settings" else f"({CONTROL[kind].versions()})"
    found = con.execute(f"SELECT count(*) FROM {rows} {held(kind)}", {"at": at} if held(kind) else {}).fetchone()
    return int(found[0]) if found else 0


def zone_of(con: duckdb.DuckDBPyConnection) -> str:
    """The centre's zone."""
    row = con.execute("SELECT value FROM control.settings WHERE key = 'timezone'").fetchone()
    return str(row[0]) if row else "UTC"


def several(values: Rows) -> Sequence[dict[str, Any]]:
    """One row, or several, or a dataframe, as rows; what a dataframe says is missing is not said."""
    if isinstance(values, pd.DataFrame):
        found = [{str(k): v for k, v in row.items() if not missing(v)} for row in values.to_dict("records")]
    else:
        found = [dict(values)] if isinstance(values, Mapping) else [dict(row) for row in values]
    if not found or not all(found):
        raise ChangeError("Say what to change: columns and their values.")
    return [{name: plain(value) for name, value in row.items()} for row in found]


def missing(value: Any) -> bool:
    """Does a cell of a dataframe hold nothing?"""
    return value is None or (not isinstance(value, list) and pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def plain(value: Any) -> Any:
    """A value as files would give it: lists with `;` between, times and dates as text, blanks as nothing."""
    if isinstance(value, list | tuple | set):
        return ";".join(str(part) for part in value)
    if isinstance(value, str):
        return value.strip() or None
    return value.item() if hasattr(value, "item") else value


def by_name(control: Control, where: str) -> str:
    """SQL of a table's rows as its files would give them: the key first, then what it says, then when it holds."""
    given = [name.removesuffix("!") for name in control.given]
    dates = [name for name in ("valid_from", "valid_to") if name in given]
    order = [n for n in (*control.key, *given) if n not in dates]
    columns = [*dict.fromkeys(order), *dates]
    shown = []
    for name in columns:
        if dict(control.columns).get(name) == "DATE[]":
            shown.append(f"array_to_string(t.{name}, '; ') AS {name}")
        elif name not in NAMED:
            shown.append(f't."{name}"')
        elif name in BY_NAME:
            shown.append(f'{BY_NAME[name]} AS "{name}"')
        else:
            of = f"(SELECT name FROM control.objects o WHERE o.object_id = t.{control.stored(name)})"
            shown.append(f'{of} AS "{name}"')
    keys = ", ".join(f'"{name}" NULLS FIRST' for name in control.key)
    return f"SELECT {', '.join(shown)} FROM ({control.versions()}) t {where} ORDER BY {keys}"
