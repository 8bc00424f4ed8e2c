"""The answer a custom resource owes CloudFormation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import orjson
import urllib3
from aws_lambda_powertools import Logger
from urllib3.exceptions import HTTPError

from common.deadline import Deadline

#: CloudFormation takes an answer of at most 4 KiB; this leaves room for everything but the reason.
MAX_REASON_CHARACTERS = 1_000
_SECONDS = 5.0

logger = Logger(child=True)


class ResourceEvent(TypedDict):
    """What CloudFormation asks for."""

    RequestType: Literal["Create", "Update", "Delete"]
    ResponseURL: str
    """Presigned S3 URL that takes the answer."""
    StackId: str
    RequestId: str
    LogicalResourceId: str
    ResourceProperties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether it worked, and what to show the person who deploys."""

    status: Literal["SUCCESS", "FAILED"]
    reason: str
    data: dict[str, str]
    """Attributes of the resource."""


class NotAnswered(Exception):
    """CloudFormation did not take the answer."""


def send(event: ResourceEvent, physical_id: str, answer: Answer, deadline: Deadline) -> None:
    """Puts `answer` where CloudFormation waits for it, again and again until the deadline. Raises NotAnswered."""
    body = orjson.dumps(
        {
            "Status": answer.status,
            "Reason": answer.reason[:MAX_REASON_CHARACTERS],
            "PhysicalResourceId": physical_id,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "Data": answer.data,
        }
    )
    attempt = 0
    with urllib3.PoolManager() as pool:
        while True:
            problem = _put(pool, event["ResponseURL"], body)
            if problem is None:
                return
            logger.warning("CloudFormation did not take the answer", extra={"reason": problem})
            if not deadline.pause(attempt, before=_SECONDS):
                raise NotAnswered(problem)
            attempt += 1


def _put(pool: urllib3.PoolManager, url: str, body: bytes) -> str | None:
    """None when it was taken. The URL is signed for an empty content type."""
    try:
        answer = pool.request("PUT", url, body=body, headers={"content-type": ""}, timeout=_SECONDS, retries=False)
    except HTTPError as error:
        return str(error)
    return None if answer.status < 300 else f"{answer.status}: {answer.data.decode('utf-8', 'replace')[:500]}"
