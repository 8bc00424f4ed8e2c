"""The short way for a record that is one event, bare or in an envelope, and nothing else, as nearly all are.

What it does not take, for whatever reason, is None, and goes the long way of common.recognise, which makes the same event of it
or says why there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, NamedTuple, TypeVar

import orjson

from common import ids, resend
from common.cache import Cache
from common.finish import Finisher
from common.logtype import JsonObject, LineType, LogType, ObjectType, Stamp
from common.logtypes import BY_DETAIL_TYPE, LISTS, OPENING, QUICK_OBJECTS, TYPES, UNPACKED, is_envelope, line_types, object_types
from common.recognise import TENANT, inline, is_inline
from common.source import KinesisRecord
from common.timestamps import from_milliseconds

Type = TypeVar("Type", LineType, ObjectType)

#: Keys that tell a subscription's events, and an event of EventBridge.
_SUBSCRIPTION = frozenset(("logEvents", "messageType"))
_EVENTBRIDGE = frozenset(("detail-type", "detail"))
_ENVELOPE_KEYS = frozenset(("type", "message"))
#: An object with more keys is looked at closely: to remember its shape would not pay.
_MOST_KEYS = 256
#: Ids that are longer are looked at closely: in UTF-8 they could be longer than a document id may be.
_LONGEST_ID = 128


class _Shape(NamedTuple):
    types: list[ObjectType]
    """To ask whether an object with these keys is theirs; empty for a container."""
    enveloped: bool
    """Its values decide whether it is an envelope."""
    eventbridge: bool
    """It is an event of EventBridge, if it is no envelope."""
    container: bool
    """It is an event of EventBridge or a subscription's, whichever type is named for what it holds."""
    export: str | None
    """The key of a list that holds records further in, if it may have one and no other list."""


#: In place of an event that is not in the sample.
SAMPLED_OUT = b""


