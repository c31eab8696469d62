"""How facts come in: typed, checked, stamped with their project, masked, merged into segments."""

from __future__ import annotations

from okireports.loading.batch import LoadResult
from okireports.loading.load import load
from okireports.loading.restamp import Correction, Restamped, correct
from okireports.loading.rollback import rollback
from okireports.loading.sync import sync

__all__ = ["Correction", "LoadResult", "Restamped", "correct", "load", "rollback", "sync"]
