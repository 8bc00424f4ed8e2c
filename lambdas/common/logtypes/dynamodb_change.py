"""Changes of DynamoDB items, from DynamoDB Streams or from Kinesis Data Streams for DynamoDB.

Fields: DynamoDB API reference, "Record" and "StreamRecord"
(https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html), and DynamoDB developer guide, "Using
Kinesis Data Streams to capture changes to DynamoDB"
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html). Attribute values: API reference, "AttributeValue".
The API writes the members of `userIdentity` with capitals (API reference, "Identity"), Lambda and the data stream without.
"""

from __future__ import annotations

import re
from typing import Any

from common.kinds import OPEN, WHOLE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table
from common.timestamps import from_epoch, from_iso

#: Numbers that are the same in JSON. DynamoDB's have up to 38 digits: any other stays text.
_EXACT = re.compile(r"(?=.{1,16}$)-?[0-9]{1,15}(?:\.[0-9]+)?", re.ASCII)
_ACTIONS = {"INSERT": "creation", "MODIFY": "change", "REMOVE": "deletion"}
#: Who removes items whose time to live has ended (developer guide, "DynamoDB Streams and Time to Live").
_TIME_TO_LIVE = "dynamodb.amazonaws.com"


def recognise(record: JsonObject) -> bool:
    return record["eventSource"] == "aws:dynamodb" and isinstance(record["dynamodb"], dict)


def plain(value: Any) -> Any:
    """What an attribute value, such as {"N": "1"}, says. What is none is given back as it is; binary stays base64."""
    if not isinstance(value, dict) or len(value) != 1:
        return value
    ((kind, content),) = value.items()
    if kind == "N":
        return _number(content)
    if kind == "NS" and isinstance(content, list):
        return [_number(item) for item in content]
    if kind == "M" and isinstance(content, dict):
        return {name: plain(item) for name, item in content.items()}
    if kind == "L" and isinstance(content, list):
        return [plain(item) for item in content]
    if kind == "NULL":
        return None
    return content if kind in ("S", "B", "BOOL", "SS", "BS") else value


def _number(text: Any) -> Any:
    if not isinstance(text, str) or _EXACT.fullmatch(text) is None:
        return text
    return float(text) if "." in text else int(text)


def _image(value: Any) -> JsonObject | None:
    return {name: plain(item) for name, item in value.items()} if isinstance(value, dict) and value else None


def _time(value: Any) -> str | None:
    """Epoch seconds, milli- or microseconds, whatever its precision field says; ISO 8601 in some libraries' JSON."""
    try:
        return from_iso(value) if isinstance(value, str) else from_epoch(value) if type(value) in (int, float) else None
    except (ValueError, OverflowError):
        return None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    what = event["event"]
    what["type"] = [_ACTIONS.get(what.get("action", ""), "change")]
    change = event["aws"]["dynamodb"] if "aws" in event else {}
    # arn:aws:dynamodb:region:account:table/NAME/stream/TIME
    arn = change.get("stream_arn", "").split(":", 5)
    if len(arn) == 6 and arn[2] == "dynamodb":
        if arn[4]:
            event.setdefault("cloud", {})["account"] = {"id": arn[4]}
        kind, _, name = arn[5].partition("/")
        if kind == "table" and "table" not in change:
            change["table"] = name.partition("/")[0]
    if event.get("user", {}).get("id") == _TIME_TO_LIVE:
        what["reason"] = "time to live"


TABLE = Table(
    {
        "eventID": "event.id",
        "eventName": "event.action",
        "eventSource": "event.provider",
        "awsRegion": "cloud.region",
        "tableName": "aws.dynamodb.table",
        "eventSourceARN": "aws.dynamodb.stream_arn",
        "userIdentity.principalId": "user.id",
        "userIdentity.PrincipalId": "user.id",
        "dynamodb.ApproximateCreationDateTime": "@timestamp",
        "dynamodb.Keys": "aws.dynamodb.keys",
        "dynamodb.NewImage": "aws.dynamodb.new_image",
        "dynamodb.OldImage": "aws.dynamodb.old_image",
        "dynamodb.SequenceNumber": "aws.dynamodb.sequence_number",
        "dynamodb.SizeBytes": "aws.dynamodb.size_bytes",
        "dynamodb.StreamViewType": "aws.dynamodb.stream_view_type",
    },
    own={
        "aws.dynamodb.table": WORD,
        "aws.dynamodb.stream_arn": WORD,
        "aws.dynamodb.keys": OPEN,
        "aws.dynamodb.new_image": OPEN,
        "aws.dynamodb.old_image": OPEN,
        "aws.dynamodb.sequence_number": WORD,
        "aws.dynamodb.size_bytes": WHOLE,
        "aws.dynamodb.stream_view_type": WORD,
    },
    rest="aws.dynamodb.other",
    constants={
        "event.category": ["database"],
        "event.outcome": "success",
    },
    read={
        "dynamodb.ApproximateCreationDateTime": _time,
        "dynamodb.Keys": _image,
        "dynamodb.NewImage": _image,
        "dynamodb.OldImage": _image,
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="dynamodb_change",
    dataset="aws.dynamodb",
    title="DynamoDB change record",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/kds.html",
    arrival="The table's Kinesis data stream, or a reader of its DynamoDB stream.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("eventID", "eventName", "eventSource", "dynamodb"),
    lists=("Records",),
)
