"""Serilog's compact log event format (CLEF): JSON of .NET with `@` before the names that are not the event's own properties.

Fields: serilog-formatting-compact, "Reified properties" (https://github.com/serilog/serilog-formatting-compact).
"""

from __future__ import annotations

from common.kinds import LONG_WORD
from common.levels import judge, level_of
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    """A message or its template, beside the time."""
    return "@mt" in record or "@m" in record


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Level Information is left out by the format. A message that was not rendered is its template."""
    event.setdefault("log", {}).setdefault("level", "information")
    judge(event)
    trace = event.get("error", {}).get("stack_trace")
    if trace:
        kind, colon, text = trace.partition("\n")[0].partition(": ")
        if colon and "." in kind and " " not in kind:
            event["error"] |= {"type": kind, "message": text} if text else {"type": kind}
    template = event.get("serilog", {}).get("template")
    if template and "message" not in event:
        event["message"] = template
        del event["serilog"]["template"]
        if not event["serilog"]:
            del event["serilog"]


TABLE = Table(
    {
        "@t": "@timestamp",
        "@m": "message",
        "@mt": "serilog.template",
        "@l": "log.level",
        "@x": "error.stack_trace",
        "@i": "event.code",
        "@tr": "trace.id",
        "@sp": "span.id",
        "SourceContext": "log.logger",
        "MachineName": "host.name",
        "ProcessId": "process.pid",
        "ThreadId": "process.thread.id",
    },
    own={"serilog.template": LONG_WORD},
    rest="serilog.properties",
    read={"@l": level_of},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="serilog",
    dataset="serilog",
    title="Serilog compact JSON log (CLEF)",
    page="https://github.com/serilog/serilog-formatting-compact",
    arrival="A .NET application, its agent or CloudWatch Logs sends each log as a JSON object.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("@t",),
)
