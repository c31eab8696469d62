"""Controls for a report's own options, made from its signature."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import suppress
from typing import Any

import ipywidgets

from okireports.report import Option, Report
from okireports.widgets.parts import STYLE, Filling, field, on_choice, tick, wide
from okireports.widgets.texts import say

PAGED = ("limit", "offset")  # the table has pages anyway


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
        self.report, before = report, self.controls
        options = report.options if report else {}
        self.controls = {name: self.control(name, option) for name, option in options.items() if name not in PAGED}
        self.box.children = tuple(self.controls.values())
        for control in before.values():
            for part in (control.layout, control.style, control):
                part.close()

    def control(self, name: str, option: Option) -> Any:
        """A control for one option: a box to tick, a list of values, or a field for a number."""
        label = say(self.language, f"option.{name}", missing=name)
        made: Any
        if option.kind == "flag" and None not in option.permitted:
            made = tick(label, label)
        elif option.kind == "count":
            made = field(label)
        else:  # by their places, for None would be no choice at all
            named = [(self.word(value), place) for place, value in enumerate(option.permitted)]
            made = ipywidgets.Dropdown(description=label, options=named, style=STYLE, layout=wide())
        try:
            show(made, option, option.read(self.kept[name]))
        except (KeyError, ValueError):  # never set, or not for this report
            show(made, option, option.default)
        on_choice(made, self.filling, lambda: self.chosen(name))
        return made

    def word(self, value: object) -> str:
        """A value as people say it."""
        return say(self.language, f"value.{value}", missing=str(value))

    @property
    def value(self) -> tuple[tuple[str, Hashable], ...]:
        """The options that differ from what the report has by itself."""
        if self.report is None:
            return ()
        given = self.report.options
        said = ((name, given[name], shown(control, given[name])) for name, control in self.controls.items())
        return tuple((name, value) for name, option, value in said if value != option.default)

    def set(self, name: str, value: Hashable) -> None:
        """Set an option of the report."""
        if self.report is not None:
            with self.filling:
                show(self.controls[name], self.report.options[name], value)
            self.kept[name] = value

    def chosen(self, name: str) -> None:
        """An option is set."""
        if self.report is not None:
            self.kept[name] = shown(self.controls[name], self.report.options[name])
        self.changed()


def show(control: Any, option: Option, value: Hashable) -> None:
    """Set a control to a value of its option."""
    if option.kind == "count":
        control.value = "" if value is None else str(value)
    elif isinstance(control, ipywidgets.Dropdown):
        control.value = option.permitted.index(value)
    else:
        control.value = value


def shown(control: Any, option: Option) -> Hashable:
    """What a control is set to; where that is no value of the option, the report will say so."""
    value: Hashable = control.value
    if option.kind == "count":
        if value == "" and None in option.permitted:
            return None
        with suppress(ValueError):
            return int(str(value))
        return value
    return option.permitted[control.value] if isinstance(control, ipywidgets.Dropdown) else value
