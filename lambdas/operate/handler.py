"""CloudFormation custom resource that has a Flink application run.

Protocol: CloudFormation user guide, "Custom resource reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html). An application may take longer to start or to stop
than a function may run: then the function invokes itself with the same request and how far it is. An answer is always sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self, cast

import boto3
import orjson
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config
from botocore.exceptions import ClientError

from common import custom_resource
from common.custom_resource import Answer, ResourceEvent
from common.deadline import Deadline
from operate.journal import Journal, LogsClient
from operate.operation import Asked, NotRunning, Step, bring_up, take_down
from operate.service import FlinkClient, Service

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

#: For the answer to CloudFormation, or the next invocation.
_RESERVE_SECONDS = 30.0
#: Of all invocations for one request; CloudFormation waits an hour.
_MOST_SECONDS = 55 * 60
#: How long before a request its update may have failed: CloudFormation updates the application first.
_UPDATE_SECONDS = 15 * 60
#: Between two looks at the application, at most: repetition number 16 has the longest pause there is.
_ATTEMPT = 16
_CALL_SECONDS = 10.0

logger = Logger()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request is, as it goes from one invocation to the next."""

    began: float
    """Epoch, seconds."""
    asked: Asked = ""

    @classmethod
    def of(cls, event: ResourceEvent, now: float) -> Self:
        carried = cast(dict[str, Any], event).get("Progress")
        return cls(**carried) if carried else cls(now)


@dataclass(frozen=True, slots=True)
class Clients:
    """The services that are called."""

    flink: FlinkClient
    logs: LogsClient
    functions: LambdaClient


@cache
def clients() -> Clients:
    """The container's clients, made at the first invocation."""
    config = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 3})
    return Clients(
        boto3.client("kinesisanalyticsv2", config=config),
        boto3.client("logs", config=config),
        boto3.client("lambda", config=config),
    )


@dataclass(frozen=True, slots=True)
class Request:
    """One request of CloudFormation's about one application."""

    event: ResourceEvent
    service: Service
    journal: Journal
    allow_non_restored_state: bool
    snapshot_on_delete: bool

    @classmethod
    def read(cls, event: ResourceEvent, made: Clients) -> Self:
        """Raises ValueError naming a property that is missing or wrong; CloudFormation hands all over as text."""
        properties = event["ResourceProperties"]
        return cls(
            event,
            Service(made.flink, _text(properties, "Application")),
            Journal(made.logs, _text(properties, "LogGroup"), _text(properties, "LogStream")),
            _flag(properties, "AllowNonRestoredState"),
            _flag(properties, "SnapshotOnDelete"),
        )

    def step(self, asked: Asked) -> Step:
        if self.event["RequestType"] == "Delete":
            return take_down(self.service, asked, snapshot=self.snapshot_on_delete)
        return bring_up(self.service, asked, allow_non_restored_state=self.allow_non_restored_state)

    def why(self, error: Exception, began: float) -> str:
        """What went wrong, in the words of the service and of the application's log."""
        told = [f"{self.service.name}: {error}"]
        try:
            if isinstance(error, NotRunning) and (failure := self.service.last_failure("StartApplication")):
                told.append(failure)
            told += self.journal.last_errors(int((began - _UPDATE_SECONDS) * 1_000))
        except ClientError as unexplained:
            logger.warning("neither operations nor log could be read", extra={"reason": str(unexplained)})
            told.append(f"its log {self.journal.group} has more")
        return "; ".join(told)


def process(
    event: ResourceEvent, progress: Progress, deadline: Deadline, made: Clients, now: Callable[[], float] = time.time
) -> Answer | Progress:
    """What to tell CloudFormation about `event`, or how far it is where the deadline comes first. Never raises."""
    request: Request | None = None
    try:
        request = Request.read(event, made)
        while True:
            step = request.step(progress.asked)
            if step.done:
                return Answer("SUCCESS", f"{request.service.name} is {step.status}", {"Status": step.status})
            progress = Progress(progress.began, step.asked)
            if now() - progress.began > _MOST_SECONDS:
                raise TimeoutError(f"still {step.status} after {_MOST_SECONDS // 60} minutes")
            if not deadline.pause(_ATTEMPT, before=_CALL_SECONDS):
                return progress
    except Exception as error:  # whatever it is, CloudFormation has to hear of it, or the stack hangs for an hour
        logger.exception("application not where it is wanted")
        reason = request.why(error, progress.began) if request else f"{type(error).__name__}: {error}"
        return Answer("FAILED", reason, {})


def go_on(event: ResourceEvent, progress: Progress, function: str, made: Clients) -> Answer | None:
    """Has another invocation go on; what to tell CloudFormation where that fails."""
    try:
        payload = orjson.dumps({**event, "Progress": asdict(progress)})
        made.functions.invoke(FunctionName=function, InvocationType="Event", Payload=payload)
    except Exception as error:  # as above
        logger.exception("not gone on")
        return Answer(
            "FAILED", f"{event['ResourceProperties'].get('Application')}: its operation was not gone on with: {error}", {}
        )
    return None


def operate(
    event: ResourceEvent, context: LambdaContext, make: Callable[[], Clients], now: Callable[[], float] = time.time
) -> None:
    """One invocation."""
    outcome = process(event, Progress.of(event, now()), Deadline.of(context, reserve=_RESERVE_SECONDS), make(), now)
    answer = outcome if isinstance(outcome, Answer) else go_on(event, outcome, context.function_name, make())
    if answer:
        physical_id = event["ResourceProperties"].get("Application", "unnamed")
        custom_resource.send(event, physical_id, answer, Deadline.of(context, reserve=1.0))


@logger.inject_lambda_context
def handler(event: ResourceEvent, context: LambdaContext) -> None:
    """Entry point of the Lambda function."""
    operate(event, context, clients)


def _text(properties: dict[str, Any], name: str) -> str:
    try:
        return str(properties[name])
    except KeyError:
        raise ValueError(f"the custom resource has no property {name}") from None


def _flag(properties: dict[str, Any], name: str) -> bool:
    text = _text(properties, name).lower()
    if text not in ("true", "false"):
        raise ValueError(f"the custom resource's property {name} is {text!r}, neither true nor false")
    return text == "true"
