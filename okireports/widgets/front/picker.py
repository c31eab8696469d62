"""Choosing projects: a list that can be searched, of which several can be ticked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import traitlets

from okireports.widgets import texts
from okireports.widgets.front.part import Part, script


class ProjectPicker(Part):
    """Projects to choose from, and those that are chosen; `observe(..., "value")` tells of every change.

    `options` are pairs of an id and a name, in the order in which they are shown. `value` holds ids: only those of
    `options`, in their order, whoever sets it.
    """

    _esm = script("picker")
    options = traitlets.List(traitlets.Tuple(traitlets.Int(), traitlets.Unicode())).tag(sync=True)
    value = traitlets.List(traitlets.Int()).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        language: str = "en",
        *,
        options: Iterable[tuple[int, str]] = (),
        value: Iterable[int] = (),
        label: str | None = None,
        disabled: bool = False,
    ) -> None:
        named = texts.say(language, "picker.label") if label is None else label
        super().__init__("picker", language, options=list(options), value=list(value), label=named, disabled=disabled)

    @traitlets.validate("value")
    def kept(self, proposal: Any) -> list[int]:
        """The ids that can be chosen."""
        return self.known(proposal["value"])

    @traitlets.observe("options")
    def narrowed(self, change: object) -> None:
        """What cannot be chosen any more is not chosen."""
        self.value = self.known(self.value)

    def known(self, ids: Iterable[Any]) -> list[int]:
        """Of some ids those that can be chosen, in the order of the list."""
        asked = {each for each in ids if type(each) is int}
        return [number for number, _ in self.options if number in asked]

    def believed(self, told: dict[str, Any]) -> dict[str, Any]:
        """A choice among what can be chosen."""
        value = told.get("value")
        return {"value": self.known(value)} if isinstance(value, list) and not self.disabled else {}

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """What a page wants to set; one that wants what cannot be is told what holds."""
        super().set_state(sync_data)
        if "value" in sync_data and sync_data["value"] != self.value:
            self.send_state("value")
