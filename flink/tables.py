"""The columns of streams as tables, out of the index templates as the lake's are: a field is named and typed once."""

from __future__ import annotations

from lake.columns import JSON_KEYS, all_columns, columns_of

#: The log type of a stream that has but one.
_DATASETS = {"metrics": "weir.metric", "findings": "weir.finding"}


def stream_columns(stream: str) -> dict[str, str]:
    """Name and Glue type of each column: the keys of the stream's events. What may hold anything is text with its JSON."""
    columns = columns_of(_DATASETS[stream]) if stream in _DATASETS else all_columns()
    return {JSON_KEYS.get(name, name): kind for name, kind in columns.items()}
