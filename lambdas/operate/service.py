"""One application, as Managed Service for Apache Flink sees it.

API: Managed Service for Apache Flink API reference (https://docs.aws.amazon.com/managed-flink/latest/apiv2/Welcome.html).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

#: Refusals that say no more than that the application has moved on in the meantime.
_MOVED_ON = frozenset(("ResourceInUseException", "ConcurrentModificationException"))
_NOT_THERE = "ResourceNotFoundException"


class FlinkClient(Protocol):
    """The part of the service's client that is used."""

    def describe_application(self, *, ApplicationName: str) -> dict[str, Any]: ...

    def start_application(self, *, ApplicationName: str, RunConfiguration: dict[str, Any]) -> dict[str, Any]: ...

    def stop_application(self, *, ApplicationName: str, Force: bool) -> dict[str, Any]: ...

    def list_application_operations(self, *, ApplicationName: str, Operation: str, Limit: int) -> dict[str, Any]: ...

    def describe_application_operation(self, *, ApplicationName: str, OperationId: str) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class State:
    """What an application does at a moment."""

    status: str
    """`ApplicationStatus` of the API; GONE where there is no such application."""
    rolled_back: bool = False
    """Whether its present version was come back to."""


GONE = State("GONE")


@dataclass(frozen=True, slots=True)
class Service:
    """The application `name`. Calls raise botocore's ClientError for what the service refuses for good."""

    client: FlinkClient
    name: str

    def state(self) -> State:
        try:
            detail = self.client.describe_application(ApplicationName=self.name)["ApplicationDetail"]
        except ClientError as error:
            if _code(error) == _NOT_THERE:
                return GONE
            raise
        return State(detail["ApplicationStatus"], "ApplicationVersionRolledBackFrom" in detail)

    def start(self, *, allow_non_restored_state: bool) -> bool:
        """Starts from the last snapshot, or without state where there is none. False where it was not READY any more."""
        try:
            self.client.start_application(
                ApplicationName=self.name,
                RunConfiguration={
                    "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
                    "FlinkRunConfiguration": {"AllowNonRestoredState": allow_non_restored_state},
                },
            )
        except ClientError as error:
            if _code(error) in _MOVED_ON:
                return False
            raise
        return True

    def stop(self, *, force: bool) -> bool:
        """Stops after a snapshot, or with `force` at once. False where it was not in a state to be stopped so."""
        try:
            self.client.stop_application(ApplicationName=self.name, Force=force)
        except ClientError as error:
            if _code(error) in (*_MOVED_ON, _NOT_THERE):
                return False
            raise
        return True

    def last_failure(self, operation: str) -> str | None:
        """The service's words on the last operation of this name (`StartApplication`), if that failed."""
        listed = self.client.list_application_operations(ApplicationName=self.name, Operation=operation, Limit=1)
        for each in listed["ApplicationOperationInfoList"]:
            if each["OperationStatus"] == "FAILED":
                asked = self.client.describe_application_operation(ApplicationName=self.name, OperationId=each["OperationId"])
                failure = asked["ApplicationOperationInfoDetails"].get("OperationFailureDetails", {})
                return str(failure.get("ErrorInfo", {}).get("ErrorString", f"{operation} failed"))
        return None


def _code(error: ClientError) -> str:
    return error.response["Error"]["Code"]
