"""A new centre: its settings, the preset roles and one admin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from okireports import audit, clock
from okireports.access.rights import PRESETS
from okireports.audit import Entry
from okireports.disk import Folder, create, write
from okireports.errors import BadOption, did_you_mean

SECURITY = ("improved", "simplified")
FORMULAS = ("short", "offered", "answered", "positive", "ignore")
DEFAULTS = {
    "week_start": "0",
    "formula": "short",
    "answer_within_s": "20",
    "short_abandon_s": "5",
    "goal": "",
    "repeat_days": "7",
    "callback_hours": "24",
    "calling_code": "",
}


def found(
    folder: Folder, *, timezone: str, currency: str, security: str, admin: str, now: datetime, settings: dict[str, str]
) -> None:
    """Make a centre in an empty folder.

    Raises:
        BadOption: an unknown zone, security type or setting, or a currency that is no ISO 4217 code.
        CenterError: the folder is not empty.
    """
    clock.zone_info(timezone)
    if security not in SECURITY:
        raise BadOption(f"security={security!r}: it is {' or '.join(map(repr, SECURITY))}.")
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise BadOption(f"currency={currency!r}: give the three letters of ISO 4217, such as 'PLN'.")
    checked_settings(settings)
    create(folder)
    values = {"timezone": timezone, "currency": currency, "security": security, **DEFAULTS, **settings}
    with write(folder, "found") as writer:
        con = writer.con
        con.executemany("INSERT INTO control.settings VALUES (?, ?)", list(values.items()))
        con.executemany(
            "INSERT INTO control.roles VALUES (?, true, ?, ?)",
            [(role, list(preset.rights), list(preset.reports)) for role, preset in PRESETS.items()],
        )
        con.execute("INSERT INTO control.users VALUES (1, ?, NULL, NULL, 'Admin', true)", [admin])
        if security == "simplified":
            con.execute("INSERT INTO control.projects VALUES (1, 'Everything', NULL, NULL, ?, NULL)", [now])
        entries = [
            Entry(admin, "create centre", "centre", folder.path.name, after=json.dumps(values)),
            Entry(admin, "create user", "user", admin, after=json.dumps({"role": "Admin"})),
        ]
        audit.close(writer, entries, now)


def checked_settings(settings: Mapping[str, object]) -> None:
    """Refuse unknown settings and values that they do not take."""
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        raise BadOption(f"There is no setting {unknown[0]!r}.{did_you_mean(unknown[0], DEFAULTS)} Settings: {', '.join(DEFAULTS)}.")
    if (formula := settings.get("formula", "short")) not in FORMULAS:
        raise BadOption(f"formula={formula!r}: it is one of {', '.join(FORMULAS)}.")
    for name in ("answer_within_s", "short_abandon_s", "goal", "repeat_days", "callback_hours", "week_start"):
        value = settings.get(name, "")
        try:
            number = float(str(value)) if value != "" else 0.0
        except ValueError:
            raise BadOption(f"{name}={value!r}: it is no number.") from None
        most = {"goal": 1.0, "week_start": 6.0}.get(name, float("inf"))
        if not 0 <= number <= most:
            raise BadOption(f"{name}={value!r}: it lies between 0 and {most:g}.")
