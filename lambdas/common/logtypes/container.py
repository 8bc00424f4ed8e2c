"""Logs of containers as JSON objects: Docker's json-file, FireLens of Amazon ECS, and Kubernetes.

Fields: Docker documentation, "JSON File logging driver" and "Fluentd logging driver"
(https://docs.docker.com/engine/logging/drivers/fluentd/); Amazon ECS developer guide, "Send Amazon ECS logs to an AWS service or
AWS Partner" (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html); Fluent Bit manual, "Kubernetes"
(https://docs.fluentbit.io/manual/data-pipeline/filters/kubernetes), and what Fluentd and Vector write in its place; Amazon EKS
user guide, "Fargate logging".

The text stands at `log`, or at `message`. An agent that has parsed JSON in it already may have put its fields beside the
container's (Merge_Log), or below a key of their own (Merge_Log_Key): they count once. A stack trace of several lines is found
where the agent joins them (Fluent Bit's multiline filter); line by line nothing says which belong together.
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Any

from common import app_log, container_log
from common.cache import Cache
from common.container_log import STREAMS
from common.kinds import INSTANT
from common.logtype import JsonObject, ObjectType, Stamp

_TEXTS = ("log", "message")
#: What Fluent Bit on Fargate of Amazon EKS sends of a line by default.
_ALONE = frozenset(("log",))
_POD = frozenset(("kubernetes", "stream"))
_FLUENTD = frozenset(("container_id", "container_name", "source"))
_TAGS = frozenset(("logtag", "_p"))
_TASK = frozenset(("ecs_cluster", "ecs_task_arn", "ecs_task_definition"))
#: Fluent Bit's own time, of some outputs.
_DATE = "date"
#: Of Container Insights' configuration of Fluent Bit.
_MERGED = "log_processed"


def shape(names: Set[str]) -> bool:
    """What a container wrote, or the fields of it, beside what tells a runtime, a task or a pod."""
    if not (names.isdisjoint(_TEXTS) or names.isdisjoint(("stream", "kubernetes", "container_id", "ecs_task_arn"))):
        return True
    return names == _ALONE or names >= _POD or (app_log.shape(names) and ("kubernetes" in names or names >= _FLUENTD))


def recognise(record: JsonObject) -> bool:
    names = record.keys()
    log = isinstance(record.get("log"), str)
    streamed = _is_stream(record.get("stream"))
    if log and (streamed or (names == _ALONE and _cri(record["log"]))):
        return True
    text = log or isinstance(record.get("message"), str)
    pod = record.get("kubernetes")
    if isinstance(pod, dict) and isinstance(pod.get("pod_name"), str) and ("namespace_name" in pod or "pod_namespace" in pod):
        return text or streamed or app_log.shape(names)
    if not (text or app_log.shape(names)):
        return False
    if names >= _FLUENTD and _is_stream(record["source"]):
        return True
    if names >= _TASK and ":task/" in str(record["ecs_task_arn"]):
        return True
    return text and streamed and not names.isdisjoint(_TAGS)


def _is_stream(value: Any) -> bool:
    return isinstance(value, str) and value in STREAMS


def _cri(text: str) -> re.Match[str] | None:
    return container_log.CRI.fullmatch(text) if text[4:5] == "-" else None


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the runtime's time where the log has none of its own."""
    others = _OTHERS[tuple(record)]
    if isinstance(text := record.get("log"), str):
        container = record.copy()
        del container["log"]
        if line := _cri(text):  # of an agent that does not know the runtime's format
            fields, text = container_log.cri(line)
            container = {**fields, **container}
        said = container_log.content(text)
    elif isinstance(text := record.get("message"), str) and text.startswith("{"):
        container = record.copy()
        del container["message"]
        said = container_log.content(text)
    else:
        said = {name: record[name] for name in others}
        if len(others) == 1 and isinstance(inner := said[others[0]], dict):
            said = inner  # Merge_Log_Key, without what was parsed (Keep_Log off)
        container = {name: value for name, value in record.items() if name not in others}
        others = ()
    if others and not isinstance(said, str):
        _drop_parsed(container, others, said)
    if _DATE in container and not container.get("time") and INSTANT.read(container[_DATE]) is not None:
        container["time"] = container.pop(_DATE)
    return container_log.event(container, said, stamp)


def _drop_parsed(container: JsonObject, others: tuple[str, ...], said: JsonObject) -> None:
    """Drops what the agent has parsed, and the text says again."""
    for name in others:
        if name in container and (container[name] == said.get(name) or (name == _MERGED and container[name] == said)):
            del container[name]


#: Names that are not about the container, of those of a record: an agent writes few shapes of record.
_OTHERS: Cache[tuple[str, ...], tuple[str, ...]] = Cache(
    lambda names: tuple(name for name in names if name not in container_log.NAMES and name != _DATE), 4_096
)

LOG_TYPE = ObjectType(
    name="container",
    dataset="container",
    title="Container log (Docker, FireLens of Amazon ECS, Kubernetes)",
    page="https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_firelens.html",
    arrival="Fluent Bit or Fluentd, of FireLens or as a DaemonSet, or a subscription of the log group they write to.",
    recognise=recognise,
    shape=shape,
    parse=parse,
    own=container_log.OWN,
    fields={**container_log.TABLE.fields, "log": "message"},
)
