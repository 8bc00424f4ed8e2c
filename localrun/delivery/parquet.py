"""JSON records to one Parquet file (Firehose developer guide, "Convert input data format")."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from localrun.delivery.conversion import FormatConversion, ParquetFormat
from localrun.delivery.converters import Mismatch
from localrun.delivery.deserializer import row_reader
from localrun.delivery.glue_schema import NoSchema

#: Size of the JSON that becomes one row group, in bytes.
_ROW_GROUP_BYTES = 8 * 2**20
#: And of that which is held as Python's values at once: a heap of them makes every collection of garbage slow.
_BATCH_BYTES = 2**18


class Converted(NamedTuple):
    """A file, and what is not in it."""

    body: bytes | None
    """None if no record could be converted."""
    rejected: Sequence[tuple[int, Mismatch | NoSchema]]
    """Positions of the records that could not, with the reason."""


def convert(records: Sequence[bytes], schema: pa.Schema, conversion: FormatConversion) -> Converted:
    """Rows of `records`, in their order. A record of several JSON objects one after the other is as many rows, or none."""
    read = row_reader(conversion.deserializer, schema)
    rejected: list[tuple[int, Mismatch]] = []
    sink = io.BytesIO()
    with _writer(sink, schema, conversion.parquet) as writer:
        group: list[pa.RecordBatch] = []
        rows: list[list[Any]] = []
        group_size = batch_size = 0
        for at, record in enumerate(records):
            try:
                rows += read(record)
            except Mismatch as mismatch:
                rejected.append((at, mismatch))
            batch_size += len(record)
            last = at == len(records) - 1
            if batch_size >= _BATCH_BYTES or last:
                if rows:
                    group.append(_batch(rows, schema))
                group_size += batch_size
                rows, batch_size = [], 0
            if group and (group_size >= _ROW_GROUP_BYTES or last):
                table = pa.Table.from_batches(group, schema)
                writer.write_table(table, row_group_size=table.num_rows)
                group, group_size = [], 0
    return Converted(sink.getvalue() if len(rejected) < len(records) else None, rejected)


def _batch(rows: list[list[Any]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    # Most columns of a table of many types are empty in a file of one.
    arrays = [
        pa.nulls(len(rows), column.type) if values.count(None) == len(rows) else pa.array(values, type=column.type)
        for values, column in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _writer(sink: io.BytesIO, schema: pa.Schema, form: ParquetFormat) -> pq.ParquetWriter:
    """Times are written as Hive's own Parquet writer does, in 96 bits: every reader of Hive tables takes them."""
    return pq.ParquetWriter(
        sink, schema, compression=form.codec, use_dictionary=form.dictionary, data_page_size=form.page_bytes,
        data_page_version=form.version, use_deprecated_int96_timestamps=True, store_schema=False,
    )  # fmt: skip
