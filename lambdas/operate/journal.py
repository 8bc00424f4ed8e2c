"""What an application's log says of its end: the last errors, short, and without anything that looks like a credential.

Format of the log: Managed Service for Apache Flink developer guide, "Analyze logs with CloudWatch Logs Insights".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

#: Errors told, and characters of each: with the service's own words, what a deployment's message has room for.
MOST_ERRORS = 2
MOST_CHARACTERS = 300
#: Pages of the log that are read at most.
_MOST_PAGES = 10
_ERRORS = '{ $.messageType = "ERROR" }'
_SECRETS = re.compile(
    r"(?P<key>[\w.-]*(?:secret|password|token|credential|accesskey)[\w.-]*[\"']?\s*[=:]\s*)[\"']?[^\s,;\"'}]+"
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}",
    re.IGNORECASE,
)


class LogsClient(Protocol):
    """The part of CloudWatch Logs' client that is used."""

    def filter_log_events(self, **request: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Journal:
    """The log of one application."""

    client: LogsClient
    group: str
    stream: str

    def last_errors(self, since_ms: int) -> list[str]:
        """The last errors since a moment (epoch, milliseconds), the latest last. Raises botocore's ClientError."""
        request: dict[str, Any] = {
            "logGroupName": self.group,
            "logStreamNames": [self.stream],
            "startTime": since_ms,
            "filterPattern": _ERRORS,
        }
        last: list[str] = []
        for _ in range(_MOST_PAGES):
            page = self.client.filter_log_events(**request)
            last = [*last, *(event["message"] for event in page["events"])][-MOST_ERRORS:]
            if "nextToken" not in page:
                break
            request["nextToken"] = page["nextToken"]
        return [_told(message) for message in last]


def _told(message: str) -> str:
    """What was logged and the innermost cause of it, on one line."""
    try:
        entry = orjson.loads(message)
    except orjson.JSONDecodeError:
        entry = {"message": message}
    lines = [str(entry.get("message", message)).strip().partition("\n")[0]]
    trace = entry.get("throwableInformation")
    causes = [line for line in (trace if isinstance(trace, list) else str(trace or "").splitlines()) if "Caused by:" in line]
    lines += [cause.strip() for cause in causes[-1:]]
    return _SECRETS.sub(lambda found: f"{found['key'] or ''}***", " ".join(lines))[:MOST_CHARACTERS]
