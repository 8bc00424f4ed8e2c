"""What the Lambda platform says of a function in plain text: START, END, REPORT, INIT_START and their like.

Lines: Lambda developer guide, "Viewing CloudWatch logs for Lambda functions"
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html). The values of a line are set apart by tabs; a
traced function's report has a second line. A line tells no time: it has the log event's. They say what the platform's events in
JSON say, and become the same.
"""

from __future__ import annotations

import re

from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.logtypes.lambda_platform import TABLE

#: A line's first word, and the event in JSON that says the same.
_KINDS = {
    "START": "platform.start",
    "END": "platform.runtimeDone",
    "REPORT": "platform.report",
    "INIT_START": "platform.initStart",
    "INIT_REPORT": "platform.initReport",
    "RESTORE_START": "platform.restoreStart",
    "RESTORE_REPORT": "platform.restoreReport",
}
_BEGINNING = re.compile(
    "(?:START|END|REPORT) RequestId: |(?:INIT|RESTORE)_START Runtime Version: "
    "|(?:INIT|RESTORE)_REPORT (?:[A-Z][a-z]+ )+?Duration: "
)
_PART = re.compile(r"\s*([A-Z][A-Za-z ]*): (\S+(?: (?:ms|MB))?)\s*")
#: What a line calls the members of `record`, and of its `metrics`.
_NAMES = {
    "RequestId": "requestId",
    "Version": "version",
    "Runtime Version": "runtimeVersion",
    "Status": "status",
    "Error Type": "errorType",
    "Phase": "phase",
}
_METRICS = {
    "Duration": "durationMs",
    "Init Duration": "initDurationMs",
    "Restore Duration": "restoreDurationMs",
    "Billed Duration": "billedDurationMs",
    "Memory Size": "memorySizeMB",
    "Max Memory Used": "maxMemoryUsedMB",
}
_TRACE = {"XRAY TraceId": "Root"}


def event_of(line: str) -> JsonObject:
    """The platform's event that says the same. What has no name there stays under the line's own."""
    word, _, said = line.partition(" ")
    if word not in _KINDS:
        raise Malformed(f"line: {word[:60]!r} is none of {', '.join(_KINDS)}")
    record: JsonObject = {}
    metrics: JsonObject = {}
    place = 0
    while part := _PART.match(said, place):
        name, value = part.groups()
        if name in _METRICS:
            metrics[_METRICS[name]] = value.split(" ")[0]
        elif name in _TRACE:
            record["tracing"] = {"value": f"{_TRACE[name]}={value}"}
        else:
            record[_NAMES.get(name, name)] = value
        place = part.end()
    if place < len(said):
        record["more"] = said[place:]
    return {"type": _KINDS[word], "record": {**record, "metrics": metrics}}


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the log event's."""
    return TABLE.event(event_of(line), stamp)


LOG_TYPE = LineType(
    name="lambda_report",
    dataset="aws.lambda",
    title="Lambda platform line",
    page="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html",
    arrival="A subscription of the function's log group.",
    recognise=_BEGINNING.match,
    parse=parse,
    own=TABLE.own,
    begins="SERI",
)
