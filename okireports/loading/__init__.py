"""How facts come in: typed, checked, stamped with their project, masked, merged into segments."""

from __future__ import annotations

from okireports.loading.batch import LoadResult
from okireports.loading.load import load
from okireports.loading.rollback import rollback
from okireports.loading.sync import sync

__all__ = ["LoadResult", "load", "rollback", "sync"]
