"""The catalogue: a module per section, each report one function. Importing this package registers them all."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

for _section in iter_modules(__path__, f"{__name__}."):
    import_module(_section.name)
