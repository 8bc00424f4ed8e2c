"""CloudHSM's audit logs of certificate storage: one operation that changes a certificate an event, in JSON.

Fields: AWS CloudHSM user guide, "Certificate storage audit logs"
(https://docs.aws.amazon.com/cloudhsm/latest/userguide/pkcs11-certificate-storage-audit-logs.html). They are in the cluster's log
group beside the logs of its HSMs (cloudhsm), in a stream that is named for the cluster.
"""

from __future__ import annotations

from common.kinds import WORD, WORDS
from common.logtype import JsonObject, ObjectType
from common.table import Table

_TYPES = {"CreateObject": "creation", "DestroyObject": "deletion", "SetAttributeValues": "change"}
_DONE = "OK"


def recognise(record: JsonObject) -> bool:
    """Whether an operation has a response, in words both, and a time in milliseconds."""
    return isinstance(record["op_code"], str) and isinstance(record["response"], str) and type(record["timestamp"]) is int


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Any other response than OK is the name of an error."""
    happened = event["event"]
    happened["type"] = [_TYPES.get(happened.get("action"), "info")]
    response = event.get("aws", {}).get("cloudhsm", {}).get("response")
    if response is not None:
        happened["outcome"] = "success" if response == _DONE else "failure"


TABLE = Table(
    {
        "timestamp": "@timestamp",
        "op_code": "event.action",
        "object_handle": "aws.cloudhsm.object_handle",
        "attributes": "aws.cloudhsm.attributes",
        "response": "aws.cloudhsm.response",
    },
    own={"aws.cloudhsm.object_handle": WORD, "aws.cloudhsm.attributes": WORDS, "aws.cloudhsm.response": WORD},
    rest="aws.cloudhsm.other",
    constants={"event.category": ["iam"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="cloudhsm_certificates",
    dataset="aws.cloudhsm",
    title="CloudHSM certificate storage audit log",
    page="https://docs.aws.amazon.com/cloudhsm/latest/userguide/pkcs11-certificate-storage-audit-logs.html",
    arrival="A subscription of the cluster's log group.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("object_handle", "op_code", "response", "attributes", "timestamp"),
)
