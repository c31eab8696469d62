"""What is chosen in the explorer, as a report is asked: frozen, so that it can go from thread to thread."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

Name = str | int
Span = str | tuple[str, str]  # words, or a pair of dates of which the second is not part of it


@dataclass(frozen=True)
class Choice:
    """A report with all that it is asked with; what is left out stays as the report has it."""

    report: str
    period: Span
    projects: tuple[Name, ...]
    filters: tuple[tuple[str, tuple[Name, ...]], ...] = ()
    options: tuple[tuple[str, Hashable], ...] = ()

    @property
    def keywords(self) -> dict[str, Any]:
        """What `viewer.report` takes beside the name."""
        filters = {name: list(names) for name, names in self.filters}
        return {"period": self.period, "projects": list(self.projects), **filters, **dict(self.options)}

    @property
    def code(self) -> str:
        """The call of `viewer.report` that gives the same."""
        lines = [f"    {self.report!r},", *(f"    {name}={value!r}," for name, value in self.keywords.items())]
        return "\n".join(["viewer.report(", *lines, ")"])
