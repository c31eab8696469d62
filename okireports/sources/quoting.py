"""Names and text inside SQL: nothing of a file or a mapping reaches a statement unquoted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path


def ident(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def texts(values: Iterable[str]) -> str:
    """Texts as the inside of an SQL list."""
    return ", ".join(text(v) for v in values)


def file(path: Path) -> str:
    """A path as an SQL literal that means this one file, even if its name has characters of a pattern."""
    return text(re.sub(r"([*?\[])", r"[\1]", str(path)))
