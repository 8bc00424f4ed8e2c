"""Amazon ECS events of EventBridge: what happened to a task, a container instance, a service or a deployment.

Fields: Amazon ECS developer guide, "Amazon ECS events"
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html) with its pages for the four kinds, and the API's
Task and ContainerInstance, which details of state changes are. Account, region and resource stand outside the detail, so that the
record is all of the event.

ECS may send an event twice: both have the same resource and `event.sequence`, the resource's version.
"""

from __future__ import annotations

from typing import Any

from common.distinct import distinct
from common.kinds import FLAG, INSTANT, WHOLE, WORD, WORDS
from common.levels import level_of
from common.logtype import JsonObject, ObjectType
from common.table import Table
from common.table_code import put

#: event.category and event.type of each kind. A task's type is by its status, and a service's by how bad it is.
_KINDS = {
    "ECS Task State Change": ("process", "change"),
    "ECS Container Instance State Change": ("host", "change"),
    "ECS Service Action": ("process", "info"),
    "ECS Deployment State Change": ("configuration", "change"),
}
_TASK_TYPES = {"RUNNING": "start", "STOPPED": "end"}
#: Names of events that tell of a success; the others of level INFO tell of something that goes on.
_REACHED = ("_STEADY_STATE", "_COMPLETED")
#: arn:partition:ecs:region:account:kind/cluster/name, and without the cluster for those made before 2018.
_ARN_PARTS = 6


def recognise(record: JsonObject) -> bool:
    kind = record["detail-type"]
    return isinstance(kind, str) and kind in _KINDS


def _complete(event: JsonObject, rest: JsonObject) -> None:
    happened, ecs = event["event"], event.get("aws", {}).get("ecs", {})
    left = rest.get("detail")
    detail: JsonObject = left if isinstance(left, dict) else {}
    category, kind = _KINDS.get(ecs.get("detail_type"), ("process", "info"))
    _resource(event, rest, detail)
    if "resource" in event.get("orchestrator", {}) and "action" not in happened and "last_status" in ecs:
        happened["action"] = f"{event['orchestrator']['resource']['type']}-{ecs['last_status'].lower()}"
    happened["category"] = [category]
    level = event.get("log", {}).get("level")
    if level == "error":
        happened |= {"type": ["error"], "outcome": "failure"}
        return
    status = ecs.get("last_status")
    leaving = status == "RUNNING" and ecs.get("desired_status") == "STOPPED"
    happened["type"] = [_TASK_TYPES.get(status, kind) if category == "process" and not leaving else kind]
    if level == "info" and happened.get("action", "").endswith(_REACHED):
        happened["outcome"] = "success"
    _containers(event, detail)
    if status == "STOPPED" and "stop_code" in ecs:
        outcome = _outcome(ecs["stop_code"], event["aws"]["ecs"].get("exit_code"))
        if outcome:
            happened["outcome"] = outcome


def _resource(event: JsonObject, rest: JsonObject, detail: JsonObject) -> None:
    """What the event is about, by its name, and the cluster it is in."""
    cluster = _arn(detail.get("clusterArn"))
    resources = rest.get("resources")
    about = _arn(resources[0]) if isinstance(resources, list) else []
    if len(cluster) < 2 and len(about) > 2:
        cluster = about[:2]
    if len(cluster) > 1:
        put(event, ["orchestrator", "cluster", "name"], cluster[1])
    if len(about) > 1:
        put(event, ["orchestrator", "resource"], {"type": about[0], "name": about[-1]})
    if resources == [event.get("aws", {}).get("ecs", {}).get("task_arn")]:
        del rest["resources"]
    definition = _arn(detail.get("taskDefinitionArn"))
    if len(definition) > 1:
        put(event, ["aws", "ecs", "task_definition"], definition[1])


def _arn(value: Any) -> list[str]:
    """The resource of an ARN: its kind, and names from the outermost on; empty for what is none."""
    parts = value.split(":", _ARN_PARTS - 1) if isinstance(value, str) else []
    return parts[-1].split("/") if len(parts) == _ARN_PARTS and parts[0] == "arn" else []


def _containers(event: JsonObject, detail: JsonObject) -> None:
    """Names and images of a task's containers, the exit code of one that failed, or else of one that did not, and why one did."""
    containers = detail.get("containers")
    for name, field in (("name", "containers"), ("image", "images")):
        if words := distinct(containers, name):
            put(event, ["aws", "ecs", field], words)
    if reasons := distinct(containers, "reason"):
        put(event, ["error", "message"], reasons[0])
    codes = [found.get("exitCode") for found in containers if isinstance(found, dict)] if isinstance(containers, list) else []
    whole = [code for code in codes if type(code) is int and abs(code) < 2**63]
    if whole:
        put(event, ["aws", "ecs", "exit_code"], next(filter(None, whole), 0))


def _outcome(stop_code: str, exit_code: int | None) -> str | None:
    """Of a task that has stopped. One that somebody stopped has neither succeeded nor failed."""
    if stop_code == "TaskFailedToStart":
        return "failure"
    if stop_code == "EssentialContainerExited":
        return "success" if exit_code == 0 else "failure"
    return None


TABLE = Table(
    {
        "time": "@timestamp",
        "id": "event.id",
        "source": "event.provider",
        "detail-type": "aws.ecs.detail_type",
        "account": "cloud.account.id",
        "region": "cloud.region",
        "detail.eventType": "log.level",
        "detail.eventName": "event.action",
        "detail.reason": "event.reason",
        "detail.stoppedReason": "event.reason",
        "detail.version": "event.sequence",
        "detail.startedAt": "event.start",
        "detail.stoppedAt": "event.end",
        "detail.createdAt": "aws.ecs.created",
        "detail.updatedAt": "aws.ecs.updated",
        "detail.availabilityZone": "cloud.availability_zone",
        "detail.ec2InstanceId": "cloud.instance.id",
        "detail.taskArn": "aws.ecs.task_arn",
        "detail.group": "aws.ecs.group",
        "detail.startedBy": "aws.ecs.started_by",
        "detail.launchType": "aws.ecs.launch_type",
        "detail.lastStatus": "aws.ecs.last_status",
        "detail.status": "aws.ecs.last_status",
        "detail.desiredStatus": "aws.ecs.desired_status",
        "detail.stopCode": "aws.ecs.stop_code",
        "detail.deploymentId": "aws.ecs.deployment_id",
        "detail.agentConnected": "aws.ecs.agent_connected",
    },
    own={
        **{
            f"aws.ecs.{name}": WORD
            for name in (
                *("detail_type", "task_arn", "task_definition", "group", "started_by", "launch_type"),
                *("last_status", "desired_status", "stop_code", "deployment_id"),
            )
        },
        "aws.ecs.created": INSTANT,
        "aws.ecs.updated": INSTANT,
        "aws.ecs.agent_connected": FLAG,
        "aws.ecs.containers": WORDS,
        "aws.ecs.images": WORDS,
        "aws.ecs.exit_code": WHOLE,
    },
    rest="aws.ecs.other",
    read={"detail.eventType": level_of},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="ecs_events",
    dataset="aws.ecs",
    title="Amazon ECS event",
    page="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_cwe_events.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("detail-type", "detail"),
    detail_types=tuple(_KINDS),
    whole_event=True,
)
