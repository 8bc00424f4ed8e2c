"""Internet Information Services' log in the W3C extended format.

Format: IIS documentation, "Log File Formats" and `logExtFileFlags` of "Log Files for a Web Site <logFile>"
(https://learn.microsoft.com/en-us/iis/configuration/system.applicationhost/sites/site/logfile/). A line does not say which fields
it has: the columns are those that IIS 8.5 and later select by default, or, where there is one less, those of IIS 7, which has no
referrer. Custom fields come at the end and are kept in iis.other.extra. Where others are selected, `collect` puts the names of a
file's columns before each line of it (common.columns). IIS writes a plus for a space.
"""

from __future__ import annotations

import re

from common import line_values
from common.cache import remembered
from common.columns import IIS, IIS_7, divided, is_headed
from common.kinds import WORD
from common.logtype import JsonObject, LineType, Malformed
from common.table import Table
from common.timestamps import from_iso
from common.web_access import http_version

#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400

#: Behind the date and the time of day.
_COLUMNS, _WITHOUT_REFERRER = IIS[2:], IIS_7[2:]
_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2} [0-9a-fA-F]*[.:][0-9a-fA-F.:]+(?:%[0-9]+)? [A-Z_]+ [/*]"
)


@remembered(4_096)  # the lines of a batch share few seconds
def _time(text: str) -> str | None:
    try:
        return from_iso(text)
    except ValueError:
        return None


def recognise(line: str) -> bool:
    return _BEGINNING.match(line) is not None or is_headed(line, "iis")


def split(record: str) -> JsonObject:
    """The columns by the names of the format; the date and the time of day together are `date time`."""
    columns, line = divided(record)
    if columns:
        values = line.split(" ")
        fields = _named(columns, values)
        if "date" in columns and "time" in columns:
            fields["date time"] = f"{fields.pop('date', '')} {fields.pop('time', '')}"
    else:
        date, space, rest = line.partition(" ")
        if not space:
            raise Malformed("line: not an entry in the W3C extended format: a date and a time of day")
        clock, *values = rest.split(" ")
        columns = _WITHOUT_REFERRER if len(values) == len(_WITHOUT_REFERRER) and values[8].isdigit() else _COLUMNS
        fields = _named(columns, values)
        fields["date time"] = f"{date} {clock}"
    if len(values) > len(columns):
        fields["extra"] = values[len(columns) :]
    return fields


@remembered(4_096)  # few user agents make most requests
def _spaced(value: str) -> str:
    return value.replace("+", " ")


def _named(columns: tuple[str, ...], values: list[str]) -> JsonObject:
    return {name: value for name, value in zip(columns, values, strict=False) if value != "-"}


def _host(value: str) -> str | None:
    """A name; one with a port is kept as the client sent it."""
    return None if ":" in value else value


@remembered(16_384)
def _nanoseconds(milliseconds: str) -> int | None:
    return int(milliseconds) * 1_000_000 if milliseconds.isascii() and milliseconds.isdigit() and len(milliseconds) < 13 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    status = event.get("http", {}).get("response", {}).get("status_code")
    event["event"]["outcome"] = "unknown" if status is None else "failure" if status >= _FAILURE else "success"


TABLE = Table(
    {
        "date time": "@timestamp",
        "s-ip": "destination.ip",
        "cs-method": "http.request.method",
        "cs-uri-stem": "url.path",
        "cs-uri-query": "url.query",
        "s-port": "destination.port",
        "cs-username": "user.name",
        "c-ip": "source.ip",
        "cs(User-Agent)": "user_agent.original",
        "cs(Referer)": "http.request.referrer",
        "sc-status": "http.response.status_code",
        "sc-substatus": "iis.sub_status",
        "sc-win32-status": "iis.win32_status",
        "time-taken": "event.duration",
        "s-computername": "host.name",
        "s-sitename": "iis.site",
        "cs-version": "http.version",
        "cs-host": "url.domain",
        "cs-bytes": "http.request.bytes",
        "sc-bytes": "http.response.bytes",
    },
    own={"iis.sub_status": WORD, "iis.win32_status": WORD, "iis.site": WORD},
    rest="iis.other",
    constants={"event.category": ["web"]},
    read={
        "date time": _time,
        "cs(User-Agent)": _spaced,
        "time-taken": _nanoseconds,
        "cs-version": http_version,
        "cs-host": _host,
        **dict.fromkeys(("s-ip", "c-ip"), line_values.address),
        "s-port": line_values.port,
        "sc-status": line_values.whole,
    },
    complete=_complete,
)

LOG_TYPE = LineType(
    name="iis",
    dataset="iis.access",
    title="IIS log",
    page="https://learn.microsoft.com/en-us/iis/configuration/system.applicationhost/sites/site/logfile/",
    arrival="An agent on the machine (Kinesis Agent for Windows, CloudWatch agent, Fluent Bit) sends the lines of a site's log.",
    recognise=recognise,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins="12#",
)
