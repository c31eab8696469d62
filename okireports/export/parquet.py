"""Parquet, compressed with zstd, with what is told about the result in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from okireports.rows import Rows


def write(file: IO[bytes], rows: Rows, meta: Mapping[str, Any]) -> None:
    """Write rows as Parquet, as they come; `meta` is kept as JSON under the key `okireports`."""
    told = json.dumps(meta, ensure_ascii=False, sort_keys=True, default=str)
    schema = rows.schema.with_metadata({"okireports": told})
    # Instants, keys and durations seldom repeat: a dictionary of them is made, found too large, and thrown away.
    texts = (field.name for field in schema if pa.types.is_string(field.type))
    repeated: Any = [name for name in texts if not name.endswith("_id")]
    with pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=repeated) as writer:
        for part in rows.parts():
            writer.write_table(part.replace_schema_metadata(schema.metadata))
