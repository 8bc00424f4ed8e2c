"""All statements are planned as one job that reads once, and what is wrong is told with where."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pyflink.datastream import StreamExecutionEnvironment

from business import script
from business.application import define, statements
from business.script import ConfigurationError

TABLE = "CREATE TABLE events (`event.id` STRING NOT NULL)\nWITH ('connector' = 'weir', 'stream' = 'events')"
SINK = "CREATE TABLE metrics (`event.id` STRING)\nPARTITIONED BY (`event.id`) WITH ('connector' = 'weir', 'stream' = 'metrics')"


@pytest.fixture
def streams(java: Any) -> Iterator[Any]:
    memory = java.weir.flink.streams.testing.MemoryStreams()
    yield memory
    memory.close()


def planned(text: str, groups: Any, streams: Any) -> None:
    scripts = list(script.split("a.sql", text, lambda key: 7))
    statements(StreamExecutionEnvironment.get_execution_environment(), groups(), streams, scripts).explain()


def test_every_statement_is_planned_over_one_reading_of_the_events(java: Any, groups: Any, streams: Any) -> None:
    plan = statements(StreamExecutionEnvironment.get_execution_environment(), groups(), streams).explain()
    plan = plan.partition("== Optimized Execution Plan ==")[2]

    assert re.findall(r"TableSourceScan\(table=\[\[weir, weir, (\w+)", plan) == ["events"]
    assert sorted(re.findall(r"LookupJoin\(table=\[weir\.weir\.(\w+)", plan)) == ["article_groups", "articles", "shops"]
    assert sorted(re.findall(r"Sink\(table=\[weir\.weir\.(\w+)", plan)) == ["findings", "metrics"]
    assert len(re.findall(r"OverAggregate\(", plan)) == 5
    assert len(re.findall(r" Match\(", plan)) == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"application": {"country.seconds": None}}, "property group 'application': key 'country.seconds' is missing"),
        ({"application": {"velocity.payments": "few"}}, "velocity.payments is 'few', not a whole number of at least 0"),
        ({"application": {"idle.seconds": "0"}}, "idle.seconds is '0', not a whole number of at least 1"),
        ({"master": {"refresh.seconds": None}}, "property group 'master': key 'refresh.seconds' is missing"),
    ],
    ids=["missing", "no number", "too small", "of a table"],
)
def test_a_setting_that_is_missing_or_wrong_is_named(
    groups: Any, streams: Any, changes: dict[str, dict[str, str | None]], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(told)):
        define(StreamExecutionEnvironment.get_execution_environment(), groups(**changes), streams)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"{TABLE};\n{SINK};\nINSERT INTO metrics\nSELECT `event.id`\nFORM events;", "a.sql:7: SQL parse failed"),
        (f"{TABLE};\n{SINK};\n\nINSERT INTO metrics\nSELECT `event.code`\nFROM events;", "a.sql:7: .*`?event.code"),
        (
            f"{TABLE};\n{SINK};\nINSERT INTO metrics\nSELECT `event.id` FROM events;".replace("events", "orders"),
            "a.sql:5: .*'orders' is",
        ),
    ],
    ids=["syntax", "column", "property group"],
)
def test_a_statement_that_is_wrong_is_named_with_its_line(groups: Any, streams: Any, text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        planned(text, groups, streams)
