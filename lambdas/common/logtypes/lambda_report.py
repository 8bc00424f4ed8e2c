"""What the Lambda platform says of a function in plain text: START, END, REPORT, INIT_START and their like.

Lines: Lambda developer guide, "Viewing CloudWatch logs for Lambda functions"
(https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html). The values of a line are set apart by tabs; a
traced function's report has a second line. A line tells no time: it has the log event's. They say what the platform's events in
JSON say, and become the same.
"""

from __future__ import annotations

import re

from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.logtypes.lambda_platform import TABLE, outcome_of

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

# Nearly every line is one of these, with its values in this order. They have everything in them.
_WHOLE, _MILLISECONDS = "0|[1-9][0-9]{0,17}", r"([0-9]{1,9}(?:\.[0-9]{1,6})?) ms"
_REPORT = re.compile(
    rf"REPORT RequestId: (\S+)\tDuration: {_MILLISECONDS}\tBilled Duration: {_MILLISECONDS}\tMemory Size: ({_WHOLE}) MB"
    rf"\tMax Memory Used: ({_WHOLE}) MB(?:\tInit Duration: {_MILLISECONDS})?(?:\tStatus: (\S+))?"
    r"(?:\s+XRAY TraceId: (\S+)\tSegmentId: (\S+)\tSampled: (\S+))?"
)
_START = re.compile(r"START RequestId: (\S+) Version: (\S+)")
_END = re.compile(r"END RequestId: (\S+)")
_INIT_START = re.compile(r"INIT_START Runtime Version: (\S+)\tRuntime Version ARN: (\S+)")
_USUAL = {"R": _REPORT, "S": _START, "E": _END, "I": _INIT_START}


def recognise(line: str) -> re.Match[str] | None:
    """What there is in a usual line, or how one of the others begins."""
    usual = _USUAL.get(line[0])
    return usual and (usual.fullmatch(line) or _BEGINNING.match(line))


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
        else:
            record[_NAMES.get(name, name)] = value
        place = part.end()
    if place < len(said):
        record["more"] = said[place:]
    return {"type": _KINDS[word], "record": {**record, "metrics": metrics}}


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the log event's."""
    said = event_of(line)
    trace = said["record"].pop("XRAY TraceId", None)
    event = TABLE.event(said, stamp)
    if trace is not None:
        event["trace"] = {"id": trace}
    return event


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    """As `parse`, without a table for the lines whose parts are known."""
    if match.re is _REPORT:
        return _report(match, stamp)
    if match.re is _START:
        event = _event("platform.start", "start", stamp)
        event["faas"] = {"execution": match[1]}
        event["aws"] = {"lambda": {"version": match[2]}}
        return event
    if match.re is _END:
        event = _event("platform.runtimeDone", "end", stamp)
        event["faas"] = {"execution": match[1]}
        return event
    if match.re is _INIT_START:
        event = _event("platform.initStart", "start", stamp)
        event["aws"] = {"lambda": {"runtime_version": match[1], "other": {"record": {"Runtime Version ARN": match[2]}}}}
        return event
    return parse(match.string, stamp)


def _event(action: str, kind: str, stamp: Stamp) -> JsonObject:
    return {
        "@timestamp": stamp.time,
        "event": {"action": action, "type": [kind]},
    }


def _report(match: re.Match[str], stamp: Stamp) -> JsonObject:
    request, duration, billed, size, used, initial, status, trace, segment, sampled = match.groups()
    event = _event("platform.report", "info", stamp)
    happened = event["event"]
    happened["duration"] = round(float(duration) * 1_000_000)
    event["faas"] = {"execution": request}
    measured: JsonObject = {
        "billed_duration_ms": float(billed),
        "memory_size_mb": int(size),
        "max_memory_used_mb": int(used),
    }
    event["aws"] = {"lambda": measured}
    if initial is not None:
        measured["init_duration_ms"] = float(initial)
    if status is not None:
        measured["status"] = status
        happened["outcome"] = outcome_of(status)
    if trace is not None:
        event["trace"] = {"id": trace}
        measured["other"] = {"record": {"SegmentId": segment, "Sampled": sampled}}
    return event


LOG_TYPE = LineType(
    name="lambda_report",
    dataset="aws.lambda",
    title="Lambda platform line",
    page="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html",
    arrival="A subscription of the function's log group.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    own=TABLE.own,
    begins="SERI",
)
