"""Names that people type: which logins are refused because another could be taken for them."""

from __future__ import annotations

import unicodedata

LOOKALIKES = {  # letters of Cyrillic and Greek, and the Latin ones as which they are drawn
    0x430: "a", 0x435: "e", 0x43E: "o", 0x440: "p", 0x441: "c", 0x443: "y", 0x445: "x", 0x456: "i", 0x458: "j",
    0x455: "s", 0x501: "d", 0x4BB: "h", 0x4CF: "l", 0x51B: "q", 0x51D: "w", 0x43A: "k", 0x43C: "m", 0x442: "t",
    0x432: "b", 0x43D: "h", 0x3BF: "o", 0x3B1: "a", 0x3BD: "v", 0x3C1: "p", 0x3B9: "i", 0x3BA: "k", 0x3C4: "t",
    0x3C5: "u", 0x3C7: "x",
}  # fmt: skip


def login_fault(login: str) -> str | None:
    """What is wrong with a login, None when nothing is: blanks at its ends, unseen characters, mixed alphabets."""
    if login != login.strip():
        return "a login has no blanks at its ends."
    if not login or unseen(login):
        return "a login has at least one character, and none that cannot be seen."
    scripts = {unicodedata.name(c, "?").split()[0] for c in login if c.isalpha()}
    if len(scripts) > 1:
        return f"a login is written in one alphabet; this one mixes {' and '.join(sorted(scripts))} letters."
    if unicodedata.normalize("NFKC", login) != login:
        return "a login holds letters that look like others; write it plainly."
    return None


def unseen(name: str) -> bool:
    """Does a name hold what cannot be seen: the end of a line, a character without width?"""
    return any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn") for c in name)


def skeleton(login: str) -> str:
    """What a login looks like: two with the same skeleton cannot be told apart by eye."""
    return login.lower().translate(LOOKALIKES)
