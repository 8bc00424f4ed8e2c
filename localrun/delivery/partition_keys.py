"""Keys by which records are delivered apart: from the record by jq, or from what the function returned.

Source: Firehose developer guide, "Understand partitioning keys" and "Troubleshoot dynamic partitioning errors". Firehose runs
jq 1.6; here the library's own version runs, which understands what 1.6 does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jq  # type: ignore[import-not-found]  # it has no type information

from localrun.delivery.failure import Failure
from localrun.delivery.jq_paths import look_ups
from localrun.delivery.prefix import FROM_LAMBDA, FROM_QUERY, PREFIX_CHARACTERS, data_prefix, partition_keys

#: Firehose developer guide, "Quotas": of one delivery stream, unless AWS raises it.
ACTIVE_PARTITIONS = 500

Keys = Mapping[str, str]

_CODE = "DynamicPartitioning.MetadataExtractionFailed"
EMPTY_KEY = Failure(_CODE, "partitionKeys values must not be null or empty")
NOT_JSON = Failure(_CODE, "Non JSON record provided for metadata extraction")
TOO_LONG = Failure(_CODE, "The evaluated prefix is longer than 512 characters")
TOO_MANY_PARTITIONS = Failure(
    "DynamicPartitioning.ActivePartitionsLimitExceeded", f"There are {ACTIVE_PARTITIONS} active partitions already"
)


class BadQuery(ValueError):
    """No program jq could run."""


@lru_cache(maxsize=64)  # asked again whenever the deployed streams are looked at, and compiling takes milliseconds
def query(text: str) -> Callable[[bytes], Keys | Failure]:
    """What gives the keys of a record by a jq program like `{tenant: .tenant, year: .time | strftime("%Y")}`.

    Raises BadQuery.
    """
    try:
        program = jq.compile(text)
    except ValueError as error:
        raise BadQuery(f"MetadataExtractionQuery {text}: {error}") from error

    plain = look_ups(text)

    def keys(data: bytes) -> Keys | Failure:
        if plain is not None and (fields := plain(data)) is not None:
            return fields
        try:
            json.loads(data)
        except ValueError:
            return NOT_JSON
        try:
            found = program.input_text(data.decode()).first()
        except (ValueError, StopIteration) as error:
            return Failure(_CODE, f"jq: {error}")
        return given(found)

    return keys


def given(found: Any) -> Keys | Failure:
    """Keys as text: numbers and booleans as JSON has them. What is null, empty or nested fails."""
    if not isinstance(found, dict):
        return Failure(_CODE, "partitionKeys must be an object")
    keys: dict[str, str] = {}
    for name, value in found.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if value is None or text == "" or isinstance(value, dict | list):
            return EMPTY_KEY
        keys[name] = text
    return keys


class PartitionKeys:
    """The values a prefix wants of each record."""

    def __init__(self, prefix: str, query_text: str | None) -> None:
        """`query_text` is the jq program; None if only the function gives keys. Raises BadQuery."""
        self._prefix = prefix
        self._wanted = partition_keys(prefix)
        self._query = query(query_text) if query_text else None
        self._of_lambda = any(namespace == FROM_LAMBDA for namespace, _ in self._wanted)

    def partition(self, data: bytes, lambda_keys: Any) -> tuple[str, ...] | Failure:
        """Values of the prefix's keys in its order; `lambda_keys` is what the function gave, None without one."""
        found = {FROM_QUERY: self._query(data) if self._query else {}}
        if self._of_lambda:
            found[FROM_LAMBDA] = given(lambda_keys or {})
        values = []
        for namespace, name in self._wanted:
            keys = found[namespace]
            if isinstance(keys, Failure):
                return keys
            if name not in keys:
                return EMPTY_KEY
            values.append(keys[name])
        return tuple(values)

    def fits(self, partition: tuple[str, ...], arrival_ms: int) -> bool:
        """The evaluated prefix is not too long."""
        when = datetime.fromtimestamp(arrival_ms / 1000, UTC)
        return len(data_prefix(self._prefix, when, partition)) <= PREFIX_CHARACTERS