class PlainRecords:
    """Finished events of plain records: of one tenant, where no envelope names another."""

    def __init__(self, tenant: str, finisher: Finisher | None = None) -> None:
        self._finisher = finisher
        self._streams: Cache[str, Any] = Cache(_stream_digest, 64)
        self._stamps: Cache[float, Stamp] = Cache(lambda arrival: _stamp(arrival, tenant), 4_096)
        self._moments: Cache[float, str] = Cache(lambda arrival: ids.moment(round(arrival * 1_000)), 4_096)
        self._named: Cache[tuple[float, str], Stamp | None] = Cache(_named_stamp, 4_096)
        self._lines: Cache[str, list[LineType]] = Cache(lambda beginning: list(line_types(beginning)), 256)
        self._shapes: Cache[tuple[str, ...], _Shape] = Cache(_shape, 4_096)

    def body(self, record: KinesisRecord, data: bytes) -> bytes | None:
        """The finished event of `record`, whose bytes are `data`, or SAMPLED_OUT; None for what has to be looked at closely."""
        stamp = self._stamps[record["kinesis"]["approximateArrivalTimestamp"]]
        if data[:1] == b"{":
            return self._of_object(record, data, stamp)
        try:
            text = data.decode().strip()
        except UnicodeDecodeError:
            return None
        return self._of_line(text, record, stamp) if text else None

    def _of_line(self, text: str, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        types = self._lines[text[0]]
        for log_type in types:
            quick = log_type.quick
            if quick is not None:
                body = quick(text, self._id(record), stamp)
                if body is not None:
                    if log_type is not types[0]:
                        _ask_first(types, log_type)
                    return body if self._finisher is None else self._finished(self._finisher, log_type.name, body, stamp)
            found = log_type.recognise(text)
            if found:
                if log_type is not types[0]:
                    _ask_first(types, log_type)
                if log_type.parse_match is None:
                    return self._parsed(log_type, log_type.parse, text, record, stamp)
                return self._parsed(log_type, log_type.parse_match, found, record, stamp)
        return None

    def _of_object(self, record: KinesisRecord, data: bytes, stamp: Stamp) -> bytes | None:
        for quick, log_type in QUICK_OBJECTS.get(data[:OPENING], ()):
            document = quick(data)
            if document is not None:
                return self._written(log_type, document, record, stamp)
        if data.startswith(resend.MAGIC):
            return None
        try:
            content = orjson.loads(data)
        except orjson.JSONDecodeError:
            return None
        if len(content) > _MOST_KEYS:
            return None
        shape = self._shapes[tuple(content)]
        if shape.enveloped and is_envelope(content):
            return self._of_envelope(content, record, stamp)
        return self._of_shape(shape, content, record, stamp)

    def _of_shape(self, shape: _Shape, content: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        """Of an object that is no envelope."""
        types = shape.types
        if shape.eventbridge:
            return self._of_eventbridge(content, record, stamp)
        for log_type in types:
            if log_type.recognise(content):
                if log_type is not types[0] and not log_type.generic:  # one of loose shape stays behind the others
                    _ask_first(types, log_type)
                return self._parsed(log_type, log_type.parse, content, record, stamp)
        return None if shape.export is None else self._of_export(shape.export, content, record, stamp)

    def _of_export(self, name: str, content: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        """Of one that holds one record."""
        log_type, unpack = UNPACKED[name]
        try:
            (inner,) = unpack(content)
        except ValueError:  # there are none or several of them, or (Malformed) something is wrong
            return None
        if not isinstance(inner, dict) or not inner.keys().isdisjoint(log_type.lists):
            return None
        return self._parsed(log_type, log_type.parse, inner, record, stamp, self._id(record, "/0.0"))

    def _of_envelope(self, content: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        log_type: LogType | None = None
        if "type" in content:
            name = content["type"]
            log_type = TYPES.get(name) if isinstance(name, str) else None
            if log_type is None:
                return None
        if "tenant" in content:
            tenant = content["tenant"]
            named = self._named[record["kinesis"]["approximateArrivalTimestamp"], tenant] if isinstance(tenant, str) else None
            if named is None:
                return None
            stamp = named
        message = content.get("message")
        if isinstance(message, dict):
            return self._of_message(log_type, message, record, stamp)
        if isinstance(log_type, ObjectType) and is_inline(log_type, content):
            return self._of_typed(log_type, inline(content), record, stamp)
        if not isinstance(message, str) or not (line := message.strip()):
            return None
        if isinstance(log_type, LineType):
            return self._of_named_line(log_type, line, record, stamp)
        if line[0] == "{":
            try:
                return self._of_message(log_type, orjson.loads(line), record, stamp)
            except orjson.JSONDecodeError:
                return None
        return self._of_line(line, record, stamp) if log_type is None else None

    def _of_message(self, log_type: LogType | None, message: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        """Of an object in an envelope, whose type this names or not."""
        if len(message) > _MOST_KEYS:
            return None
        shape = self._shapes[tuple(message)]
        if log_type is None:
            return self._of_shape(shape, message, record, stamp)
        if shape.container or not isinstance(log_type, ObjectType):
            return None
        return self._of_typed(log_type, message, record, stamp)

    def _of_typed(self, log_type: ObjectType, content: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        if not content.keys().isdisjoint(log_type.lists):
            return None
        return self._parsed(log_type, log_type.parse, content, record, stamp)

    def _of_named_line(self, log_type: LineType, line: str, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        if log_type.quick is not None:
            body = log_type.quick(line, self._id(record), stamp)
            if body is not None:
                return body if self._finisher is None else self._finished(self._finisher, log_type.name, body, stamp)
        return self._parsed(log_type, log_type.parse, line, record, stamp)

    def _of_eventbridge(self, content: JsonObject, record: KinesisRecord, stamp: Stamp) -> bytes | None:
        kind, event_id = content["detail-type"], content.get("id")
        found = BY_DETAIL_TYPE.get(kind) if isinstance(kind, str) else None
        if found is None or not isinstance(event_id, str) or not event_id:
            return None
        inner = content if found.whole_event else content["detail"]
        if type(inner) is not dict or not inner.keys().isdisjoint(found.lists):
            return None
        return self._parsed(found, found.parse, inner, record, stamp, event_id)

    def _parsed(
        self,
        log_type: LogType,
        parse: Callable[[Any, Stamp], JsonObject],
        content: Any,
        record: KinesisRecord,
        stamp: Stamp,
        event_id: str | None = None,
    ) -> bytes | None:
        try:
            document = parse(content, stamp)
        except Exception:  # the long way meets it again, and says what it is
            return None
        return self._written(log_type, document, record, stamp, event_id)

    def _written(
        self, log_type: LogType, document: JsonObject, record: KinesisRecord, stamp: Stamp, event_id: str | None = None
    ) -> bytes | None:
        """`event_id` is what the record's container says, which the document's own goes before."""
        event = document["event"]
        own_id = event.get("id", event_id)
        if own_id is None:
            own_id = self._id(record)
        elif not isinstance(own_id, str) or len(own_id) > _LONGEST_ID:
            return None
        event["id"] = own_id
        event["dataset"] = log_type.dataset
        event["ingested"] = stamp.ingested
        document["tenant"] = stamp.tenant
        try:
            if self._finisher is None:
                return orjson.dumps(document)
        except orjson.JSONEncodeError:  # nested deeper than can be written, or a whole number of more than 64 bits
            return None
        # What a quick parser makes has parts in common with other events.
        return self._finished(self._finisher, log_type.name, document, stamp, shared=log_type.quick is not None)

    def _finished(
        self, finisher: Finisher, log_type: str, content: bytes | JsonObject, stamp: Stamp, *, shared: bool = False
    ) -> bytes | None:
        try:
            found = finisher.finish_plain(log_type, stamp.tenant, content, shared=shared)
        except Exception:  # the long way meets it again, and keeps the record
            return None
        return SAMPLED_OUT if found is None else found

    def _id(self, record: KinesisRecord, position: str = "") -> str:
        """As common.ids.event_id makes it of the record's coordinates; `position` is that of an event in the record."""
        digest = self._streams[record["eventSourceARN"]].copy()
        digest.update(f"{record['eventID']}{position}".encode())
        return self._moments[record["kinesis"]["approximateArrivalTimestamp"]] + ids.written(digest.digest())


def _stamp(arrival: float, tenant: str) -> Stamp:
    ingested = from_milliseconds(round(arrival * 1_000))
    return Stamp(ingested, tenant, ingested)


def _named_stamp(named: tuple[float, str]) -> Stamp | None:
    """None for what is no tenant's name."""
    return _stamp(*named) if TENANT.fullmatch(named[1]) else None


def _stream_digest(arn: str) -> Any:
    return blake2b(f"{arn.split('/')[1]}/".encode(), digest_size=ids.PLACE_BYTES)


def _ask_first(types: list[Type], log_type: Type) -> None:
    """Puts `log_type` before the others: records of a type come together, and since no record is of two types, the order changes
    nothing else."""
    types.remove(log_type)
    types.insert(0, log_type)


def _shape(keys: tuple[str, ...]) -> _Shape:
    subscription, eventbridge = _SUBSCRIPTION.issubset(keys), _EVENTBRIDGE.issubset(keys)
    types = [] if subscription or eventbridge else list(object_types(keys))
    enveloped = not _ENVELOPE_KEYS.isdisjoint(keys)
    lists = [name for name in keys if name in LISTS]
    export = lists[0] if len(lists) == 1 and lists[0] in UNPACKED and not (subscription or eventbridge) else None
    return _Shape(types, enveloped, eventbridge and not subscription, eventbridge or subscription, export)
