"""Where the reports of a centre run."""

from __future__ import annotations

import os
import re

from okireports.disk import Folder, Sealed
from okireports.engines.duck import Engine
from okireports.errors import BadOption
from okireports.lake import Lake

SPARK = re.compile(r"local(\[(\d+|\*)(,\s*\d+)?\])?|(spark|sc)://\S+|yarn|k8s://\S+")


def engine_of(folder: Folder, engine: str | None, lake: str | os.PathLike[str] | None) -> Engine | None:
    """The engine that an address names; None is DuckDB in this process.

    Raises:
        BadOption: there is none of this name, it lacks a lake, or Spark is not installed.
        LakeError: there is no lake.
    """
    if engine is None:
        if lake is not None:
            raise BadOption("A lake is for an engine: name one, such as engine='local[*]'.")
        return None
    if not isinstance(engine, str) or not SPARK.fullmatch(engine):
        raise BadOption(f"There is no engine {engine!r}: it is spark://host:7077, local[*] or sc://host.")
    if isinstance(folder, Sealed):
        raise BadOption(f"{folder.path} is a sealed extract, which DuckDB reads: open it without engine=.")
    if lake is None:
        raise BadOption(f"{engine} reads a lake: name it by lake=, and make it with center.lake.sync(...).")
    try:
        from okireports.engines.spark import Spark

        return Spark(engine, Lake.lies_at(lake))
    except ImportError as error:
        wanted = "'okireports[spark]'" + (" 'pyspark[connect]'" if engine.startswith("sc://") else "")
        raise BadOption(f"Spark is not here ({error}): pip install {wanted}.") from None
