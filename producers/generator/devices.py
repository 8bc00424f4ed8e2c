"""What devices, vehicles and machines measure, in the formats of the log types iot_telemetry, vehicle_position and
machine_measurement.

Every function makes one record at a moment; the same random generator gives the same records.
"""

from __future__ import annotations

import math
import random
from typing import Any

from producers.generator.clock import Moment

Record = dict[str, Any]

#: How many of each there are.
_DEVICES, _VEHICLES, _MACHINES = 500, 80, 24
_DAY = 86_400
#: The middle of the city the vehicles drive in, in degrees, and how far from it they come.
_LAT, _LON, _REACH = 53.55, 9.99, 0.15
#: Of 1,000 measurements of a machine, how many show its bearing wearing out, and how many its failure.
_WORN, _FAILED = 20, 2


def iot_telemetry(rng: random.Random, moment: Moment) -> Record:
    """The climate at a device: warmest in the afternoon, and drier the warmer it is."""
    number = rng.randrange(_DEVICES)
    temperature = 14 + 6 * math.sin(2 * math.pi * (moment.seconds % _DAY / _DAY - 0.375)) + rng.gauss(0, 0.8)
    return {
        "device_id": f"d-{number:04}",
        "model": "TH-2" if number % 3 else "TH-3",
        "firmware": "1.4.0",
        "site": f"roof-{number % 12}",
        "time": moment.iso_milliseconds,
        "sequence": moment.seconds,
        "measures": {
            "temperature": round(temperature, 2),
            "humidity": round(max(5.0, min(100.0, 110 - 3 * temperature + rng.gauss(0, 4))), 1),
            "pressure": round(rng.gauss(1_013, 6), 1),
            "battery": rng.randrange(20, 101),
            "signal": -rng.randrange(50, 110),
            "co2_ppm": rng.randrange(390, 900),
        },
    }


def vehicle_position(rng: random.Random, moment: Moment) -> Record:
    """A vehicle somewhere in the city, standing or driving."""
    number = rng.randrange(_VEHICLES)
    stands = rng.random() < 0.3
    return {
        "vehicle_id": f"v-{number:03}",
        "model": "van" if number % 4 else "truck",
        "time": moment.iso_milliseconds,
        "lat": round(_LAT + rng.uniform(-_REACH, _REACH), 5),
        "lon": round(_LON + rng.uniform(-_REACH, _REACH), 5),
        "speed_kmh": 0.0 if stands else round(rng.uniform(5, 90), 1),
        "heading_deg": rng.randrange(360),
        "accuracy_m": round(rng.uniform(2, 12), 1),
        "fuel_percent": rng.randrange(5, 101),
        "odometer_km": round(20_000 + number * 731 + moment.seconds % _DAY / 200, 1),
        "ignition": not stands,
        "trip_id": f"t-{moment.seconds // 3_600}-{number}",
    }


def machine_measurement(rng: random.Random, moment: Moment) -> Record:
    """A machine at work. One whose bearing wears out shakes and runs hot before it fails."""
    fate = rng.randrange(1_000)
    failed, worn = fate < _FAILED, fate < _FAILED + _WORN
    record: Record = {
        "machine_id": f"m-{rng.randrange(_MACHINES):02}",
        "model": "press",
        "time": moment.iso_milliseconds,
        "line": f"hall-{rng.randint(1, 3)}",
        "component": "spindle",
        "state": "failed" if failed else "running",
        "vibration_mm_s": round(abs(rng.gauss(9.5 if worn else 2.2, 0.4)), 2),
        "temperature_c": round(rng.gauss(88 if worn else 64, 2), 1),
        "rotation_rpm": 0 if failed else round(rng.gauss(1_480, 8)),
        "pressure_bar": round(rng.gauss(6.1, 0.1), 2),
        "current_a": round(rng.gauss(12.4, 0.5), 2),
        "running_hours": round(moment.seconds % (90 * _DAY) / 3_600, 2),
    }
    if failed:
        record["error_code"] = "E-117"
    return record
