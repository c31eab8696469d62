"""The centre as a whole: its settings, its change log, and going back to earlier rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from okireports import audit, loading
from okireports.access.founding import checked_settings
from okireports.admin.change import Part, frame, noting_refusals, permitted, utc
from okireports.disk import Folder
from okireports.errors import ChangeError


class Settings(Part):
    """Settings of the centre."""

    @property
    def values(self) -> dict[str, str]:
        """All of them."""
        rows = frame(self.folder, "SELECT key, value FROM control.settings ORDER BY key")
        return dict(zip(rows["key"], rows["value"], strict=True))

    def change(self, *, actor: str, reason: str, **values: str) -> None:
        """Change settings; earlier rows keep what was stamped on them."""
        if not values:
            raise ChangeError("Say which setting to change, such as goal='0.8'.")
        checked_settings(values)
        with self.changing("manage_definitions", actor, reason) as change:
            for key, value in values.items():
                before = change.one("SELECT value FROM control.settings WHERE key = ?", key)
                change.con.execute("UPDATE control.settings SET value = ? WHERE key = ?", [str(value), key])
                after = {"value": str(value)}
                change.log("change setting", "setting", key, {"value": before[0]} if before else {}, after)


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
