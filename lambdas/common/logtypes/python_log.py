"""Text logs of Python: the logging module's default format and those its documentation shows, with the traceback after the
message, and those of Loguru, Gunicorn, Celery and AWS Lambda's runtime.

Formats: Python documentation, "Logging HOWTO" and "Logging Cookbook" (https://docs.python.org/3/howto/logging.html); Lambda
developer guide, "Log and monitor Python Lambda functions".

A time without an offset is UTC. A line that begins with a traceback alone has none: its time is the arrival's.
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.kinds import WHOLE
from common.levels import judge, level_of
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.patterns import Formats
from common.stack_traces import PYTHON, take_out
from common.table import Table
from common.usual_entry import written

_LEVEL = r"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_ASCTIME = rf"(?P<time>{_DATE},[0-9]{{3}})"
_NAME = r"(?P<logger>[\w.$<>-]+)"
_MESSAGE = r"(?:\s(?P<message>.*))?"

_FORMATS = Formats(
    rf"{_LEVEL}:{_NAME}:(?P<message>.*)",
    rf"{_ASCTIME} - {_NAME} - {_LEVEL} -{_MESSAGE}",
    # The cookbook's columns.
    rf"{_ASCTIME} {_NAME} +{_LEVEL} +(?P<message>.*)",
    # The name of a thread, which Python writes as no other does.
    rf"{_ASCTIME} \[(?P<thread>MainThread)\] {_LEVEL} +{_NAME}(?: -|:){_MESSAGE}",
    # Loguru.
    rf"(?P<time>{_DATE}\.[0-9]{{3}}) \| (?P<level>TRACE|DEBUG|INFO|SUCCESS|WARNING|ERROR|CRITICAL) +\| "
    rf"{_NAME}:(?P<function>[\w<>.]+):(?P<line>[0-9]+) -{_MESSAGE}",
    # Gunicorn.
    rf"\[(?P<time>{_DATE} [+-][0-9]{{4}})\] \[(?P<pid>[0-9]+)\] \[{_LEVEL}\]{_MESSAGE}",
    # Celery.
    rf"\[(?P<time>{_DATE},[0-9]{{3}}): {_LEVEL}/(?P<process>[\w-]+)\]{_MESSAGE}",
    # Lambda's runtime.
    rf"\[{_LEVEL}\]\t(?P<time>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9:.]+Z)\t(?P<request>[0-9a-f-]{{36}})(?:\t(?P<message>.*))?",
    r"(?P<message>Traceback \(most recent call last\):.*)",
)


recognise = _FORMATS.match
_level = remembered(256)(level_of)
_whole = remembered(4_096)(WHOLE.read)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """Raises Malformed for a line of no known format."""
    match = recognise(line)
    if match is None:
        raise Malformed("line: of no format of Python's logging that is known")
    return parse_match(match, stamp)


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    record = _FORMATS.parts(match)
    if record["message"]:
        take_out(record, PYTHON)
    return TABLE.event(record, stamp)


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of an entry with a level; None for any other."""
    match = recognise(line)
    if match is None:
        return None
    record = _FORMATS.parts(match)
    level = record.get("level")
    if level is None:
        return None
    if record["message"]:
        take_out(record, PYTHON)
    origin = others = ""
    if "function" in record:
        number = _whole(record["line"])
        if number is None:
            return None
        origin = f',"origin":{{"function":"{record["function"]}","file":{{"line":{number}}}}}'
    elif "thread" in record:
        others = f',"process":{{"thread":{{"name":"{record["thread"]}"}}}}'
    elif "pid" in record:
        number = _whole(record["pid"])
        if number is None:
            return None
        others = f',"process":{{"pid":{number}}}'
    elif "process" in record:
        others = f',"process":{{"name":"{record["process"]}"}}'
    elif "request" in record:
        others = f',"faas":{{"execution":"{record["request"]}"}}'
    return written("python", record, _level(level), event_id, stamp, origin=origin, others=others)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    judge(event)


TABLE = Table(
    {
        "time": "@timestamp",
        "level": "log.level",
        "logger": "log.logger",
        "function": "log.origin.function",
        "line": "log.origin.file.line",
        "thread": "process.thread.name",
        "pid": "process.pid",
        "process": "process.name",
        "request": "faas.execution",
        "message": "message",
        "error_type": "error.type",
        "error_message": "error.message",
        "stack_trace": "error.stack_trace",
    },
    rest="python.other",
    read={"level": _level, "pid": _whole, "line": _whole},
    complete=_complete,
)
LOG_TYPE = LineType(
    name="python_log",
    dataset="python",
    title="Python application log",
    page="https://docs.python.org/3/howto/logging.html",
    arrival="An agent or CloudWatch Logs sends each entry, with the lines of its traceback.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins="DIWEC0123456789[T",
)
