"""The finished event of a usual entry of an application log, which has a level.

Loggers of many languages write the same parts, so that what is written of them stands here once for all (LineType.quick).
"""

from __future__ import annotations

import orjson

from common.cache import remembered
from common.json_text import quoted
from common.levels import judge
from common.logtype import JsonObject, Stamp
from common.timestamps import from_iso


@remembered(256)
def _judged(level: str) -> str:
    """The members of `event` that common.levels sets, as JSON."""
    event: JsonObject = {"event": {}, "log": {"level": level}}
    judge(event)
    return orjson.dumps(event["event"]).decode()[1:-1]


def written(
    dataset: str,
    record: JsonObject,
    level: str | None,
    event_id: str,
    stamp: Stamp,
    *,
    code: str = "",
    origin: str = "",
    others: str = "",
) -> bytes | None:
    """The event of the `time`, `logger`, `message` and what common.stack_traces took out of a record; None where `level` is none,
    or the time is.

    `event_id` and `stamp` are as a quick parser gets them. `code` is `event.code`. JSON of the record's other parts: `origin`
    is what stands in `log` and `others` what stands beside it, each with a comma before it.
    """
    if not level:
        return None
    time, message, logger = record.get("time"), record.get("message"), record.get("logger")
    try:
        at = from_iso(time) if time else stamp.time
    except ValueError:  # the long way says what is wrong with it
        return None
    named = f',"logger":{quoted(logger)}' if logger else ""
    coded = f',"code":"{code}"' if code else ""
    said = f',"message":{quoted(message)}' if message else ""
    thrown = _error(record) if "stack_trace" in record else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"{dataset}"{coded},{_judged(level)}'
        f'{stamp.json},"log":{{"level":"{level}"{named}{origin}}}{others}{said}{thrown}}}'
    ).encode()


def _error(record: JsonObject) -> str:
    """The field `error`, with a comma before it."""
    said = f',"message":{quoted(record["error_message"])}' if record["error_message"] else ""
    return f',"error":{{"type":{quoted(record["error_type"])}{said},"stack_trace":{quoted(record["stack_trace"])}}}'
