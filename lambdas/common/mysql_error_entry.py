"""What an entry of MySQL's error log says, whichever of its formats the server wrote it in: text or JSON."""

from __future__ import annotations

import re

from common.kinds import WORD, is_ip
from common.logtype import JsonObject

#: How the messages begin that tell of a client.
ABOUT_CLIENTS = ("Access denied", "Aborted connection")
_DENIED = re.compile(r"Access denied for user '([^']*)'@'([^']*)'")
_ABORTED = re.compile(r"Aborted connection [0-9]+ to db: '([^']*)' user: '([^']*)' host: '([^']*)'")

#: The table's parts that the formats share.
CONSTANTS = {"event.category": ["database"]}
OWN = {"mysql.subsystem": WORD, "mysql.schema": WORD}
REST = "mysql.other"


def complete(event: JsonObject, rest: JsonObject) -> None:
    """Outcome: failure for an error, a refused log-in and a connection that broke off. The message says whom these are about."""
    if "log" in event and event["log"].get("level") == "error":
        event["event"] |= {"type": ["error"], "outcome": "failure"}
    if "message" in event and event["message"].startswith(ABOUT_CLIENTS):
        _complete_of_client(event, rest)


def _complete_of_client(event: JsonObject, rest: JsonObject) -> None:
    message = event["message"]
    if (denied := _DENIED.match(message)) is not None:
        schema, (user, host) = "", denied.groups()
        action, category, kind = "access-denied", "authentication", "start"
    elif (aborted := _ABORTED.match(message)) is not None:
        schema, user, host = (value if value != "unconnected" else "" for value in aborted.groups())
        action, category, kind = "aborted-connection", "session", "end"
    else:
        return
    event["event"] |= {"category": ["database", category], "action": action, "type": [kind], "outcome": "failure"}
    if schema:
        event.setdefault("mysql", {})["schema"] = schema
    if user:
        named = event.setdefault("user", {})
        if named.get("name", user) != user:
            rest["user"] = named["name"]
        named["name"] = user
    if host:
        event["source"] = client(host)


def client(host: str) -> JsonObject:
    """`source` of a client, by an address or a name."""
    return {"ip" if is_ip(host) else "address": host}
