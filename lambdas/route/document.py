"""The document of an event, and the index it goes to."""

from __future__ import annotations

from typing import Annotated

import msgspec
import orjson

from common.bulk import MAX_ID_BYTES, Document


class NotAnEvent(ValueError):
    """A record of `events` that is no event the pipeline wrote."""


_Text = Annotated[str, msgspec.Meta(min_length=1)]


class _Described(msgspec.Struct, gc=False):
    id: _Text
    dataset: _Text
    ingested: _Text


class _Event(msgspec.Struct, gc=False):
    """What an index and an id are made of. To decode nothing else takes a third of the time."""

    event: _Described
    tenant: _Text


_decode = msgspec.json.Decoder(_Event).decode


def document(number: int, data: bytes) -> Document:
    """The document of a record of `events`, in the index that its type, tenant and day of arrival name.

    Raises NotAnEvent, saying which field is missing.
    """
    try:
        data.decode()  # what is not read is not looked at
        event = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotAnEvent(_fault(data) or f"not JSON: {error}") from error
    described = event.event
    if len(described.id.encode()) > MAX_ID_BYTES:
        raise NotAnEvent(f"event.id is longer than {MAX_ID_BYTES} bytes")
    day = described.ingested[:10].replace("-", ".")
    # A line break would end the document's line in the bulk request.
    body = orjson.dumps(orjson.loads(data)) if b"\n" in data else data
    return Document(number, f"logs-{described.dataset}-{event.tenant}-{day}", described.id, body)


def _fault(data: bytes) -> str | None:
    """What a record lacks to be an event; None where that is not it."""
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    if not isinstance(event, dict):
        return "not a JSON object"
    described = event.get("event")
    fields = {**described, "tenant": event.get("tenant")} if isinstance(described, dict) else {}
    for name in ("id", "dataset", "tenant", "ingested"):
        value = fields.get(name)
        if not isinstance(value, str) or not value:
            return f"{'tenant' if name == 'tenant' else f'event.{name}'} is missing, or no text"
    return None
