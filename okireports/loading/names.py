"""Names that people type: which logins are refused because another could be taken for them."""

from __future__ import annotations

import unicodedata


def login_fault(login: str) -> str | None:
    """What is wrong with a login, None when nothing is: blanks at its ends, unseen characters, mixed alphabets."""
    if login != login.strip():
        return "a login has no blanks at its ends."
    if not login or any(unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn") for c in login):
        return "a login has at least one character, and none that cannot be seen."
    scripts = {unicodedata.name(c, "?").split()[0] for c in login if c.isalpha()}
    if len(scripts) > 1:
        return f"a login is written in one alphabet; this one mixes {' and '.join(sorted(scripts))} letters."
    if unicodedata.normalize("NFKC", login) != login:
        return "a login holds letters that look like others; write it plainly."
    return None
