"""Positions of vehicles. A format of Weir's own.

| field | type | |
|---|---|---|
| `vehicle_id` | text, required | |
| `lat`, `lon` | number, required | degrees, WGS 84 |
| `time` | ISO 8601 or epoch number | of the position; the arrival, if absent |
| `speed_kmh`, `heading_deg` | number | from 0; clockwise from north |
| `altitude_m`, `accuracy_m` | number | metres; radius of the position's error |
| `fuel_percent`, `odometer_km` | number | charge of the battery, for electric ones |
| `ignition` | true or false | |
| `driver_id`, `trip_id`, `model` | text | |

Anything else is kept in `vehicle.other`.
"""

from __future__ import annotations

from common.kinds import FLAG, NUMBER, PLACE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    return PLACE.read(record) is not None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    place = PLACE.read(rest)
    if place is not None:
        event["geo"] = {"location": place}
        del rest["lat"], rest["lon"]


TABLE = Table(
    {
        "vehicle_id": "device.id",
        "model": "device.model.identifier",
        "time": "@timestamp",
        "driver_id": "user.id",
        "speed_kmh": "vehicle.speed_kmh",
        "heading_deg": "vehicle.heading_deg",
        "altitude_m": "vehicle.altitude_m",
        "accuracy_m": "vehicle.accuracy_m",
        "fuel_percent": "vehicle.fuel_percent",
        "odometer_km": "vehicle.odometer_km",
        "ignition": "vehicle.ignition",
        "trip_id": "vehicle.trip_id",
    },
    own={
        **{f"vehicle.{name}": NUMBER for name in ("speed_kmh", "heading_deg", "altitude_m", "accuracy_m")},
        **{f"vehicle.{name}": NUMBER for name in ("fuel_percent", "odometer_km")},
        "vehicle.ignition": FLAG,
        "vehicle.trip_id": WORD,
    },
    rest="vehicle.other",
    constants={"event.kind": "metric", "event.type": ["info"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="vehicle_position",
    dataset="vehicle.position",
    title="Vehicle position",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="An AWS IoT Core rule, or a telematics provider, sends each position as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("vehicle_id", "lat", "lon"),
)
