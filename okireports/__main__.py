"""`python -m okireports`: the command line."""

from __future__ import annotations

from okireports.cli import main

if __name__ == "__main__":
    main()
