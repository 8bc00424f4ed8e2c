"""The document of an event, and the index it goes to."""

from __future__ import annotations

import orjson

from common.bulk import MAX_ID_BYTES, Document


class NotAnEvent(ValueError):
    """A record of `events` that is no event the pipeline wrote."""


def document(number: int, data: bytes) -> Document:
    """The document of a record of `events`, in the index that its type, tenant and day of arrival name.

    Raises NotAnEvent, saying which field is missing.
    """
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise NotAnEvent(f"not JSON: {error}") from error
    if not isinstance(event, dict):
        raise NotAnEvent("not a JSON object")
    described = event.get("event")
    fields = {**described, "tenant": event.get("tenant")} if isinstance(described, dict) else {}
    id_, dataset, tenant, ingested = (_text(fields, name) for name in ("id", "dataset", "tenant", "ingested"))
    if len(id_.encode()) > MAX_ID_BYTES:
        raise NotAnEvent(f"event.id is longer than {MAX_ID_BYTES} bytes")
    day = ingested[:10].replace("-", ".")
    # A line break would end the document's line in the bulk request.
    return Document(number, f"logs-{dataset}-{tenant}-{day}", id_, orjson.dumps(event) if b"\n" in data else data)


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if isinstance(value, str) and value:
        return value
    raise NotAnEvent(f"{'tenant' if name == 'tenant' else f'event.{name}'} is missing, or no text")
