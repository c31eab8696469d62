"""Controls for a report's own options, made from its signature."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import ipywidgets

from okireports.report import Option, Report
from okireports.widgets.parts import STYLE, Filling, on_choice, tick, wide
from okireports.widgets.texts import say

PAGED = ("limit", "offset")  # the table has pages anyway
MOST = 1_000_000


class OptionChoice:
    """The options of the report that is chosen; what was set and another report takes too stays set."""

    def __init__(self, language: str, changed: Callable[[], object]) -> None:
        self.language, self.changed, self.filling = language, changed, Filling()
        self.report: Report | None = None
        self.controls: dict[str, Any] = {}
        self.kept: dict[str, Hashable] = {}
        self.box = ipywidgets.VBox()

    def offer(self, report: Report | None) -> None:
        """Offer the options of a report."""
        if report is self.report:
            return
        self.report = report
        options = report.options if report else {}
        self.controls = {name: self.control(name, option) for name, option in options.items() if name not in PAGED}
        self.box.children = tuple(self.controls.values())

    def control(self, name: str, option: Option) -> Any:
        """A control for one option."""
        label, value = say(self.language, f"option.{name}", missing=name), self.kept.get(name, option.default)
        made: Any
        if option.kind == "flag" and None not in option.permitted:
            made = tick(label, label)
            made.value = value if value in option.permitted else option.default
        elif option.kind == "count":
            made = ipywidgets.BoundedIntText(
                description=label, min=0, max=MOST, value=value, style=STYLE, layout=wide()
            )
        else:
            words = [(self.word(v), v) for v in option.permitted]
            made = ipywidgets.Dropdown(
                description=label,
                options=words,
                value=value if value in option.permitted else option.default,
                style=STYLE,
                layout=wide(),
            )
        on_choice(made, self.filling, lambda: self.chosen(name))
        return made

    def word(self, value: object) -> str:
        """A value as people say it."""
        return say(self.language, f"value.{value}", missing=str(value))

    @property
    def value(self) -> tuple[tuple[str, Hashable], ...]:
        """The options that differ from what the report has by itself."""
        given = self.report.options if self.report else {}
        return tuple((n, c.value) for n, c in self.controls.items() if c.value != given[n].default)

    def set(self, name: str, value: Hashable) -> None:
        """Set an option."""
        with self.filling:
            self.controls[name].value = value
            self.kept[name] = value

    def chosen(self, name: str) -> None:
        """An option is set."""
        self.kept[name] = self.controls[name].value
        self.changed()
