"""What a raw record is: de-aggregated, unwrapped, recognised and parsed.

A record may be a KPL aggregate, compressed with gzip, a Weir envelope, a CloudWatch Logs subscription, an EventBridge event, a
CloudTrail file, or a bare line or JSON object, and most of these in each other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import orjson

from common import inflate, kpl
from common.ids import log_event_id
from common.logtype import JsonObject, LineType, LogType, Malformed, ObjectType, QuickObject, Stamp, text
from common.logtypes import BY_DETAIL_TYPE, LISTS, OPENING, QUICK_OBJECTS, TYPES, UNPACKED, is_envelope, line_types, object_types
from common.model import NOTHING, Coordinates, Event, Given, Rejected
from common.timestamps import from_milliseconds

#: What may be a tenant's name.
TENANT = re.compile(r"[a-z0-9][a-z0-9_.]{0,62}")
_TENANT_RULE = "1 to 63 of a-z, 0-9, _ and ., beginning with a letter or digit"
#: Longest document id OpenSearch takes, in bytes.
_LONGEST_ID = 512
_LONGEST_DETAIL = 500

Content = TypeVar("Content")
Results = list[Event | Rejected]
#: What is done with a finished event, given its log type and tenant; None where it goes no further.
Finish = Callable[[str, str, Event], Event | None]


class _Refusal(Exception):
    def __init__(self, reason: str, detail: str, log_type: LogType | None = None) -> None:
        super().__init__(detail)
        self.reason, self.detail, self.log_type = reason, detail, log_type


class _Piece(NamedTuple):
    """What is known of a record, or of an event inside one, before it is parsed."""

    at: Coordinates
    tenant: str
    original: bytes
    type: LogType | None = None
    """Named by an envelope."""
    enveloped: bool = False
    id: str | None = None
    """Given by what held the event."""
    time_ms: int | None = None
    """Likewise, epoch milliseconds."""
    given: Given = NOTHING
    """What `original` alone would not say."""


class Normaliser:
    """Turns raw records into events."""

    def __init__(self, *, default_tenant: str, default_type: str | None = None, finish: Finish | None = None) -> None:
        """`default_type` is given to what names no type and has no known shape. Raises ValueError for an impossible default."""
        if not TENANT.fullmatch(default_tenant):
            raise ValueError(f"default_tenant: {default_tenant!r} is not {_TENANT_RULE}")
        if default_type and default_type not in TYPES:
            raise ValueError(f"default_type: {default_type!r} is not registered: use one of {', '.join(TYPES)}")
        self.tenant = default_tenant
        self._type = TYPES[default_type] if default_type else None
        self._finish = finish

    def normalise(self, data: bytes, at: Coordinates, given: Given = NOTHING) -> Results:
        """Every event `data` holds, and every part that could not be understood. Never raises.

        Empty only for the control messages of a CloudWatch Logs subscription, and for what `finish` leaves out. `given` is what a
        piece of a record was once told by the rest of it.
        """
        piece = self._piece(at, data, given)
        if not data.startswith(kpl.MAGIC):
            return _guarded(self._record, data, piece)
        try:
            records = kpl.deaggregate(data)
        except kpl.CorruptAggregate as error:
            return [Rejected(at, "corrupt", str(error), None, piece.tenant, data, given=given)]
        results: Results = []
        for index, (key, record) in enumerate(records):
            results += _guarded(self._record, record, piece._replace(at=at.user_record(index, key), original=record))
        return results

    def _piece(self, at: Coordinates, data: bytes, given: Given) -> _Piece:
        log_type = TYPES.get(given.type) if given.type else None
        return _Piece(at, given.tenant or self.tenant, data, log_type, id=given.id, time_ms=given.time_ms, given=given)

    def _record(self, data: bytes, piece: _Piece) -> Results:
        if data.startswith(inflate.MAGIC):
            try:
                data = inflate.inflate(data)
            except inflate.TooLarge as error:
                raise _Refusal("too_large", str(error)) from None
            except inflate.CorruptGzip as error:
                raise _Refusal("corrupt", str(error)) from None
        try:
            content = data.decode()
        except UnicodeDecodeError as error:
            detail = f"neither UTF-8 text nor a known container: byte {error.start} is {data[error.start]:#04x}"
            raise _Refusal("unrecognised", detail) from None
        return self._text(content, piece)

    def _text(self, content: str, piece: _Piece) -> Results:
        line = content.strip()
        if not line:
            raise _Refusal("unrecognised", "an empty record")
        if isinstance(piece.type, LineType):
            return self._finished(piece.type, line, piece)
        if line[0] == "{":
            return self._object(_json(line), piece)
        if piece.type is None:
            for log_type in line_types(line[0]):
                if log_type.recognise(line):
                    return self._finished(log_type, line, piece)
        named = piece.type or self._type
        if named is None:
            raise _Refusal("unrecognised", f"a line of no known shape: {line[:60]!r}")
        return self._finished(named, line, piece)

    def _object(self, content: JsonObject, piece: _Piece) -> Results:
        if not piece.enveloped and is_envelope(content):
            return self._envelope(content, piece)
        if "logEvents" in content and "messageType" in content:
            return self._subscription(content, piece)
        if "detail-type" in content and "detail" in content:
            return self._eventbridge(content, piece)
        return self._typed(content, piece)

    def _envelope(self, content: JsonObject, piece: _Piece) -> Results:
        tenant, name = content.get("tenant", piece.tenant), content.get("type")
        if not isinstance(tenant, str) or not TENANT.fullmatch(tenant):
            raise _Refusal("malformed", f"tenant: {str(tenant)[:80]!r} is not {_TENANT_RULE}")
        piece = piece._replace(tenant=tenant, enveloped=True)
        return _guarded(self._enveloped, content, piece._replace(type=TYPES.get(name) if isinstance(name, str) else None))

    def _enveloped(self, content: JsonObject, piece: _Piece) -> Results:
        if "type" in content and piece.type is None:
            detail = f"type: {str(content['type'])[:80]!r} is not registered: use one of {', '.join(TYPES)}"
            raise _Refusal("unrecognised", detail)
        message = content.get("message")
        if isinstance(message, dict):
            return self._object(message, piece)
        if isinstance(piece.type, ObjectType) and is_inline(piece.type, content):
            return self._typed(inline(content), piece)
        if not isinstance(message, str):
            raise _Refusal("malformed", f"message: expected a line or an object, found {type(message).__name__}")
        return self._text(message, piece)

    def _subscription(self, content: JsonObject, piece: _Piece) -> Results:
        """CloudWatch Logs user guide, "Log group-level subscription filters"."""
        if content["messageType"] == "CONTROL_MESSAGE":
            return []
        log_events = content["logEvents"]
        if not isinstance(log_events, list) or not log_events:
            raise _Refusal("malformed", "logEvents: expected a list of log events")
        results: Results = []
        for index, log_event in enumerate(log_events):
            results += _guarded(self._log_event, log_event, _log_piece(content, log_event, piece, index))
        return results

    def _log_event(self, log_event: Any, piece: _Piece) -> Results:
        if not isinstance(log_event, dict) or not isinstance(log_event.get("message"), str):
            raise _Refusal("malformed", "logEvents: a log event has a message")
        if piece.type is None:
            for quick, log_type in QUICK_OBJECTS.get(piece.original[:OPENING], ()):
                if event := _usual(log_type, quick, piece):
                    return self._results(log_type, event, piece)
        return self._text(log_event["message"], piece)

    def _eventbridge(self, content: JsonObject, piece: _Piece) -> Results:
        """EventBridge user guide, "Event structure"."""
        kind, name = content["detail-type"], content.get("id")
        log_type = piece.type or (BY_DETAIL_TYPE.get(kind) if isinstance(kind, str) else None)
        event_id = name if isinstance(name, str) and name else piece.id
        whole = isinstance(log_type, ObjectType) and log_type.whole_event
        return _guarded(self._typed, content if whole else content["detail"], piece._replace(type=log_type, id=event_id))

    def _list(self, name: str, content: JsonObject, piece: _Piece) -> Results:
        """Such as a CloudTrail file. A record of it that is rejected has no bytes of its own: its original is its JSON."""
        records: list[Any] = content[name]
        if name in UNPACKED:
            log_type, unpack = UNPACKED[name]
            piece = piece._replace(type=log_type)
            try:
                records = unpack(content)
            except Malformed as error:
                raise _Refusal("malformed", str(error), log_type) from None
        if not records:
            raise _Refusal("malformed", f"{name}: an empty list")
        results: Results = []
        room = inflate.LARGEST
        for index, record in enumerate(records):
            original = orjson.dumps(record)
            room -= len(original)
            if room < 0:
                raise _Refusal("too_large", f"{name}: its records, each by itself, are larger than {inflate.LARGEST} bytes")
            results += _guarded(self._typed, record, _inner(piece, index, original, None, piece.time_ms))
        return results

    def _finished(self, log_type: LogType, content: Any, piece: _Piece) -> Results:
        return self._results(log_type, _parsed(log_type, content, piece), piece)

    def _results(self, log_type: LogType, event: Event, piece: _Piece) -> Results:
        finished = self._finish(log_type.name, piece.tenant, event) if self._finish else event
        return [finished] if finished else []

    def _typed(self, content: Any, piece: _Piece) -> Results:
        if not isinstance(content, dict):
            raise _Refusal("malformed", f"expected a JSON object, found {type(content).__name__}")
        if piece.type is None:
            for log_type in object_types(tuple(content)):
                if log_type.recognise(content):
                    return self._finished(log_type, content, piece)
        for name in LISTS.intersection(content):
            if isinstance(content[name], list) and (piece.type is None or name in _lists(piece.type)):
                return self._list(name, content, piece)
        named = piece.type or self._type
        if named is None:
            keys = ", ".join(name[:40] for name in list(content)[:8])
            raise _Refusal("unrecognised", f"a JSON object of no known shape, with {keys or 'no key'}")
        return self._finished(named, content, piece)


def inline(envelope: JsonObject) -> JsonObject:
    """The record whose fields stand in the envelope itself."""
    return {name: value for name, value in envelope.items() if name not in ("type", "tenant")}


def is_inline(log_type: ObjectType, envelope: JsonObject) -> bool:
    """Whether the fields of a record of `log_type` stand in the envelope itself, whose message is no object."""
    if not log_type.generic:
        return False
    message = envelope.get("message")
    return not (len(inline(envelope)) == 1 and isinstance(message, str) and message.lstrip().startswith("{"))


def _guarded(read: Callable[[Content, _Piece], Results], content: Content, piece: _Piece) -> Results:
    """What `read` finds, or the piece as rejected: one bad piece never takes its neighbours with it."""
    try:
        return read(content, piece)
    except _Refusal as refusal:
        reason, detail, log_type = refusal.reason, refusal.detail, refusal.log_type
    except Exception as error:  # whatever a producer sends, it ends as an event or here, whole
        reason, detail, log_type = "malformed", f"{type(error).__name__}: {error}", None
    known = log_type or piece.type
    name = known.name if known else None
    return [Rejected(piece.at, reason, detail[:_LONGEST_DETAIL], name, piece.tenant, piece.original, given=piece.given)]


def _json(line: str) -> JsonObject:
    try:
        content: JsonObject = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise _Refusal("malformed", f"JSON: {error}") from None
    return content


def _lists(log_type: LogType) -> tuple[str, ...]:
    return log_type.lists if isinstance(log_type, ObjectType) else ()


def _inner(piece: _Piece, index: int, original: bytes, event_id: str | None, time_ms: int | None) -> _Piece:
    """The `index`-th piece of a piece, which has bytes, an id and a time of its own and the rest from what holds it."""
    given = Given(piece.tenant, piece.type.name if piece.type else None, event_id, time_ms)
    return piece._replace(at=piece.at.within(index), original=original, id=event_id, time_ms=time_ms, given=given)


def _log_piece(content: JsonObject, log_event: Any, piece: _Piece, index: int) -> _Piece:
    """A log event of a subscription, by itself."""
    if not isinstance(log_event, dict) or not isinstance(log_event.get("message"), str):
        return _inner(piece, index, orjson.dumps(log_event), None, piece.time_ms)
    name, time = log_event.get("id"), log_event.get("timestamp")
    owner, group, stream = (str(content.get(key, "")) for key in ("owner", "logGroup", "logStream"))
    time_ms = time if isinstance(time, int) and 0 <= time < 10**14 else None
    event_id = log_event_id(time_ms or 0, owner, group, stream, name) if isinstance(name, str) and name else None
    return _inner(piece, index, log_event["message"].encode(), event_id, time_ms)


def _usual(log_type: ObjectType, quick: QuickObject, piece: _Piece) -> Event | None:
    """The event of the piece, if its bytes are those of a usual object; None for what has to be read field by field."""
    try:
        document = quick(piece.original)
        return None if document is None else _written(log_type, document, piece)
    except Exception:  # reading it field by field meets it again, and says what it is
        return None


def _parsed(log_type: LogType, content: Any, piece: _Piece) -> Event:
    """The finished event. Raises _Refusal."""
    at = piece.at
    ingested = from_milliseconds(at.arrival_ms)
    time = ingested if piece.time_ms is None else from_milliseconds(piece.time_ms)
    event_id, stamp = piece.id or at.id(), Stamp(ingested, piece.tenant, time)
    try:
        if isinstance(log_type, LineType) is not isinstance(content, str):
            wanted = "a line" if isinstance(log_type, LineType) else "a JSON object"
            raise Malformed(f"message: a record of type {log_type.name} is {wanted}")
        if isinstance(log_type, LineType) and log_type.quick:
            body = log_type.quick(content, orjson.dumps(event_id).decode()[1:-1], stamp)
            if body is not None:
                return Event(event_id, body, at.partition_key)
        return _written(log_type, log_type.parse(content, stamp), piece)
    except Malformed as error:
        raise _Refusal("malformed", str(error), log_type) from None
    except Exception as error:  # content its parser did not expect: it is the record that is at fault, and it is kept
        raise _Refusal("malformed", f"{log_type.name}: {type(error).__name__}: {error}", log_type) from error


def _written(log_type: LogType, document: JsonObject, piece: _Piece) -> Event:
    """The finished event of what a parser made. Raises Malformed for an id that is none."""
    event = document["event"]
    event_id = text(event, "id") or piece.id or piece.at.id()
    if len(event_id.encode()) > _LONGEST_ID:
        raise Malformed(f"event.id: longer than the {_LONGEST_ID} bytes of a document id")
    event |= {"id": event_id, "dataset": log_type.dataset, "ingested": from_milliseconds(piece.at.arrival_ms)}
    document["tenant"] = piece.tenant
    return Event(event_id, orjson.dumps(document), piece.at.partition_key)
