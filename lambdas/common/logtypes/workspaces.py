"""WorkSpaces Access events: somebody logged in to a WorkSpace.

Fields: WorkSpaces administration guide, "Monitor your WorkSpaces using EventBridge"
(https://docs.aws.amazon.com/workspaces/latest/adminguide/cloudwatch-events.html). Account and region stand on the event itself.
"""

from __future__ import annotations

from common.kinds import WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

_DETAIL_TYPE = "WorkSpaces Access"


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Only a log-in that succeeded is documented."""
    if event["event"].get("action") == "successfulLogin":
        event["event"] |= {"type": ["start"], "outcome": "success"}
    for name in ("version", "detail-type", "source"):
        rest.pop(name, None)  # the same in every event


TABLE = Table(
    {
        "time": "@timestamp",
        "id": "event.id",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.loginTime": "event.start",
        "detail.actionType": "event.action",
        "detail.clientIpAddress": "source.ip",
        "detail.workspaceId": "aws.workspaces.workspace_id",
        "detail.directoryId": "aws.workspaces.directory_id",
        "detail.clientPlatform": "aws.workspaces.client_platform",
        "detail.workspacesClientProductName": "aws.workspaces.client_name",
        "detail.clientVersion": "aws.workspaces.client_version",
    },
    own={
        "aws.workspaces.workspace_id": WORD,
        "aws.workspaces.directory_id": WORD,
        "aws.workspaces.client_platform": WORD,
        "aws.workspaces.client_name": WORD,
        "aws.workspaces.client_version": WORD,
    },
    rest="aws.workspaces.other",
    constants={"event.category": ["authentication", "session"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="workspaces",
    dataset="aws.workspaces",
    title="WorkSpaces access event",
    page="https://docs.aws.amazon.com/workspaces/latest/adminguide/cloudwatch-events.html",
    arrival="EventBridge.",
    recognise=lambda record: record["detail-type"] == _DETAIL_TYPE,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("detail-type", "detail"),
    detail_types=(_DETAIL_TYPE,),
    whole_event=True,
)
