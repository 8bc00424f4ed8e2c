"""The expressions in the names of objects (Firehose developer guide, "Understand custom prefixes for Amazon S3 objects")."""

from __future__ import annotations

import re
from collections.abc import Iterator

from components.destinations.rules import API, GUIDE, Rules

PAGE = f"{GUIDE}/s3-prefixes.html"
#: The hour of arrival, UTC, in folders.
BY_HOUR = "!{timestamp:yyyy/MM/dd/HH}/"
QUERY, FUNCTION = "partitionKeyFromQuery", "partitionKeyFromLambda"

_LONGEST = 1024
_EXPRESSION = re.compile(r"!\{([^{}:]*):([^{}]*)\}")
#: A folder is a fixed part of a key, so that a grant can name it.
_FOLDER = re.compile(r"[A-Za-z0-9_.=-]+(/[A-Za-z0-9_.=-]+)*")
#: Pattern letters of Java's DateTimeFormatter; any other letter must stand in single quotes.
_PATTERN_LETTERS = frozenset("GuyDMLdQqYwWEecFahKkHmsSAnNVvzOXxZpB")


def error_prefix(folder: str) -> str:
    """Where Firehose puts what it could not pass on: by the kind of error, then by the hour."""
    return f"{folder}/!{{firehose:error-output-type}}/{BY_HOUR}"


def expressions(prefix: str) -> Iterator[tuple[str, str]]:
    """(namespace, value) of every expression."""
    for match in _EXPRESSION.finditer(prefix):
        yield match[1], match[2]


def partition_keys(prefix: str, namespace: str) -> set[str]:
    """The partition keys a prefix takes from its queries (`QUERY`) or from its processor (`FUNCTION`)."""
    return {value for found, value in expressions(prefix) if found == namespace}


def check_folder(rules: Rules, folder: str, *, field: str = "folder") -> None:
    """Raises DestinationError for a folder with expressions, or with slashes at its ends."""
    rules.require(
        _FOLDER.fullmatch(folder) is not None,
        field,
        f"{folder!r} is not a plain folder; use letters, digits, `_.=-` and single slashes in between",
        PAGE,
    )


def check_prefix(rules: Rules, prefix: str, *, field: str) -> None:
    """Raises DestinationError for an expression Firehose does not know, in the prefix of delivered objects."""
    rules.require(
        len(prefix) <= _LONGEST,
        field,
        f"the prefix has {len(prefix)} characters; shorten it to {_LONGEST}",
        f"{API}/API_ExtendedS3DestinationConfiguration.html",
    )
    rules.require(
        prefix.count("!{") == sum(1 for _ in expressions(prefix)),
        field,
        f"{prefix!r} has a `!{{` that starts no expression; write `!{{namespace:value}}`",
        PAGE,
    )
    for namespace, value in expressions(prefix):
        _check_expression(rules, namespace, value, field)


def _check_expression(rules: Rules, namespace: str, value: str, field: str) -> None:
    shown = f"`!{{{namespace}:{value}}}`"
    match namespace:
        case "firehose":
            rules.require(
                value == "random-string",
                field,
                f"{shown} cannot name a delivered object; only `!{{firehose:random-string}}` can",
                PAGE,
            )
        case "timestamp":
            unquoted = re.sub(r"'[^']*'", "", value)
            unknown = sorted({letter for letter in unquoted if letter.isalpha()} - _PATTERN_LETTERS)
            rules.require(
                bool(value) and "'" not in unquoted and not unknown,
                field,
                f"{shown} is not a pattern of Java's DateTimeFormatter; put text in single quotes",
                PAGE,
            )
        case "partitionKeyFromQuery" | "partitionKeyFromLambda":
            rules.require(bool(value), field, f"{shown} names no partition key; write its name", PAGE)
        case _:
            rules.require(
                False,
                field,
                f"{shown} has no namespace of Firehose's; use firehose, timestamp, {QUERY} or {FUNCTION}",
                PAGE,
            )
