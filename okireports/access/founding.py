"""A new centre: its settings, the preset roles and one admin."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime

from okireports import audit, clock
from okireports.access.rights import PRESETS
from okireports.audit import Entry
from okireports.disk import Folder, create
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
    "keep_facts_days": "",  # empty: for ever
    "keep_recordings_days": "",
}
NUMBERS = {  # setting: the most that it takes, and whether it is whole
    "answer_within_s": (86_400.0, False),
    "short_abandon_s": (86_400.0, False),
    "goal": (1.0, False),
    "repeat_days": (366.0, True),
    "callback_hours": (8_784.0, True),
    "week_start": (6.0, True),
    "keep_facts_days": (36_600.0, True),
    "keep_recordings_days": (36_600.0, True),
}
MAY_BE_EMPTY = ("goal", "keep_facts_days", "keep_recordings_days")
CALLING_CODE = re.compile(r"[0-9]{0,3}")


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
    values = {"timezone": timezone, "currency": currency, "security": security, **DEFAULTS, **settings}
    with create(folder) as writer:
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
    """Refuse unknown settings and values that they do not take.

    Raises:
        BadOption: it says which, and what it takes.
    """
    unknown = sorted(set(settings) - set(DEFAULTS))
    if unknown:
        known = ", ".join(DEFAULTS)
        raise BadOption(f"There is no setting {unknown[0]!r}.{did_you_mean(unknown[0], DEFAULTS)} Settings: {known}.")
    if (formula := settings.get("formula", "short")) not in FORMULAS:
        raise BadOption(f"formula={formula!r}: it is one of {', '.join(FORMULAS)}.")
    if not CALLING_CODE.fullmatch(str(settings.get("calling_code", ""))):
        raise BadOption(f"calling_code={settings['calling_code']!r}: give the digits of a country, such as '48'.")
    for name, (most, whole) in NUMBERS.items():
        if name in settings and not (name in MAY_BE_EMPTY and settings[name] == ""):
            checked_number(name, settings[name], most, whole)


def checked_number(name: str, value: object, most: float, whole: bool) -> None:
    """Refuse what is no number from 0 to `most`."""
    try:
        number = float(str(value))
    except ValueError:
        raise BadOption(f"{name}={value!r}: it is no number.") from None
    if not 0 <= number <= most or not math.isfinite(number):
        raise BadOption(f"{name}={value!r}: it lies between 0 and {most:g}.")
    if whole and not str(value).isdecimal():
        raise BadOption(f"{name}={value!r}: it is a whole number.")
