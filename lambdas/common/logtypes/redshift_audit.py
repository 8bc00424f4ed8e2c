"""Audit logs of Amazon Redshift: connection log, user log and user activity log.

Columns: Amazon Redshift management guide, "Database audit logging"
(https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html). Connection and user log are separated by bars, their values
padded with spaces. A statement of the user activity log may have several lines: they are one record. Times are in UTC.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase, digits

from common import line_values
from common.cache import remembered
from common.kinds import TEXT, WHOLE, WORD
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_iso
from common.written_dates import from_day_first

_CONNECTION_COLUMNS = (
    "event",
    "recordtime",
    "remotehost",
    "remoteport",
    "pid",
    "dbname",
    "username",
    "authmethod",
    "duration",
    "sslversion",
    "sslcipher",
    "mtu",
    "sslcompression",
    "sslexpansion",
    "iamauthguid",
    "application_name",
    "os_version",
    "driver_version",
    "plugin_name",
    "protocol_version",
    "sessionid",
    "compression",
)
#: The first two, userid and username, are of the user it happened to: who did it is not told.
_USER_COLUMNS = (
    "target_id",
    "target",
    "oldusername",
    "action",
    "usecreatedb",
    "usesuper",
    "usecatupd",
    "valuntil",
    "pid",
    "xid",
    "recordtime",
)

_CONNECTION = re.compile(r"[a-z][A-Za-z_ ]{2,49}\|[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:")
_USER = re.compile(r"[0-9]{1,10} *\|[^|\n]{1,128}\|[^|\n]{0,128}\|(?:create|drop|alter|rename) *\|[01tf] *\|[01tf] *\|")
_ACTIVITY = re.compile(
    r"'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z) UTC \[ "
    r"db=(?:([^\n]{0,127}?) user=([^\n]{0,127}?) pid=([0-9]+) userid=([0-9]+) xid=([0-9]+) \]'(?: LOG: (.*))?|(.*))",
    re.DOTALL,
)
_ACTIVITY_NAMES = ("recordtime", "dbname", "username", "pid", "userid", "xid", "statement", "cut")

#: event.category, event.type and event.outcome of what a connection log tells.
_CONNECTION_EVENTS = {
    "authenticated": ("authentication", "start", "success"),
    "authentication failure": ("authentication", "start", "failure"),
    "initiating session": ("session", "start", None),
    "disconnecting session": ("session", "end", None),
}
#: What a connection log writes where there is nothing to tell.
_NOTHING = {"duration": "0", "mtu": "0", "plugin_name": "none", "compression": "none"}
_USER_ACTIONS = {"create": "creation", "drop": "deletion", "alter": "change", "rename": "change"}


def recognise(line: str) -> re.Match[str] | None:
    """The match of a line of one of the three logs: of its beginning, or, for a user activity log, of all there is in it."""
    first = line[:1]
    if first == "'":
        return _ACTIVITY.fullmatch(line)
    return _USER.match(line) if first.isdigit() else _CONNECTION.match(line)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """Raises Malformed for a line of none of the three logs."""
    match = recognise(line)
    if match is None:
        raise Malformed("line: of neither a connection log, a user log nor a user activity log")
    return parse_match(match, stamp)


def parse_match(match: re.Match[str], stamp: Stamp) -> JsonObject:
    if match.re is _ACTIVITY:
        record: JsonObject = dict(zip(_ACTIVITY_NAMES, match.groups(), strict=True))
        record["log"] = "activity"
    elif match.re is _USER:
        record = _columns(_USER_COLUMNS, match.string)
        record["log"] = "user"
    else:
        record = _columns(_CONNECTION_COLUMNS, match.string)
        record["log"] = "connection"
        host = record.pop("remotehost", "").removeprefix("::ffff:")
        record["ip" if line_values.address(host) else "address"] = host
        for name, nothing in _NOTHING.items():
            if record.get(name) == nothing:
                del record[name]
    return TABLE.event(record, stamp)


def _columns(names: Sequence[str], line: str) -> JsonObject:
    values = list(map(str.strip, line.split("|")))
    record: JsonObject = dict(zip(names, values, strict=False))
    if len(values) > len(names):
        record["extra"] = values[len(names) :]
    return record


def _time(value: str) -> str | None:
    try:
        return from_iso(value) if value[:1].isdigit() else from_day_first(value)
    except ValueError:
        return None


@remembered(4_096)
def _duration(value: str) -> int | None:
    microseconds = WHOLE.read(value)
    return microseconds * 1_000 if microseconds is not None and 0 < microseconds < 10**15 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: of an authentication; nothing else is told to have failed."""
    happened = event["event"]
    log, action = event["aws"]["redshift"]["log"], happened.get("action")
    if log == "activity":
        happened["type"] = ["access"]
    elif log == "user":
        happened["category"] = ["database", "iam"]
        happened["type"] = ["user", _USER_ACTIONS[action] if action else "info"]
    elif action in _CONNECTION_EVENTS:
        category, kind, outcome = _CONNECTION_EVENTS[action]
        happened["category"], happened["type"] = ["database", category], [kind]
        if outcome:
            happened["outcome"] = outcome


TABLE = Table(
    {
        "recordtime": "@timestamp",
        "event": "event.action",
        "action": "event.action",
        "duration": "event.duration",
        "log": "aws.redshift.log",
        "dbname": "aws.redshift.database",
        "authmethod": "aws.redshift.auth_method",
        "application_name": "aws.redshift.application",
        "sessionid": "aws.redshift.session_id",
        "xid": "aws.redshift.transaction_id",
        "statement": "aws.redshift.statement",
        "ip": "source.ip",
        "address": "source.address",
        "remoteport": "source.port",
        "pid": "process.pid",
        "username": "user.name",
        "userid": "user.id",
        "target": "user.target.name",
        "target_id": "user.target.id",
        "sslversion": "tls.version",
        "sslcipher": "tls.cipher",
    },
    own={
        "aws.redshift.log": WORD,
        "aws.redshift.database": WORD,
        "aws.redshift.auth_method": WORD,
        "aws.redshift.application": WORD,
        "aws.redshift.session_id": WORD,
        "aws.redshift.transaction_id": WORD,
        "aws.redshift.statement": TEXT,
    },
    rest="aws.redshift.other",
    constants={"event.category": ["database"]},
    read={
        "recordtime": _time,
        "duration": _duration,
        "ip": line_values.address,
        "remoteport": line_values.port,
        "pid": line_values.whole,
    },
    complete=_complete,
)

LOG_TYPE = LineType(
    name="redshift_audit",
    dataset="aws.redshift",
    title="Redshift audit log",
    page="https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html",
    arrival="Redshift writes files to S3, of which every entry is a record, or sends it to a log group.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=f"'{digits}{ascii_lowercase}",
)
