"""One deployed event source mapping."""

from __future__ import annotations

from collections.abc import Mapping as Description
from dataclasses import dataclass
from typing import Any, Literal

from localrun.event_sources.filtering import Filters, InvalidFilter

Position = Literal["TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"]

#: Lambda's own values for what a mapping does not say (Lambda developer guide, "Lambda parameters for Amazon Kinesis Data
#: Streams event source mappings"). -1 is without limit.
DEFAULT_BATCH_SIZE = 100
UNLIMITED = -1


@dataclass(frozen=True, slots=True)
class Mapping:
    """What an event source mapping says; ages and windows in seconds."""

    uuid: str
    function_arn: str
    role_arn: str
    """Execution role of the function: it reads the stream and writes to the failure destination."""
    stream_arn: str
    enabled: bool
    batch_size: int
    window_seconds: float
    parallelization_factor: int
    starting_position: Position
    starting_timestamp: float | None
    partial_responses: bool
    """The function reports the records of a batch that failed (ReportBatchItemFailures)."""
    bisect: bool
    max_retries: int
    max_age_seconds: int
    destination_arn: str | None
    filters: tuple[str, ...] = ()
    """Patterns of the filter criteria."""

    @property
    def function_name(self) -> str:
        return self.function_arn.split(":")[6]

    @property
    def stream_name(self) -> str:
        return self.stream_arn.split("/", 1)[1]

    @property
    def region(self) -> str:
        return self.stream_arn.split(":")[3]

    @classmethod
    def from_api(cls, description: Description[str, Any], role_arn: str) -> Mapping:
        """Of one item of Lambda's ListEventSourceMappings, and the role its function's configuration names."""
        starting_timestamp = description.get("StartingPositionTimestamp")
        destination = (description.get("DestinationConfig") or {}).get("OnFailure") or {}
        return cls(
            uuid=description["UUID"],
            function_arn=description["FunctionArn"],
            role_arn=role_arn,
            stream_arn=description["EventSourceArn"],
            enabled=description.get("State", "Enabled") in ("Enabled", "Creating", "Enabling", "Updating"),
            batch_size=int(description.get("BatchSize") or DEFAULT_BATCH_SIZE),
            window_seconds=float(description.get("MaximumBatchingWindowInSeconds") or 0),
            parallelization_factor=int(description.get("ParallelizationFactor") or 1),
            starting_position=description.get("StartingPosition", "LATEST"),
            starting_timestamp=starting_timestamp.timestamp() if starting_timestamp else None,
            partial_responses="ReportBatchItemFailures" in (description.get("FunctionResponseTypes") or ()),
            bisect=bool(description.get("BisectBatchOnFunctionError")),
            max_retries=int(description.get("MaximumRetryAttempts", UNLIMITED)),
            max_age_seconds=int(description.get("MaximumRecordAgeInSeconds", UNLIMITED)),
            destination_arn=destination.get("Destination") or None,
            filters=patterns(description),
        )


def patterns(description: Description[str, Any]) -> tuple[str, ...]:
    """The patterns of a mapping's filter criteria."""
    return tuple(found.get("Pattern", "") for found in (description.get("FilterCriteria") or {}).get("Filters") or ())


def refusal(description: Description[str, Any]) -> str | None:
    """Why this run cannot serve a mapping as Lambda would, or None."""
    mapping, source = f"event source mapping {description['UUID']}", description["EventSourceArn"]
    destination = ((description.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination") or ""
    if description.get("TumblingWindowInSeconds"):
        return f"{mapping}: tumbling windows are not run locally; remove TumblingWindowInSeconds in this environment"
    if "/consumer/" in source:
        return f"{mapping}: enhanced fan-out is not run locally; map the stream itself instead of {source}"
    if destination and destination.split(":")[2:3] not in (["s3"], ["sqs"], ["sns"]):
        return f"{mapping}: failure destination {destination} is not run locally; use a bucket, a queue or a topic"
    try:
        Filters(patterns(description))
    except InvalidFilter as error:
        return f"{mapping}: filter criteria: {error}"
    return None
