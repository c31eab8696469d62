"""The centre as a whole: its settings, its change log, and going back to earlier rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import pandas as pd

from okireports import access, audit, loading
from okireports.access.founding import checked_settings
from okireports.admin.change import (
    Change,
    Part,
    demand_whole_centre,
    frame,
    local_instant,
    local_words,
    noting_refusals,
    permitted,
    utc,
)
from okireports.clock import TICK
from okireports.disk import Folder
from okireports.errors import ChangeError
from okireports.loading.thresholds import OF_CENTRE, last_stored

DATED = ("formula", "repeat_days", "callback_hours", *OF_CENTRE)  # settings that may begin at an instant


class Settings(Part):
    """Settings of the centre."""

    @property
    def values(self) -> dict[str, str]:
        """All of them, as they hold now."""
        with self.folder.reading() as reading:
            return dict(sorted(access.settings_at(reading.con, self.now + TICK).items()))

    def change(
        self, *, actor: str = "", reason: str = "", valid_from: date | str | None = None, **values: object
    ) -> None:
        """Change settings; rows that are stored keep what was stamped on them.

        Args:
            actor: who changes.
            reason: why.
            valid_from: local day or instant; results of periods that end before it stay as they are. None: for all
                time. DATED settings only.
            values: settings by name.
        """
        if not values:
            raise ChangeError("Say which setting to change, such as goal='0.8'.")
        checked_settings(values)
        with self.changing("manage_definitions", actor, reason) as change:
            demand_whole_centre(change, "Settings hold")
            for key, value in values.items():
                if valid_from is None:
                    for_all_time(change, key, str(value))
                else:
                    from_then_on(change, self.folder, key, str(value), valid_from)


def for_all_time(change: Change, key: str, value: str) -> None:
    """A setting gets one value, whatever it was to be from when on."""
    before = change.one("SELECT value FROM control.settings WHERE key = ?", key)
    dated = change.con.execute("DELETE FROM control.setting_changes WHERE key = ? RETURNING valid_from, value", [key])
    was = {"value": before[0]} if before else {}
    was |= {f"from {since}": said for since, said in sorted(dated.fetchall())}
    change.con.execute("DELETE FROM control.settings WHERE key = ?", [key])  # an older centre may lack it
    change.add("settings", {"key": key, "value": value})
    change.log("change setting", "setting", key, was, {"value": value})


def from_then_on(change: Change, folder: Folder, key: str, value: str, valid_from: date | str) -> None:
    """A setting gets another value from an instant on."""
    if key not in DATED:
        raise ChangeError(f"{key} holds for all time, without valid_from; {', '.join(DATED)} can begin at an instant.")
    zone = access.settings_at(change.con, change.now)["timezone"]
    since = local_instant(valid_from, zone)
    if key in OF_CENTRE and (last := last_stored(change.con, folder, since, None)):
        raise ChangeError(
            f"Contacts up to {local_words(last, zone)} are loaded, and keep the {key} that was stamped on them: "
            "another one cannot begin before that. Give a later valid_from."
        )
    before = access.settings_at(change.con, since).get(key)
    change.con.execute("DELETE FROM control.setting_changes WHERE key = ? AND valid_from = ?", [key, since])
    change.add("setting_changes", {"key": key, "value": value, "valid_from": since})
    change.log("change setting", "setting", key, {"value": before}, {"value": value, "valid_from": str(since)})


@dataclass(frozen=True)
class ChangeLog:
    """Who did what; each entry follows from the one before it."""

    folder: Folder

    @property
    def frame(self) -> pd.DataFrame:
        """seq, at, actor, action, subject_kind, subject, project_id, before, after, reason, origin, hash."""
        return frame(self.folder, "SELECT * FROM control.audit ORDER BY seq")

    @property
    def head(self) -> str:
        """The hash of the newest entry: whoever keeps it elsewhere can see later that nothing was cut off."""
        with self.folder.reading() as reading:
            return audit.head(reading.con)[1]

    def verify(self, head: str | None = None) -> list[str]:
        """What is wrong with the chain, in words; an empty list when it is whole. `head`: what a manifest carries."""
        with self.folder.reading() as reading:
            return audit.verify(reading.con, head)


def rollback(folder: Folder, *, actor: str, reason: str, now: datetime, to: int | None) -> int:
    """Bring back an earlier generation's rows; the actor needs the right `operate`."""
    at = utc(now)
    with noting_refusals(folder, "operate", actor, reason):
        return loading.rollback(
            folder,
            actor=actor,
            reason=reason.strip(),
            now=at,
            to=to,
            permit=lambda con: permitted(con, "operate", actor, reason, at),
        )
