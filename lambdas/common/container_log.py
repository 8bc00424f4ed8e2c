"""What a container wrote to stdout or stderr as an event, whichever way its runtime and the agent pass it on.

Text is the message, and a stack trace in it stands in `error.*`. JSON is read as any application's log is (common.app_log): its
level, message, trace and so on become fields, and what has none stands under `app`. A runtime that cuts lines marks the pieces:
they stay events of their own, with `container.partial`, because the others come later or as other records.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from common import app_log
from common.kinds import FLAG, OPEN, WHOLE, WORD
from common.levels import judge
from common.logtype import JsonObject, Stamp
from common.stack_traces import take_out_any
from common.table import Table

#: A line of the Container Runtime Interface: RFC 3339 time, stream, tags separated by colons, of which the first is P for a piece
#: that others follow and F for a full line or the last piece, and the text.
CRI = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})) (stdout|stderr)"
    r"(?: ([PF])(?::([^\s:]+(?::[^\s:]+)*))?(?: (.*)|\Z)|\Z)",
    re.DOTALL,
)
STREAMS = frozenset(("stdout", "stderr"))
#: Finished JSON may be nested 254 deep: text with fewer brackets than this cannot be, with the event around it.
_MOST_BRACKETS = 128
#: arn:partition:ecs:region:account:task/cluster/id
_ARN_PARTS = 6


def cri(found: re.Match[str]) -> tuple[JsonObject, str]:
    """The fields of a line of the Container Runtime Interface by the table's names, and its text."""
    time, stream, tag, tags, text = found.groups()
    return {"time": time, "stream": stream, "logtag": tag, "logtags": tags and tags.split(":")}, text or ""


def content(text: str) -> JsonObject | str:
    """The object, if a text is JSON's; else the text."""
    if not text.startswith("{"):
        return text
    try:
        found: JsonObject = orjson.loads(text)
        if len(text) > 2 * _MOST_BRACKETS and text.count("{") + text.count("[") > _MOST_BRACKETS:
            orjson.dumps({"app": [found]})
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return text  # cut off, no JSON after all, or deeper than it can be written
    return found


def event(container: JsonObject, said: JsonObject | str, stamp: Stamp) -> JsonObject:
    """The event of what a container `said`, and of what the runtime and the agent say of it in `container`, by the table's names.

    `@timestamp` is the log's own time, if it has one, and `event.created` then the runtime's. Raises Malformed where the
    runtime's is none.
    """
    found = TABLE.event(container, stamp)
    say(found, said, timed=bool(container.get("time")))
    return found


def say(found: JsonObject, said: JsonObject | str, *, timed: bool) -> None:
    """Adds what a container `said` to the event of what is known of it. `timed`: its `@timestamp` is the runtime's."""
    if isinstance(said, str):
        if said and "\n" not in said:
            found["event"] = {"type": ["info"], "outcome": "success"}
            found["message"] = said
            return
        own = _add({"message": said}, found)
    elif (usual := app_log.fields(said, strict=False)) and "\n" not in usual[1].get("message", ""):
        own, fields = usual
        found |= fields
        if "error" in fields and "log" not in fields:
            judge(found)
    else:
        values, rest = app_log.read(said, strict=False)
        own = _add(values, found)
        if rest:
            found["app"] = rest
    if own is not None and own != found["@timestamp"]:
        if timed:
            found["event"]["created"] = found["@timestamp"]
        found["@timestamp"] = own


def _add(values: JsonObject, found: JsonObject) -> str | None:
    """Puts what was read of a log into its event; returns the log's own time."""
    if "\n" in values.get("message", ""):
        values["message"] = values["message"].rstrip("\r\n")
        if _ERRORS.isdisjoint(values):
            take_out_any(values)
    app_log.put(values, found)
    if "error" in found and "level" not in values:
        judge(found)  # what was thrown tells of a failure
    time: str | None = values.get("time")
    return time


_ERRORS = frozenset(("error_type", "error_message", "stack_trace"))


def _stream(value: Any) -> str | None:
    return value if isinstance(value, str) and value in STREAMS else None


def _name(value: Any) -> Any:
    """Docker writes a slash before the names of its containers."""
    return WORD.read(value.removeprefix("/") if isinstance(value, str) else value)


def _partial(value: Any) -> bool | None:
    return True if value == "P" else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """A log of a task, or else of a pod."""
    for name in ("logtag", "_p"):
        if rest.get(name) == "F":
            del rest[name]  # nothing is missing
    if "aws" in event:
        arn = event["aws"]["ecs"].get("task_arn", "")
        parts = arn.split(":", _ARN_PARTS - 1)
        if len(parts) == _ARN_PARTS and parts[5].startswith("task/"):
            event.setdefault("cloud", {}).update(region=parts[3], account={"id": parts[4]})
            orchestrator = event.setdefault("orchestrator", {})
            orchestrator["resource"] = {"type": "task", "name": parts[5].rpartition("/")[2]}
    elif "resource" in event.get("orchestrator", ()):
        event["orchestrator"]["resource"]["type"] = "pod"


TABLE = Table(
    {
        "time": "@timestamp",
        "stream": "container.stream",
        "source": "container.stream",
        "logtag": "container.partial",
        "_p": "container.partial",
        "partial_message": "container.partial",
        "partial_id": "container.partial_id",
        "partial_ordinal": "container.partial_ordinal",
        "partial_last": "container.partial_last",
        "container_id": "container.id",
        "container_name": "container.name",
        "ecs_cluster": "orchestrator.cluster.name",
        "ecs_task_arn": "aws.ecs.task_arn",
        "ecs_task_definition": "aws.ecs.task_definition",
        "ec2_instance_id": "cloud.instance.id",
        "docker.container_id": "container.id",
        "kubernetes.docker_id": "container.id",
        "kubernetes.container_id": "container.id",
        "kubernetes.container_name": "container.name",
        "kubernetes.container_image": "container.image.name",
        "kubernetes.pod_name": "orchestrator.resource.name",
        "kubernetes.pod_id": "kubernetes.pod_id",
        "kubernetes.pod_uid": "kubernetes.pod_id",
        "kubernetes.namespace_name": "orchestrator.namespace",
        "kubernetes.pod_namespace": "orchestrator.namespace",
        "kubernetes.host": "host.name",
        "kubernetes.pod_node_name": "host.name",
        "kubernetes.labels": "kubernetes.labels",
        "kubernetes.pod_labels": "kubernetes.labels",
    },
    own={
        "container.stream": WORD,
        "container.partial": FLAG,
        "container.partial_id": WORD,
        "container.partial_ordinal": WHOLE,
        "container.partial_last": FLAG,
        "kubernetes.pod_id": WORD,
        "kubernetes.labels": OPEN,
        "aws.ecs.task_arn": WORD,
        "aws.ecs.task_definition": WORD,
    },
    rest="container.other",
    read={
        "stream": _stream,
        "source": _stream,
        "logtag": _partial,
        "_p": _partial,
        "container_name": _name,
        "kubernetes.container_name": _name,
    },
    complete=_complete,
)
#: The record's names of what is about the container.
NAMES = frozenset(name.partition(".")[0] for name in TABLE.fields)
OWN = {**TABLE.own, "app": OPEN}
