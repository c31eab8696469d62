"""What a project's folder is called: its number, and as much of its name as every file system takes.

The number makes it unique, also where names differ only by case or by letters that are left out, and keeps it from
being a name that some system reserves for itself.
"""

from __future__ import annotations

import re
import unicodedata

MOST = 60  # characters
PLAIN = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ß": "ss", "æ": "ae", "Æ": "AE"})


def folder_of(id: int, name: str) -> str:
    """The name of a project's folder: `0001-Acme-Ltd`."""
    letters = unicodedata.normalize("NFKD", name.translate(PLAIN)).encode("ascii", "ignore").decode()
    number = f"{id:04d}"
    said = re.sub(r"[^A-Za-z0-9]+", "-", letters).strip("-")[: MOST - len(number) - 1].strip("-")
    return f"{number}-{said}" if said else number
