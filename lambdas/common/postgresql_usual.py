"""Usual PostgreSQL log entries straight to JSON, whichever of its text formats the server wrote them in: the same events that
the table of common.postgresql_entry makes, at a fraction of the time."""

from __future__ import annotations

import csv
from typing import NamedTuple

from orjson import dumps

from common.cache import Cache
from common.json_text import quoted
from common.kinds import PORT, WHOLE
from common.logtype import JsonObject, Stamp, present
from common.postgresql_entry import AUDIT, CONNECTIONS, DENIED, DURATION, ERRORS, UNKNOWN, endpoint, instant, session_time

_EVENT = '"category":["database"]'
_PLAIN_LEVELS = ("DEBUG", *(f"DEBUG{depth}" for depth in range(1, 6)), "LOG", "INFO", "NOTICE", "WARNING", "DETAIL", "HINT")
_LATER_LEVELS = ("QUERY", "CONTEXT", "LOCATION", "BACKTRACE", "STATEMENT")
#: Members of `event` by level, and those of connections by how their messages begin.
_BY_LEVEL = {
    **dict.fromkeys((*_PLAIN_LEVELS, *_LATER_LEVELS), _EVENT),
    **{level.upper(): f'{_EVENT},"type":["error"],"outcome":"failure"' for level in ERRORS},
}
_REFUSED = '"category":["database","authentication"],"action":"authentication-failed","type":["start"],"outcome":"failure"'
_CONNECTED = {
    begins: f'"category":["database","{category}"],"action":"{action}","type":["{kind}"]'
    + (f',"outcome":"{outcome}"' if outcome else "")
    for begins, (action, category, kind, outcome) in CONNECTIONS.items()
}
_SAID_TO_AUDIT = f'{_EVENT},"action":"audit"'
#: What stands for nothing in an audit entry.
_NONE = "<none>"


class Session(NamedTuple):
    """What all entries of a session have in common, as members of objects of JSON, each with a comma behind it."""

    event: str
    own: str
    """Of `postgresql`."""
    other: str
    """Of `postgresql.other`."""


#: Members of `event`; the statement, None where no word is of one; members of `postgresql`, and of its `other`; the message.
_Told = tuple[str, str | None, str, str, str | None]


def _told(level: str, said: str) -> _Told | None:
    happened = _BY_LEVEL.get(level)
    if happened is None or not said:
        return None
    if level in ("STATEMENT", "QUERY"):
        return happened, said, "", "", None
    if said.startswith(("duration: ", "AUDIT: ")):
        return None if level != "LOG" else _timed(said) if said[0] == "d" else _audited(said)
    if level == "LOG":
        found = _CONNECTED.get(said.partition(":")[0])
        if found is not None:
            took = session_time(said)
            return found if took is None else f'{found},"duration":{took}', None, "", "", said
    elif level == "FATAL" and DENIED.match(said):
        happened = _REFUSED
    return happened, None, "", "", said


def _timed(said: str) -> _Told | None:
    match = DURATION.fullmatch(said)
    if match is None:
        return None
    milliseconds, action, prepared, statement = match.groups()
    happened = f'{_EVENT},"duration":{round(float(milliseconds) * 1e6)}'
    if action is None:
        return happened, "", "", "", None
    happened += f',"action":"{action}"'
    name = prepared.strip() if prepared else ""
    other = f'"prepared":{quoted(name)},' if name else ""
    if action != "plan":
        return happened, statement, "", other, None
    return (happened, None, "", other, statement) if statement.startswith("Query Text:") else None


def _audited(said: str) -> _Told | None:
    try:
        values = next(csv.reader([said.removeprefix("AUDIT: ")]))
    except csv.Error:
        return None
    if not len(AUDIT) - 1 <= len(values) <= len(AUDIT):  # rows are there with pgaudit.log_rows
        return None
    kind, number, inner, audited, command, object_kind, name, statement, parameter, *rows = values
    own, other = _AUDITS[kind, audited, command, object_kind, name]
    other += members(_known({"statement_id": number, "substatement_id": inner, "parameter": parameter, "rows": "".join(rows)}))
    return _SAID_TO_AUDIT, None if statement == _NONE else statement, own, other, None


def _audit(told: tuple[str, ...]) -> tuple[str, str]:
    """Members of `postgresql` and of its `other`, of what the audit entries of a kind have in common."""
    kind, audited, command, object_kind, name = told
    about = _known({"class": audited, "command": command, "object_name": name})
    return members({"audit": about} if about else {}), members(_known({"audit_type": kind, "object_type": object_kind}))


def _known(record: JsonObject) -> JsonObject:
    return {name: value for name, value in record.items() if value not in ("", _NONE)}


#: Commands and objects are few.
_AUDITS = Cache(_audit, 4_096)


def members(record: JsonObject) -> str:
    """Members of an object of JSON, each with a comma behind it."""
    return f"{dumps(record).decode()[1:-1]}," if record else ""


def session(
    host: str | None,
    port: str | None,
    user: str | None,
    database: str | None,
    pid: str | None,
    application: str | None,
    other: JsonObject,
) -> Session | None:
    """What all entries of a session say; None where its port or process id is no number. `other` is more that postgresql.other
    has of it."""
    source: JsonObject = {}
    endpoint(source, host)
    if port:
        source["port"] = PORT.read(port)
    number = WHOLE.read(pid)
    if number is None or None in source.values():
        return None
    name, held = (None if value == UNKNOWN else value for value in (user, database))
    return Session(
        members(present(source=source, user=present(name=name), process={"pid": number})),
        members(present(database=held, application=application)),
        members(present(**other)),
    )


def written(
    begun: str, stamp: Stamp, time: str, about: Session | None, code: str | None, level: str, said: str, query: str, other: str
) -> bytes | None:
    """The finished event of a usual entry; None for any other.

    `begun` is the members that `event` begins with, its id and its dataset; `time` is three words, `about` the session, `code` an
    SQLSTATE, `query` the statement where it stands beside the message, and `other` more members of postgresql.other, each with a
    comma behind it.
    """
    told, at = _told(level, said), instant(time)
    if about is None or told is None or at is None:
        return None
    fields, own, same = about
    happened, statement, audit, told_other, message = told
    if statement is None:
        statement = query
    elif query:
        other += f'"query":{quoted(query)},'
    if statement:
        own += f'"statement":{quoted(statement)},'
    own += audit
    other = f"{same}{other}{told_other}"
    if other:
        own += f'"other":{{{other[:-1]}}},'
    failed = f'"error":{{"code":{quoted(code)}}},' if code and code != "00000" else ""
    held = f',"postgresql":{{{own[:-1]}}}' if own else ""
    says = f',"message":{quoted(message)}' if message else ""
    return (
        f'{{"@timestamp":"{at}","event":{{{begun},{happened}{stamp.json},{fields}{failed}"log":{{"level":"{level.lower()}"}}{held}{says}}}'
    ).encode()
