"""Erasures that are killed on purpose; `test_forget.py` starts this file as a process of its own, as with `killed.py`.

A line of JSON asks for one: {"center": folder, "phone": number, "step": n}. A child sends itself SIGKILL just before
the n-th step that it asks of the file system. The answer is {"killed": whether it was}.
"""

from __future__ import annotations

import json
import os
import signal
import sys

import growing
import okireports
import okireports.faces  # what a child needs is imported once, before it is forked
from killed import Steps, watch_system


def main() -> None:
    """Answer until there is no further line."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            watch_system(Steps(asked["step"]))
            center = okireports.open(asked["center"], now=growing.NOW)
            center.forget(asked["phone"], actor="admin", reason="she asked")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0
        print(json.dumps({"killed": killed}), flush=True)


if __name__ == "__main__":
    main()
