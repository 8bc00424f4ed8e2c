"""Which objects are in which partition, from a table's properties alone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from localrun.emulator.athena.projection import BadTable, layout

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
DAY = {
    "projection.enabled": "TRUE",
    "projection.day.type": " Date ",
    "projection.day.format": "yyyy-MM-dd",
    "projection.day.range": "2026-11-01, NOW",
}
DATASET = {"projection.dataset.type": "enum", "projection.dataset.values": "aws.alb,app"}


def table(keys: tuple[str, ...], location: str = "s3://lake/events/", **properties: str) -> dict[str, Any]:
    return {
        "Name": "events",
        "DatabaseName": "weir_test",
        "PartitionKeys": [{"Name": key, "Type": "string"} for key in keys],
        "Parameters": properties,
        "StorageDescriptor": {"Location": location},
    }


@pytest.mark.parametrize(
    ("key", "partition"),
    [
        ("events/dataset=app/day=2026-11-25/a.parquet", {"dataset": "app", "day": "2026-11-25"}),
        ("events/dataset=app/day=2026-11-01/below/a.parquet", {"dataset": "app", "day": "2026-11-01"}),
        ("events/dataset=app/day=2026-11-26/a.parquet", None),  # the future
        ("events/dataset=app/day=2026-10-31/a.parquet", None),  # before the first day
        ("events/dataset=app/day=2026-11-1/a.parquet", None),  # not of the format
        ("events/dataset=app/day=today/a.parquet", None),
        ("events/dataset=other/day=2026-11-25/a.parquet", None),  # no value of the enumeration
        ("events/dataset=app/day=2026-11-25/_temporary", None),
        ("events/dataset=app/day=2026-11-25/.hidden/a.parquet", None),
        ("events/day=2026-11-25/a.parquet", None),
        ("events-errors/dataset=app/day=2026-11-25/a.parquet", None),
    ],
)
def test_objects_are_in_the_partitions_that_are_projected(key: str, partition: dict[str, str] | None) -> None:
    found = layout(table(("dataset", "day"), **DAY, **DATASET), NOW)
    assert (found.bucket, found.prefix) == ("lake", "events/dataset=")
    assert found.partition(key) == partition


def test_the_template_says_where_partitions_are_not_the_location() -> None:
    template = {"storage.location.template": "s3://lake/by-day/${day}/aws.alb"}
    found = layout(table(("day",), **DAY, **template), NOW)
    assert found.prefix == "by-day/"
    assert found.partition("by-day/2026-11-25/aws.alb/a.parquet") == {"day": "2026-11-25"}
    assert found.partition("by-day/2026-11-25/awsXalb/a.parquet") is None


def test_a_table_without_partition_keys_is_all_that_is_under_its_location() -> None:
    found = layout(table(()), NOW)
    assert found.prefix == "events/"
    assert found.partition("events/a/b.parquet") == {}


@pytest.mark.parametrize(
    ("keys", "properties", "message"),
    [
        (("day",), {**DAY, "projection.enabled": "false"}, "has partition keys and no projection.enabled"),
        (("day", "hour"), DAY, "projection.hour.type is missing"),
        (("day",), {**DAY, "projection.day.type": "injected"}, "projection.day.type injected; run locally are date and enum"),
        (("day",), {**DAY, "projection.day.format": "d MMM yyyy"}, "projection.day.format d MMM yyyy is not run locally"),
        (("day",), {**DAY, "projection.day.range": "2026-11-01"}, "projection.day.range 2026-11-01 is not two of yyyy-MM-dd"),
        (("day",), {**DAY, "projection.day.range": "NOW-3YEARS,NOW"}, "projection.day.range NOW-3YEARS,NOW is not two of"),
        (("day",), {**DAY, "projection.day.interval": "7"}, "projection.day.interval other than 1 DAYS"),
        (("day",), {**DAY, "storage.location.template": "s3://lake/events/"}, r"template lacks \$\{day\}"),
        (("day",), {**DAY, "storage.location.template": "/events/${day}"}, "is not s3://bucket/folder"),
        (("dataset",), {"projection.enabled": "true", "projection.dataset.type": "enum"}, "projection.dataset.values is missing"),
    ],
)
def test_what_is_not_run_locally_is_refused_by_name(keys: tuple[str, ...], properties: dict[str, str], message: str) -> None:
    with pytest.raises(BadTable, match=rf"^table weir_test.events:? .*{message}"):
        layout(table(keys, **properties), NOW)
