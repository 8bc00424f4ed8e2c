"""The parts of the Common Log Format that access logs share: the time and the request line.

Format: Apache HTTP Server documentation, "Log files", Common Log Format (https://httpd.apache.org/docs/2.4/logs.html#common).
"""

from __future__ import annotations

import re

from common.cache import remembered
from common.logtype import JsonObject, Malformed
from common.timestamps import from_iso
from common.written_dates import MONTHS

#: The day may go without its leading zero.
_TIME = re.compile(r"([0-9]{1,2})/([A-Z][a-z]{2})/([0-9]{4}):([0-9:]{8}) ([+-][0-9]{4})")


@remembered(4_096)  # the lines of a batch share few seconds
def request_time(text: str) -> str:
    """`06/Feb/2019:00:00:38 +0000` as ISO 8601. Raises Malformed for what is no point in time."""
    match = _TIME.fullmatch(text)
    if match is None or match[2] not in MONTHS:
        raise Malformed(f"time: {text[:60]!r} is not day/month/year:hour:minute:second and an offset")
    day, month, year, clock, offset = match.groups()
    try:
        return from_iso(f"{year}-{MONTHS[month]}-{day:0>2}T{clock}{offset}")
    except ValueError:
        raise Malformed(f"time: {text[:60]!r} is no point in time") from None


def request_line(text: str) -> JsonObject:
    """`GET /a?b HTTP/1.1` as `method`, `path`, `query` and `version`, each where there is one.

    What is no such line, as the requests of scanners are, is all in `original`.
    """
    method, _, rest = text.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if not (target and method.isalpha() and protocol.startswith("HTTP/")):
        return {"original": text}
    path, _, query = target.partition("?")
    return {"method": method, "path": path, "query": query, "version": protocol[5:]}
