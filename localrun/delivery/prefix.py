"""Names of S3 objects.

Source: Firehose developer guide, "Understand custom prefixes for Amazon S3 objects" and "Configure Amazon S3 object name format".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import uuid4

#: Firehose's names for why a record is in the error output: in an expression, and as the folder used without one.
PROCESSING_FAILED = ("processing-failed", "processing-failed/")
#: Firehose developer guide, "Buffer data for dynamic partitioning".
PARTITIONS_EXCEEDED = ("activePartitionExceeded", "activePartitionExceeded/")
#: Firehose developer guide, "Troubleshoot decompression in Firehose".
DECOMPRESSION_FAILED = ("decompression-failed", "decompression-failed/")
CONVERSION_FAILED = ("format-conversion-failed", "format-conversion-failed/")
OPENSEARCH_FAILED = ("AmazonOpenSearchService-failed", "AmazonOpenSearchService_failed/")

#: Where partition keys come from: a jq query, or the function.
FROM_QUERY, FROM_LAMBDA = PARTITION_NAMESPACES = ("partitionKeyFromQuery", "partitionKeyFromLambda")
#: The longest evaluated prefix.
PREFIX_CHARACTERS = 512

_EXPRESSION = re.compile(r"!\{([^:}]+):([^}]*)\}")
_DEFAULT_TIME = "yyyy/MM/dd/HH/"
_RANDOM_CHARACTERS = 11
#: A run of one pattern letter, a quoted literal, or anything else.
_TIME_TOKEN = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+")


class BadPrefix(ValueError):
    """Firehose would refuse the expression."""


def data_prefix(prefix: str, when: datetime, partition: Sequence[str] = ()) -> str:
    """Prefix of delivered data. `when` is the arrival of the oldest record in the object, in the stream's time zone;
    `partition` the values of the prefix's partition keys, in the order of `partition_keys`.

    With neither a timestamp nor a partition key in it the hour is appended. Raises BadPrefix.
    """
    evaluated, timed = _evaluate(prefix, when, None, partition)
    return evaluated if timed or partition else evaluated + java_time(_DEFAULT_TIME, when)


def partition_keys(prefix: str) -> list[tuple[str, str]]:
    """Namespace and name of each partition key in a prefix."""
    return [(found[1], found[2]) for found in _EXPRESSION.finditer(prefix) if found[1] in PARTITION_NAMESPACES]


def error_prefix(prefix: str, error_output: str | None, kind: tuple[str, str], when: datetime) -> str:
    """Prefix of the error output; `kind` is one of the pairs above, e.g. PROCESSING_FAILED.

    Without an expression in `error_output` the kind's folder and the hour are appended to it, or, when it is None, to `prefix`.
    Raises BadPrefix.
    """
    name, folder = kind
    template = prefix if error_output is None else error_output
    if error_output is not None and _EXPRESSION.search(error_output):
        if "!{firehose:error-output-type}" not in error_output:
            raise BadPrefix(f"ErrorOutputPrefix {error_output} has expressions and must have !{{firehose:error-output-type}} too")
        return _evaluate(error_output, when, name)[0]
    return _evaluate(template, when, None)[0] + folder + java_time(_DEFAULT_TIME, when)


def object_name(stream: str, version: int, when: datetime, extension: str) -> str:
    """What follows the prefix: <stream>-<version>-<year>-<month>-<day>-<hour>-<minute>-<second>-<uuid><extension>."""
    return f"{stream}-{version}-{when:%Y-%m-%d-%H-%M-%S}-{uuid4()}{extension}"


def java_time(pattern: str, when: datetime) -> str:
    """`when` by the part of Java's DateTimeFormatter that names of folders use: y u M d D H h m s S a E, and quoted text.

    Raises BadPrefix for any other letter.
    """
    written = []
    end = 0
    for token in _TIME_TOKEN.finditer(pattern):
        if token.start() != end:
            break
        end = token.end()
        letter = token[2]
        if letter is None:
            written.append(token[0] if token[1] is None else token[1].replace("''", "'") or "'")
        elif letter in _LETTERS:
            written.append(_LETTERS[letter](when, len(token[0])))
        else:
            raise BadPrefix(f"timestamp pattern {pattern}: {letter} is not run locally; use {' '.join(_LETTERS)}")
    if end != len(pattern):
        raise BadPrefix(f"timestamp pattern {pattern}: a quote is not closed")
    return "".join(written)


def _evaluate(template: str, when: datetime, error_type: str | None, partition: Sequence[str] = ()) -> tuple[str, bool]:
    """The text, and whether a timestamp is in it."""
    timed = False
    values = iter(partition)

    def expression(match: re.Match[str]) -> str:
        nonlocal timed
        namespace, value = match[1], match[2]
        if namespace == "timestamp":
            timed = True
            return java_time(value, when)
        if namespace == "firehose" and value == "random-string":
            return str(uuid4())[:_RANDOM_CHARACTERS]
        if namespace == "firehose" and value == "error-output-type" and error_type is not None:
            return error_type
        if namespace in PARTITION_NAMESPACES and partition:
            return next(values)
        raise BadPrefix(f"{match[0]} has no meaning in the prefix {template}")

    evaluated = _EXPRESSION.sub(expression, template)
    if "!{" in _EXPRESSION.sub("", template):
        raise BadPrefix(f"prefix {template}: !{{ must begin an expression !{{namespace:value}}")
    return evaluated, timed


def _year(when: datetime, width: int) -> str:
    return f"{when.year % 100:02d}" if width == 2 else f"{when.year:0{width}d}"


def _month(when: datetime, width: int) -> str:
    return f"{when.month:0{width}d}" if width < 3 else f"{when:%b}" if width == 3 else f"{when:%B}"


def _number(value: Callable[[datetime], int]) -> Callable[[datetime, int], str]:
    return lambda when, width: f"{value(when):0{width}d}"


_LETTERS: dict[str, Callable[[datetime, int], str]] = {
    "y": _year,
    "u": _year,
    "M": _month,
    "d": _number(lambda when: when.day),
    "D": _number(lambda when: when.timetuple().tm_yday),
    "H": _number(lambda when: when.hour),
    "h": _number(lambda when: (when.hour - 1) % 12 + 1),
    "m": _number(lambda when: when.minute),
    "s": _number(lambda when: when.second),
    "S": lambda when, width: f"{when.microsecond:06d}".ljust(width, "0")[:width],
    "a": lambda when, width: "AM" if when.hour < 12 else "PM",
    "E": lambda when, width: f"{when:%a}" if width < 4 else f"{when:%A}",
}
