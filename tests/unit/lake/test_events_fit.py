"""An event that is in the index is in the lake: whatever stands at any place of a record, what is made of it fits the table."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
import pytest

from common.model import Coordinates, Event
from common.recognise import Normaliser
from lake.columns import JSON_KEYS, all_columns
from localrun.delivery.deserializer import OpenXJson, row_reader
from localrun.delivery.hive_types import arrow_type
from tests.unit.common.test_app import LOG
from tests.unit.common.test_cloudtrail import RECORD
from tests.unit.common.test_guardduty import finding

AT = Coordinates("s", "shardId-000000000000", "1", 1_795_420_800_250)
NORMALISER = Normaliser(default_tenant="default")
TABLE = pa.schema([pa.field(name, arrow_type(kind)) for name, kind in all_columns().items()])
#: Of every JSON type, and beyond what a column holds.
STRANGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    1.5,
    2**63,
    1e300,
    "x",
    "",
    "2024-07-30T21:31:21Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999Z",
    [],
    [1],
    [None],
    [["x"]],
    [{}],
    {},
    {"a": 1},
)

Path = tuple[str | int, ...]


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in items:
        yield from places(inner, (*path, step))


def changed(record: Any, path: Path, value: Any) -> Any:
    other = copy.deepcopy(record)
    holder = other
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return other


PROBE = {
    "actionType": "PORT_PROBE",
    "portProbeAction": {
        "portProbeDetails": [
            {
                "localPortDetails": {"port": 80, "portName": "HTTP"},
                "remoteIpDetails": {"ipAddressV4": "198.51.100.1", "geoLocation": {"lat": 1.5, "lon": 2}},
            }
        ]
    },
}


@pytest.mark.parametrize(
    "record",
    [
        {**LOG, "status": 500, "duration_ms": 1.5, "error": {"type": "E", "message": "m"}, "user": {"name": "n", "id": 1}},
        RECORD,
        finding(),
        finding(action=PROBE),
    ],
    ids=["app", "cloudtrail", "guardduty call", "guardduty probe"],
)
def test_whatever_stands_at_a_place_what_is_made_of_it_fits_the_table(record: dict[str, Any]) -> None:
    as_rows = row_reader(OpenXJson(case_insensitive=False, mappings=JSON_KEYS), TABLE)
    taken = 0
    for path in places(record):
        for value in STRANGE:
            for made in NORMALISER.normalise(orjson.dumps(changed(record, path, value)), AT):
                if isinstance(made, Event):
                    assert len(as_rows(made.body)) == 1, (path, value)
                    taken += 1
    assert taken > 100
