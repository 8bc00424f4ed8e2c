"""Invoking a function, and telling its own failure from that of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

#: One attempt: whoever invokes decides on retries. A function may run for 15 minutes (Lambda developer guide, "Lambda quotas").
INVOKE_CONFIG = Config(retries={"total_max_attempts": 1}, read_timeout=905, max_pool_connections=50)


class NotInvoked(Exception):
    """The function did not run: throttled, refused, or unreachable."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an invocation came to."""

    response: Any
    """Decoded JSON the function returned; None after an error."""
    error: str | None
    """What the function failed with, in its own words."""
    context: dict[str, Any]
    """The `responseContext` of an invocation record: statusCode, executedVersion, functionError."""
    size: int = 0
    """Bytes of the response."""


def invoke(client: Callable[[], Any], function_arn: str, payload: bytes) -> Outcome:
    """Invoke and wait. `client` gives a boto3 Lambda client. Raises NotInvoked."""
    try:
        answer = client().invoke(FunctionName=function_arn, Payload=payload)
        body = answer["Payload"].read()
    except (ClientError, BotoCoreError) as error:
        raise NotInvoked(f"{type(error).__name__}: {error}") from error
    failed = answer.get("FunctionError")
    context = {
        "statusCode": answer.get("StatusCode", 200),
        "executedVersion": answer.get("ExecutedVersion", "$LATEST"),
        "functionError": failed,
    }
    if failed:
        return Outcome(None, body.decode(errors="replace")[:2000], context)
    try:
        return Outcome(orjson.loads(body) if body else None, None, context, len(body))
    except ValueError:
        return Outcome(body.decode(errors="replace"), None, context, len(body))
