"""Keys by which records are delivered apart: from the record by jq, or from what the function returned.

Source: Firehose developer guide, "Understand partitioning keys" and "Troubleshoot dynamic partitioning errors". Firehose runs
jq 1.6; here the library's own version runs, which understands what 1.6 does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import jq  # type: ignore[import-not-found]  # it has no type information

from localrun.delivery.failure import Failure

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

    def keys(data: bytes) -> Keys | Failure:
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
