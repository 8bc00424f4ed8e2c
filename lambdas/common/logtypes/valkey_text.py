"""Log lines of Valkey and Redis OSS: the engine log, of ElastiCache in the TEXT format or of a server one runs oneself, and
ElastiCache's slow log in the TEXT format.

Lines: ElastiCache user guide, "Log delivery"
(https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html), whose engine log has the cluster and the node where
a server's own has its process id; `serverLogRaw` of Valkey (https://github.com/valkey-io/valkey/blob/unstable/src/server.c).
A server's own line tells no time zone and is taken as UTC. The slow log's line is the values of its JSON, mostly without the id.
"""

from __future__ import annotations

import re
from string import ascii_letters, digits

import orjson

from common.cache import remembered
from common.json_text import quoted
from common.kinds import LONG_WORD, PORT, WORD, is_ip
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.table import Table
from common.timestamps import from_any
from common.valkey_engine import LEVELS, ROLES
from common.written_dates import from_day_first

_ENGINE = re.compile(
    r"(?:([0-9]{1,10})|([A-Za-z0-9-]{1,64})/(0[0-9]{3})):([MSCX]) "
    r"([0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8}(?:\.[0-9]{1,6})?(?: UTC)?)(?: ([.*#-])(?: (.*))?)?",
    re.DOTALL,
)
_SLOW = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,63}),(0[0-9]{3}),(?:([0-9]{1,18}),)?([0-9]{9,10}),([0-9]{1,12}),(.*)", re.DOTALL)
#: What ends a slow log's line, when it is whole.
_CLIENT = re.compile(r"(.*),([^,\s]+:[0-9]{1,5}),([^,]*)", re.DOTALL)


def recognise(line: str) -> object:
    """Truthy for a line of either log."""
    return _ENGINE.match(line) or _SLOW.match(line)


def split(line: str) -> JsonObject:
    """The parts of a line by name. Raises Malformed for a line of neither log."""
    if (engine := _ENGINE.fullmatch(line)) is not None:
        pid, cluster, node, role, time, level, message = engine.groups()
        return {
            "pid": pid,
            "cluster": cluster,
            "node": node,
            "role": ROLES[role],
            "time": time,
            "level": LEVELS[level] if level else None,
            "message": message,
        }
    if (slow := _SLOW.fullmatch(line)) is None:
        raise Malformed("line: neither an engine log's, pid:role date sign message, nor a slow log's, cluster,node,time,…")
    cluster, node, number, time, duration, command = slow.groups()
    record: JsonObject = {"cluster": cluster, "node": node, "id": number, "time": time, "duration": int(duration) * 1_000}
    if (client := _CLIENT.fullmatch(command)) is not None:
        command, address, record["client_name"] = client.groups()
        record |= _client(address)
    record["command"] = command
    record["action"] = _action(command)
    return record


def _client(address: str) -> JsonObject:
    ip, _, port = address.rpartition(":")
    ip = ip.removeprefix("[").removesuffix("]")
    return {"ip": ip, "port": port} if is_ip(ip) else {"address": address}


def _action(command: str) -> str:
    return command.split(" ", 1)[0].lower()


@remembered(4_096)  # lines of one second are many
def _time(value: str) -> str | None:
    found = from_day_first(value)
    if found is not None or not value.isdigit():
        return found
    return from_any(value)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    if event.get("log", {}).get("level") == "warning":
        event["event"]["type"] = ["error"]


TABLE = Table(
    {
        "time": "@timestamp",
        "cluster": "service.name",
        "node": "service.node.name",
        "pid": "process.pid",
        "role": "valkey.role",
        "level": "log.level",
        "message": "message",
        "id": "event.sequence",
        "duration": "event.duration",
        "action": "event.action",
        "command": "valkey.command",
        "ip": "source.ip",
        "port": "source.port",
        "address": "source.address",
        "client_name": "valkey.client_name",
    },
    own={"valkey.role": WORD, "valkey.command": LONG_WORD, "valkey.client_name": WORD},
    rest="valkey.other",
    constants={"event.category": ["database"]},
    read={"time": _time},
    complete=_complete,
)


@remembered(16_384)
def _source(address: str) -> str | None:
    """The object `source`; None where the port is none."""
    source = _client(address)
    if "port" in source:
        source["port"] = PORT.read(source["port"])
    return None if None in source.values() else orjson.dumps(source).decode()


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a whole line; None for any other."""
    if (engine := _ENGINE.fullmatch(line)) is not None:
        pid, cluster, node, role, time, sign, message = engine.groups()
        at = from_day_first(time)
        if at is None or not message:
            return None
        failed = ',"type":["error"]' if sign == "#" else ""
        who = f'"process":{{"pid":{int(pid)}}}' if pid else f'"service":{{"name":"{cluster}","node":{{"name":"{node}"}}}}'
        return (
            f'{{"@timestamp":"{at}","event":{{"id":"{event_id}","dataset":"valkey.log","category":["database"]'
            f'{failed}{stamp.json},{who},"valkey":{{"role":"{ROLES[role]}"}},"log":{{"level":"{LEVELS[sign]}"}},'
            f'"message":{quoted(message)}}}'
        ).encode()
    if (slow := _SLOW.fullmatch(line)) is None or (client := _CLIENT.fullmatch(slow[6])) is None:
        return None
    cluster, node, number, time, duration, _ = slow.groups()
    command, address, name = client.groups()
    source, action = _source(address), _action(command)
    if source is None or not action:
        return None
    counted = f',"sequence":{int(number)}' if number else ""
    named = f',"client_name":{quoted(name)}' if name else ""
    return (
        f'{{"@timestamp":"{_time(time)}","event":{{"id":"{event_id}","dataset":"valkey.log","category":["database"]'
        f'{counted},"duration":{int(duration) * 1_000},"action":{quoted(action)}{stamp.json},'
        f'"service":{{"name":"{cluster}","node":{{"name":"{node}"}}}},"source":{source},'
        f'"valkey":{{"command":{quoted(command)}{named}}}}}'
    ).encode()


LOG_TYPE = LineType(
    name="valkey_text",
    dataset="valkey.log",
    title="Valkey and Redis OSS log lines, of ElastiCache too",
    page="https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/Log_Delivery.html",
    arrival="ElastiCache delivers it to Data Firehose or to a log group, or an agent reads a server's log file.",
    recognise=recognise,
    parse=TABLE.lines(split),
    quick=quick,
    own=TABLE.own,
    fields=TABLE.fields,
    begins=digits + ascii_letters,
)
