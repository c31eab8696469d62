"""The parts that ipywidgets lacks, each one class and one plain module for the page; nothing is asked from outside."""

from __future__ import annotations

from okireports.widgets.front.actions import Actions
from okireports.widgets.front.pager import Column, PageAsked, PageGiven, Pager
from okireports.widgets.front.picker import ProjectPicker
from okireports.widgets.front.status import Status

__all__ = ["Actions", "Column", "PageAsked", "PageGiven", "Pager", "ProjectPicker", "Status"]
