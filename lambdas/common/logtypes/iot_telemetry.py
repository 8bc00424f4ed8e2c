"""Measurements of devices. A format of Weir's own.

| field | type | |
|---|---|---|
| `device_id` | text, required | |
| `measures` | object, required | a value by name: those below, and any other |
| `time` | ISO 8601 or epoch number | when it was measured; the arrival, if absent |
| `model`, `firmware`, `site` | text | of the device, and where it is |
| `sequence` | whole number | counted by the device |
| `lat`, `lon` | number | degrees |
| `measures.temperature`, `measures.humidity`, `measures.pressure` | number | degrees Celsius, percent, hectopascal |
| `measures.battery`, `measures.signal` | number | percent, dBm |

The measures that are not named here stay in `iot.measures`, an open object.

Anything else is kept in `iot.other`.
"""

from __future__ import annotations

from common.kinds import NUMBER, OPEN, PLACE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    return isinstance(record["measures"], dict)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Where the device is, if both numbers are; and the measures that have no field of their own."""
    place = PLACE.read(rest)
    if place is not None:
        event["geo"] = {"location": place}
        del rest["lat"], rest["lon"]
    if isinstance(rest.get("measures"), dict):
        event.setdefault("iot", {})["measures"] = rest.pop("measures")


TABLE = Table(
    {
        "device_id": "device.id",
        "model": "device.model.identifier",
        "time": "@timestamp",
        "sequence": "event.sequence",
        "firmware": "iot.firmware",
        "site": "iot.site",
        **{f"measures.{name}": f"iot.{name}" for name in ("temperature", "humidity", "pressure", "battery", "signal")},
    },
    own={
        **{f"iot.{name}": NUMBER for name in ("temperature", "humidity", "pressure", "battery", "signal")},
        **{f"iot.{name}": WORD for name in ("firmware", "site")},
        "iot.measures": OPEN,
    },
    rest="iot.other",
    constants={"event.kind": "metric", "event.type": ["info"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="iot_telemetry",
    dataset="iot.telemetry",
    title="IoT device telemetry",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="An AWS IoT Core rule, or a gateway, sends each message of a device as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("device_id", "measures"),
)
