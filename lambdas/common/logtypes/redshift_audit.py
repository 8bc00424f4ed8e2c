"""Audit logs of Amazon Redshift: connection log, user log and user activity log.

Columns: Amazon Redshift management guide, "Database audit logging"
(https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html). Connection and user log are separated by bars, their values
padded with spaces. A statement of the user activity log may have several lines: they are one record. Times are in UTC.
"""

from __future__ import annotations

import re
from string import ascii_lowercase, digits

from common.kinds import TEXT, WHOLE, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed
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
_USER_COLUMNS = (
    "userid",
    "username",
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
_ACTIVITY_BEGINNING = re.compile(r"'[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z UTC \[ db=")

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


def recognise(line: str) -> object:
    """Truthy for a line of one of the three logs."""
    first = line[0]
    if first == "'":
        return _ACTIVITY_BEGINNING.match(line)
    return _USER.match(line) if first.isdigit() else _CONNECTION.match(line)


def split(line: str) -> JsonObject:
    """The columns of a line by name. Raises Malformed for a line of none of the three logs."""
    if line.startswith("'"):
        return _activity(line)
    values = [value.strip() for value in line.split("|")]
    names: tuple[str, ...]
    if _CONNECTION.match(line):
        log, names = "connection", _CONNECTION_COLUMNS
    elif _USER.match(line):
        log, names = "user", _USER_COLUMNS
    else:
        raise Malformed("line: of neither a connection log, a user log nor a user activity log")
    record: JsonObject = {"log": log, **dict(zip(names, values, strict=False)), "extra": values[len(names) :]}
    if log == "user":
        record["target"] = record.pop("username")  # who did it is not told
        record["target_id"] = record.pop("userid")
        return record
    host = record.pop("remotehost", "").removeprefix("::ffff:")
    record["ip" if is_ip(host) else "address"] = host
    return record


def _activity(line: str) -> JsonObject:
    match = _ACTIVITY.fullmatch(line)
    if match is None:
        raise Malformed("line: no time, db, user, pid, userid and xid of a user activity log")
    time, database, user, pid, user_id, transaction, statement, cut = match.groups()
    return {
        "log": "activity",
        "recordtime": time,
        "dbname": database,
        "username": user,
        "pid": pid,
        "userid": user_id,
        "xid": transaction,
        "statement": statement,
        "cut": cut,
    }


def _time(value: str) -> str | None:
    try:
        return from_iso(value) if value[:1].isdigit() else from_day_first(value)
    except ValueError:
        return None


def _duration(value: str) -> int | None:
    microseconds = WHOLE.read(value)
    return microseconds * 1_000 if microseconds is not None and 0 < microseconds < 10**15 else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: of an authentication; nothing else is told to have failed."""
    happened = event["event"]
    log, action = event.get("aws", {}).get("redshift", {}).get("log"), happened.get("action")
    if log == "activity":
        happened["type"] = ["access"]
    elif log == "user":
        happened |= {"category": ["database", "iam"], "type": ["user", _USER_ACTIONS[action] if action else "info"]}
    elif action in _CONNECTION_EVENTS:
        category, kind, outcome = _CONNECTION_EVENTS[action]
        happened |= {"category": ["database", category], "type": [kind]}
        if outcome:
            happened["outcome"] = outcome
    for name, nothing in _NOTHING.items():
        if rest.get(name) == nothing:
            del rest[name]


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
    constants={"event.kind": "event", "event.category": ["database"], "cloud.provider": "aws"},
    read={"recordtime": _time, "duration": _duration},
    complete=_complete,
)

LOG_TYPE = LineType(
    name="redshift_audit",
    dataset="aws.redshift",
    title="Redshift audit log",
    page="https://docs.aws.amazon.com/redshift/latest/mgmt/db-auditing.html",
    arrival="Redshift writes files to S3, of which every entry is a record, or sends it to a log group.",
    recognise=recognise,
    parse=TABLE.lines(split),
    own=TABLE.own,
    fields=TABLE.fields,
    begins=f"'{digits}{ascii_lowercase}",
)
