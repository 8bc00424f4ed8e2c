"""The finished event of a usual entry of an application log: of one line, with a time and a level, and no trace.

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
    """The event of the `time`, `logger` and `message` of a record; None where it has no time, or `level` is none.

    `event_id` and `stamp` are as a quick parser gets them. `code` is `event.code`. JSON of the record's other parts: `origin`
    is what stands in `log` and `others` what stands beside it, each with a comma before it.
    """
    time, message, logger = record.get("time"), record.get("message"), record.get("logger")
    if not time or not level:
        return None
    try:
        at = from_iso(time)
    except ValueError:  # the long way says what is wrong with it
        return None
    named = f',"logger":{quoted(logger)}' if logger else ""
    coded = f',"code":"{code}"' if code else ""
    said = f',"message":{quoted(message)}' if message else ""
    return (
        f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"{dataset}","kind":"event"{coded},{_judged(level)}'
        f'{stamp.json},"log":{{"level":"{level}"{named}{origin}}}{others}{said}}}'
    ).encode()
