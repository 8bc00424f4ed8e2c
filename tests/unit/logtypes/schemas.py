"""Events held to the JSON Schemas of their log types."""

from __future__ import annotations

from functools import cache

import orjson
from jsonschema_rs import Validator, validator_for

from common.logtypes import TYPES
from common.model import Event
from search.json_schema import schema_of


@cache
def _validator(name: str) -> Validator:
    return validator_for(schema_of(TYPES[name]), validate_formats=True)


class Held:
    """What finishes events by holding them to the schemas of the types that made them (common.recognise.Finish)."""

    def __init__(self) -> None:
        self.wrong: list[str] = []

    def __call__(self, log_type: str, tenant: str, event: Event) -> Event:
        self.wrong += violations(log_type, event.body)
        return event


def violations(name: str, body: bytes) -> list[str]:
    """What of a finished event is not as the schema of its type says: where, and what was expected."""
    return [
        f"{name}: {'.'.join(map(str, error.instance_path))}: {error.message}"
        for error in _validator(name).iter_errors(orjson.loads(body))
    ]
