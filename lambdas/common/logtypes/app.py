"""JSON application logs: what structured loggers of any language write, whatever they call their fields (common.app_log).

What has no ECS field stays as it is under `app`, an object the index keeps as flat_object: an application may log any key with
any type and never meets a mapping conflict.
"""

from __future__ import annotations

from common import app_log
from common.kinds import OPEN
from common.logtype import JsonObject, ObjectType, Stamp, always


def parse(record: JsonObject, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the stamp's where the log tells no time."""
    if found := app_log.fields(record):
        time, fields = found
        return {"@timestamp": time or stamp.time, **fields}
    values, rest = app_log.read(record)
    event: JsonObject = {"@timestamp": values.get("time") or stamp.time, "event": {}}
    app_log.put(values, event)
    if rest:
        event["app"] = rest
    return event


LOG_TYPE = ObjectType(
    name="app",
    dataset="app",
    title="JSON application log",
    page="https://www.elastic.co/docs/reference/ecs/logging/intro",
    arrival="An application, its agent or CloudWatch Logs sends each log as a JSON object.",
    recognise=always,
    shape=app_log.shape,
    parse=parse,
    own={"app": OPEN},
    generic=True,
)
