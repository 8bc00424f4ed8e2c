"""Lines of the files in which container runtimes keep logs for Kubernetes (/var/log/containers).

Format: Kubernetes design proposals, "CRI: Log management for container stdout/stderr streams"
(https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md).

A line is of one container, but does not say of which: an agent that adds that sends objects, of type container.
"""

from __future__ import annotations

import re

from common import container_log
from common.logtype import JsonObject, LineType, Malformed, Stamp

_BEGINNING = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2}) (?:stdout|stderr)"
    r"(?: [PF](?::[^\s:]+)*(?: |\Z)|\Z)"
)


def parse(line: str, stamp: Stamp) -> JsonObject:
    """`@timestamp` is the runtime's time where the log has none of its own."""
    found = container_log.cri(line)
    if found is None:
        raise Malformed("line: does not begin with a time, stdout or stderr, and P or F")
    fields, text = found
    return container_log.event(fields, container_log.content(text), stamp)


LOG_TYPE = LineType(
    name="container_cri",
    dataset="container",
    title="Container log of Kubernetes (CRI)",
    page="https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md",
    arrival="An agent on the node that sends the lines of the runtime's files.",
    recognise=_BEGINNING.match,
    parse=parse,
    own=container_log.OWN,
    fields={**container_log.TABLE.fields, "text": "message"},
    begins="12",
)
