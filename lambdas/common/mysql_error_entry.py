"""An entry of MySQL's error log as an event, whichever of its formats the server wrote it in: text or JSON."""

from __future__ import annotations

import re

from common.kinds import WORD, is_ip
from common.logtype import JsonObject
from common.table import Table

#: How the messages begin that tell of a client.
ABOUT_CLIENTS = ("Access denied", "Aborted connection")
_DENIED = re.compile(r"Access denied for user '([^']*)'@'([^']*)'")
_ABORTED = re.compile(r"Aborted connection [0-9]+ to db: '([^']*)' user: '([^']*)' host: '([^']*)'")
_DENIAL, _ABORT = "access-denied", "aborted-connection"
#: event.category beside the database, and event.type, of what an entry tells of a connection.
_CONNECTIONS = {_DENIAL: ("authentication", "start"), _ABORT: ("session", "end")}


def say(record: JsonObject, message: str) -> None:
    """Adds what the entry says to `record`, whose names are the table's, and whom it is about, if it says so."""
    record["message"] = message
    if message.startswith("Access denied") and (denied := _DENIED.match(message)) is not None:
        user, host = denied.groups()
        record["action"] = _DENIAL
    elif message.startswith("Aborted connection") and (aborted := _ABORTED.match(message)) is not None:
        record["schema"], user, host = (value if value != "unconnected" else None for value in aborted.groups())
        record["action"] = _ABORT
    else:
        return
    record["user"] = user
    client(record, host)


def client(record: JsonObject, host: object) -> None:
    """Adds where a client is, by an address or a name."""
    record["ip" if is_ip(host) else "address"] = host


def _complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure for an error, a refused log-in and a connection that broke off."""
    happened = event["event"]
    action = happened.get("action")
    if event.get("log", {}).get("level") == "error":
        happened |= {"type": ["error"], "outcome": "failure"}
    if action in _CONNECTIONS:
        category, kind = _CONNECTIONS[action]
        happened |= {"category": ["database", category], "type": [kind], "outcome": "failure"}


TABLE = Table(
    {
        "time": "@timestamp",
        "thread": "process.thread.id",
        "level": "log.level",
        "code": "event.code",
        "subsystem": "mysql.subsystem",
        "schema": "mysql.schema",
        "symbol": "mysql.symbol",
        "action": "event.action",
        "user": "user.name",
        "ip": "source.ip",
        "address": "source.address",
        "message": "message",
        "function": "log.origin.function",
        "file": "log.origin.file.name",
        "line": "log.origin.file.line",
    },
    own={"mysql.subsystem": WORD, "mysql.schema": WORD, "mysql.symbol": WORD},
    rest="mysql.other",
    constants={"event.category": ["database"]},
    complete=_complete,
)
