"""What AWS Database Migration Service writes to a Kinesis data stream: rows loaded or changed, and changes of tables.

Fields: DMS user guide, "Using Amazon Kinesis Data Streams as a target for AWS Database Migration Service"
(https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html).
A data record has the row in `data` (and as it was in `before-image`, where the task's BeforeImageSettings give that name), a
control record the definition of a table in `control`. Its schema and table may be empty.
"""

from __future__ import annotations

from common.kinds import INSTANT, OPEN, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

#: event.type by operation: those that are written, and the names of the page's "Message format for Kinesis Data Streams".
_TYPES = {
    "load": "creation",
    "insert": "creation",
    "create": "creation",
    "read": "access",
    "update": "change",
    "delete": "deletion",
    "create-table": "creation",
    "drop-table": "deletion",
    "truncate-table": "deletion",
    "DropTable": "deletion",
    "TruncateTable": "deletion",
}


def recognise(record: JsonObject) -> bool:
    metadata = record["metadata"]
    return isinstance(metadata, dict) and metadata.get("record-type") in ("data", "control") and "operation" in metadata


def _complete(event: JsonObject, rest: JsonObject) -> None:
    what = event["event"]
    what["type"] = [_TYPES.get(what.get("action", ""), "change")]


TABLE = Table(
    {
        "metadata.timestamp": "@timestamp",
        "metadata.operation": "event.action",
        "metadata.record-type": "aws.dms.record_type",
        "metadata.schema-name": "aws.dms.schema_name",
        "metadata.table-name": "aws.dms.table_name",
        "metadata.transaction-id": "aws.dms.transaction_id",
        "metadata.commit-timestamp": "aws.dms.commit_timestamp",
        "metadata.stream-position": "aws.dms.stream_position",
        "metadata.partition-key-type": "aws.dms.partition_key_type",
        "data": "aws.dms.data",
        "before-image": "aws.dms.before_image",
        "control": "aws.dms.control",
    },
    own={
        "aws.dms.record_type": WORD,
        "aws.dms.schema_name": WORD,
        "aws.dms.table_name": WORD,
        "aws.dms.transaction_id": WORD,
        "aws.dms.commit_timestamp": INSTANT,
        "aws.dms.stream_position": WORD,
        "aws.dms.partition_key_type": WORD,
        "aws.dms.data": OPEN,
        "aws.dms.before_image": OPEN,
        "aws.dms.control": OPEN,
    },
    rest="aws.dms.other",
    constants={
        "event.category": ["database"],
        "event.outcome": "success",
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="dms_change",
    dataset="aws.dms",
    title="AWS DMS change record",
    page="https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kinesis.html",
    arrival="A DMS task whose target endpoint is the stream.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("metadata",),
)
