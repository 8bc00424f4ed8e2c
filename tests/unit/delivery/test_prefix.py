"""Object keys, with the examples of the page on custom prefixes."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from localrun.delivery.prefix import (
    OPENSEARCH_FAILED,
    PROCESSING_FAILED,
    BadPrefix,
    data_prefix,
    error_prefix,
    java_time,
    object_name,
)

WHEN = datetime(2018, 8, 27, 10, 30, 5, 123_000, UTC)


@pytest.mark.parametrize(
    ("prefix", "evaluated"),
    [
        ("", "2018/08/27/10/"),
        ("raw/", "raw/2018/08/27/10/"),
        ("myFirehosePrefix", "myFirehosePrefix2018/08/27/10/"),
        ("raw/!{timestamp:yyyy/MM/dd}/", "raw/2018/08/27/"),
        (
            "myPrefix/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/",
            "myPrefix/year=2018/month=08/day=27/hour=10/",
        ),
        ("!{timestamp:'year='yyyy'/month='MM}/", "year=2018/month=08/"),
    ],
)
def test_data(prefix: str, evaluated: str) -> None:
    assert data_prefix(prefix, WHEN) == evaluated


@pytest.mark.parametrize(
    ("prefix", "error_output", "kind", "evaluated"),
    [
        ("raw/", None, PROCESSING_FAILED, "raw/processing-failed/2018/08/27/10/"),
        ("direct-put/", None, OPENSEARCH_FAILED, "direct-put/AmazonOpenSearchService_failed/2018/08/27/10/"),
        ("raw/", "errors/", PROCESSING_FAILED, "errors/processing-failed/2018/08/27/10/"),
        ("", "failures/!{firehose:error-output-type}/", PROCESSING_FAILED, "failures/processing-failed/"),
        ("", "failures/!{firehose:error-output-type}/", OPENSEARCH_FAILED, "failures/AmazonOpenSearchService-failed/"),
        (
            "",
            "f/!{timestamp:'year='yyyy'/month='MM'/day='dd'/hour='HH}/!{firehose:error-output-type}/",
            PROCESSING_FAILED,
            "f/year=2018/month=08/day=27/hour=10/processing-failed/",
        ),
    ],
)
def test_errors(prefix: str, error_output: str | None, kind: tuple[str, str], evaluated: str) -> None:
    assert error_prefix(prefix, error_output, kind, WHEN) == evaluated


def test_every_random_string_is_another_one_of_eleven_characters() -> None:
    found = data_prefix("!{firehose:random-string}/!{firehose:random-string}/!{timestamp:yyyy}", WHEN)
    first, second, year = found.split("/")
    assert re.fullmatch(r"[0-9a-f-]{11}", first)
    assert re.fullmatch(r"[0-9a-f-]{11}", second)
    assert first != second
    assert year == "2018"


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("!{firehose:error-output-type}/", "has no meaning in the prefix"),
        ("!{partitionKeyFromQuery:tenant}/", "has no meaning in the prefix"),
        ("raw/!{timestamp:yyyy", "must begin an expression"),
        ("!{timestamp:yyyy 'year}/", "a quote is not closed"),
        ("!{timestamp:yyyy-QQ}/", "Q is not run locally; use y u M d"),
    ],
)
def test_what_firehose_would_refuse_is_an_error(prefix: str, words: str) -> None:
    with pytest.raises(BadPrefix, match=words):
        data_prefix(prefix, WHEN)


def test_an_error_prefix_with_expressions_must_name_the_type() -> None:
    with pytest.raises(BadPrefix, match=r"must have !\{firehose:error-output-type\}"):
        error_prefix("", "failures/!{timestamp:yyyy}/", PROCESSING_FAILED, WHEN)


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("yyyy-MM-dd HH:mm:ss.SSS", "2018-08-27 10:30:05.123"),
        ("yy M d H", "18 8 27 10"),
        ("DDD MMM MMMM EEE EEEE a hh", "239 Aug August Mon Monday AM 10"),
        ("HH''mm 'o''clock'", "10'30 o'clock"),
        ("''", "'"),
    ],
)
def test_java_patterns(pattern: str, written: str) -> None:
    assert java_time(pattern, WHEN) == written


def test_the_object_name_has_the_documented_form() -> None:
    name = object_name("weir-local-archive", 2, WHEN, ".gz")
    assert re.fullmatch(r"weir-local-archive-2-2018-08-27-10-30-05-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.gz", name)
