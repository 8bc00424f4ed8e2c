"""Measurements of machines, from which their failures are predicted. A format of Weir's own.

| field | type | |
|---|---|---|
| `machine_id` | text, required | |
| `vibration_mm_s`, `temperature_c`, `rotation_rpm`, `pressure_bar`, `voltage_v`, `current_a` | number | at least one |
| `time` | ISO 8601 or epoch number | when it was measured; the arrival, if absent |
| `state` | text | `running`, `idle`, `stopped`, `maintenance`, `failed`, ... |
| `error_code` | text | of the machine's controller |
| `line`, `component`, `model` | text | where it stands, what of it was measured, what it is |
| `running_hours` | number | since it was last serviced |

Anything else is kept in `machine.other`.
"""

from __future__ import annotations

from common.kinds import NUMBER, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

_MEASURES = ("vibration_mm_s", "temperature_c", "rotation_rpm", "pressure_bar", "voltage_v", "current_a")


def recognise(record: JsonObject) -> bool:
    return any(name in record for name in _MEASURES)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """A machine that reports an error, or has failed, is an outcome of failure."""
    failed = "error" in event or event.get("machine", {}).get("state") == "failed"
    event["event"]["type"] = ["error"] if failed else ["info"]
    event["event"]["outcome"] = "failure" if failed else "success"


TABLE = Table(
    {
        "machine_id": "device.id",
        "model": "device.model.identifier",
        "time": "@timestamp",
        "state": "machine.state",
        "error_code": "error.code",
        "line": "machine.line",
        "component": "machine.component",
        "running_hours": "machine.running_hours",
        **{name: f"machine.{name}" for name in _MEASURES},
    },
    own={
        **{f"machine.{name}": NUMBER for name in (*_MEASURES, "running_hours")},
        **{f"machine.{name}": WORD for name in ("state", "line", "component")},
    },
    rest="machine.other",
    constants={"event.kind": "metric"},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="machine_measurement",
    dataset="machine.measurement",
    title="Machine measurement",
    page="https://www.elastic.co/docs/reference/ecs/ecs-field-reference",
    arrival="A plant's gateway, or an AWS IoT Core rule, sends each measurement as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("machine_id",),
)
