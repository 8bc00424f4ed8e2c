"""Lines of the files in which container runtimes keep logs for Kubernetes (/var/log/containers).

Format: Kubernetes design proposals, "CRI: Log management for container stdout/stderr streams"
(https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md).

A line is of one container, but does not say of which: an agent that adds that sends objects, of type container.
"""

from __future__ import annotations

import re

import orjson

from common import container_log
from common.logtype import JsonObject, LineType, Malformed, Stamp
from common.timestamps import from_iso

recognise = container_log.CRI.fullmatch


def parse(line: str, stamp: Stamp) -> JsonObject:
    found = recognise(line)
    if found is None:
        raise Malformed("line: does not begin with a time, stdout or stderr, and P or F")
    return parse_match(found, stamp)


def parse_match(found: re.Match[str], stamp: Stamp) -> JsonObject:
    """`@timestamp` is the runtime's time where the log has none of its own."""
    fields, text = container_log.cri(found)
    return container_log.event(fields, container_log.content(text), stamp)


#: What nearly every line begins with: it is in UTC, and complete.
_USUAL = re.compile(r"([0-9-]{10}T[0-9:]{8}\.[0-9]{1,9}Z) (stdout|stderr) F ")


def quick(line: str, event_id: str, stamp: Stamp) -> bytes | None:
    """The finished event of a usual line; None for any other."""
    found = _USUAL.match(line)
    if found is None:
        return None
    time, stream = found.groups()
    text = line[found.end() :]
    if not text or "\n" in text:
        return None
    try:
        instant = from_iso(time)
    except ValueError:
        return None
    if not isinstance(said := container_log.content(text), str):
        event: JsonObject = {
            "@timestamp": instant,
            "event": {},
            "container": {"stream": stream},
            "tenant": stamp.tenant,
        }
        container_log.say(event, said, timed=True)
        event["event"] |= {"id": event_id, "dataset": LOG_TYPE.dataset, "ingested": stamp.ingested}
        return orjson.dumps(event)
    return (
        f'{{"@timestamp":"{instant}","event":{{"id":"{event_id}","dataset":"container",'
        f'"type":["info"],"outcome":"success"{stamp.json},"container":{{"stream":"{stream}"}},'
        f'"message":{orjson.dumps(text).decode()}}}'
    ).encode()


LOG_TYPE = LineType(
    name="container_cri",
    dataset="container",
    title="Container log of Kubernetes (CRI)",
    page="https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
    arrival="An agent on the node that sends the lines of the runtime's files.",
    recognise=recognise,
    parse=parse,
    parse_match=parse_match,
    own=container_log.OWN,
    fields={**container_log.TABLE.fields, "text": "message"},
    begins="12",
    quick=quick,
)
