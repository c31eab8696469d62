"""Parquet, compressed with zstd, with what is told about the result in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq


def write(file: IO[bytes], table: pa.Table, meta: Mapping[str, Any]) -> None:
    """Write a table as Parquet; `meta` is kept as JSON under the key `okireports`."""
    told = json.dumps(meta, ensure_ascii=False, sort_keys=True, default=str)
    pq.write_table(table.replace_schema_metadata({"okireports": told}), file, compression="zstd")
