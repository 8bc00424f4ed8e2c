"""What the operate function promises: an application runs as deployed, or CloudFormation hears why not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, cast

import orjson
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError

from common.custom_resource import Answer as Told
from common.custom_resource import ResourceEvent
from operate import handler as function
from operate.handler import Clients, Progress, process
from operate.journal import MOST_CHARACTERS, Journal
from tests.unit.functions.fakes import Clock, Context, Request, Server

NAME, GROUP = "weir-test-anomalies", "weir-test-anomalies-logs"
BEGAN = 1_795_420_800.0
PROPERTIES = {
    "Application": NAME,
    "Version": "1",
    "AllowNonRestoredState": "false",
    "SnapshotOnDelete": "true",
    "LogGroup": GROUP,
    "LogStream": "application",
}
Kind = Literal["Create", "Update", "Delete"]


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} by the test"}}, "Operation")


class Flink:
    """The service with one application, whose statuses are those of a script: one a look, the last one stays. A call that is
    allowed goes on in the script that follows it."""

    def __init__(self, *statuses: str, after: dict[str, list[str]] | None = None) -> None:
        self.statuses = list(statuses)
        self.after = after or {}
        self.calls: list[Any] = []
        self.rolled_back = False
        self.failures: dict[str, str | None] = {}
        """The words on the last operation of a name; None for one that succeeded."""
        self.refusals: dict[str, list[str]] = {}
        """Codes of the next calls of a name, one each."""

    def describe_application(self, *, ApplicationName: str) -> dict[str, Any]:
        assert ApplicationName == NAME
        self._refuse("describe")
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status == "GONE":
            raise refusal("ResourceNotFoundException")
        detail: dict[str, Any] = {"ApplicationStatus": status, "ApplicationVersionId": 7}
        return {"ApplicationDetail": detail | ({"ApplicationVersionRolledBackFrom": 6} if self.rolled_back else {})}

    def start_application(self, *, ApplicationName: str, RunConfiguration: dict[str, Any]) -> dict[str, Any]:
        self._refuse("start")
        self._call("start", RunConfiguration)
        return {"OperationId": "1"}

    def stop_application(self, *, ApplicationName: str, Force: bool) -> dict[str, Any]:
        self._refuse("stop")
        self._call("force" if Force else "stop")
        return {"OperationId": "2"}

    def list_application_operations(self, *, ApplicationName: str, Operation: str, Limit: int) -> dict[str, Any]:
        assert (ApplicationName, Limit) == (NAME, 1)
        self._refuse("operations")
        if Operation not in self.failures:
            return {"ApplicationOperationInfoList": []}
        status = "FAILED" if self.failures[Operation] else "SUCCESSFUL"
        return {"ApplicationOperationInfoList": [{"OperationId": Operation, "OperationStatus": status}]}

    def describe_application_operation(self, *, ApplicationName: str, OperationId: str) -> dict[str, Any]:
        told = {"ErrorInfo": {"ErrorString": self.failures[OperationId]}}
        return {"ApplicationOperationInfoDetails": {"OperationStatus": "FAILED", "OperationFailureDetails": told}}

    def _refuse(self, call: str) -> None:
        if self.refusals.get(call):
            raise refusal(self.refusals[call].pop(0))

    def _call(self, name: str, *details: Any) -> None:
        self.calls.append((name, *details) if details else name)
        if name in self.after:
            self.statuses = list(self.after[name])


class Logs:
    """CloudWatch Logs with the application's log: pages of messages."""

    def __init__(self, *pages: list[str]) -> None:
        self.pages = pages
        self.requests: list[dict[str, Any]] = []

    def filter_log_events(self, **request: Any) -> dict[str, Any]:
        self.requests.append(dict(request))
        number = int(request.get("nextToken", 0))
        page: dict[str, Any] = {"events": [{"message": message} for message in self.pages[number]] if self.pages else []}
        return page | ({"nextToken": str(number + 1)} if number + 1 < len(self.pages) else {})


class Functions:
    """Lambda, which takes what is handed on."""

    def __init__(self) -> None:
        self.invoked: list[dict[str, Any]] = []
        self.refuses = False

    def invoke(self, **request: Any) -> dict[str, Any]:
        if self.refuses:
            raise refusal("AccessDeniedException")
        self.invoked.append(request)
        return {"StatusCode": 202}


def clients(flink: Flink, logs: Logs | None = None, functions: Functions | None = None) -> Clients:
    return Clients(flink, logs or Logs(), cast(Any, functions or Functions()))


def event(kind: Kind, url: str = "unused", **properties: str) -> ResourceEvent:
    return {
        "RequestType": kind,
        "ResponseURL": f"{url}/answer?signature=abc",
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/weir-test-analytics/1",
        "RequestId": "request-1",
        "LogicalResourceId": "AnomaliesRunning",
        "ResourceProperties": {**PROPERTIES, **properties},
    }


Run = Callable[..., "Told | Progress"]


@pytest.fixture
def run(clock: Clock) -> Run:
    """Processes a request in time that passes only in pauses; `seconds` is what an invocation has."""
    start = clock.now

    def answer(
        kind: Kind,
        flink: Flink,
        *,
        seconds: float = 840,
        logs: Logs | None = None,
        progress: Progress | None = None,
        **properties: str,
    ) -> Told | Progress:
        made = clients(flink, logs)
        request = event(kind, **properties)
        return process(request, progress or Progress(BEGAN), clock.deadline(seconds), made, lambda: BEGAN + clock.now - start)

    return answer


RESTORED = {
    "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
    "FlinkRunConfiguration": {"AllowNonRestoredState": False},
}
SUCCEEDED = Told("SUCCESS", f"{NAME} is RUNNING", {"Status": "RUNNING"})


def test_a_created_application_is_started_from_its_last_snapshot_and_waited_for(run: Run) -> None:
    flink = Flink("READY", after={"start": ["STARTING", "STARTING", "RUNNING"]})
    assert run("Create", flink) == SUCCEEDED
    assert flink.calls == [("start", RESTORED)]


def test_state_may_be_let_go_where_the_environment_says_so(run: Run) -> None:
    flink = Flink("READY", after={"start": ["RUNNING"]})
    assert run("Create", flink, AllowNonRestoredState="true") == SUCCEEDED
    ((_, configuration),) = flink.calls
    assert configuration["FlinkRunConfiguration"] == {"AllowNonRestoredState": True}


@pytest.mark.parametrize("status", ["STARTING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"])
def test_an_update_waits_until_the_service_has_restarted_the_application(run: Run, status: str) -> None:
    flink = Flink(status, status, "RUNNING")
    assert run("Update", flink) == SUCCEEDED
    assert flink.calls == []


@pytest.mark.parametrize("status", ["STOPPING", "FORCE_STOPPING"])
def test_an_application_that_is_being_stopped_is_started_again(run: Run, status: str) -> None:
    flink = Flink(status, "READY", after={"start": ["STARTING", "RUNNING"]})
    assert run("Update", flink) == SUCCEEDED
    assert flink.calls == [("start", RESTORED)]


def test_one_that_runs_is_left_alone(run: Run) -> None:
    flink = Flink("RUNNING")
    assert run("Update", flink) == SUCCEEDED
    assert flink.calls == []


def test_a_repeated_request_goes_on_with_what_an_earlier_one_started(run: Run) -> None:
    flink = Flink("READY", "RUNNING")
    flink.refusals["start"] = ["ResourceInUseException"]
    assert run("Create", flink) == SUCCEEDED
    assert flink.calls == []


def test_a_start_that_ends_in_ready_fails_with_the_words_of_service_and_log(run: Run) -> None:
    flink = Flink("READY", after={"start": ["STARTING", "READY"]})
    flink.failures["StartApplication"] = "The application did not start: Job failed."
    trace = [
        "org.apache.flink.client.program.ProgramInvocationException: The main method caused an error",
        "\tat org.apache.flink.client.program.PackagedProgram.callMainMethod",
        "Caused by: weir.flink.streams.ConfigurationException: property group 'events' is missing",
    ]
    entry = {"messageType": "ERROR", "message": "Could not start\nat once", "throwableInformation": trace}
    answer = run("Create", flink, logs=Logs([orjson.dumps(entry).decode()]))
    assert answer == Told(
        "FAILED",
        f"{NAME}: it was started, and ended before it ran; The application did not start: Job failed.; Could not start "
        "Caused by: weir.flink.streams.ConfigurationException: property group 'events' is missing",
        {},
    )


def test_a_start_that_was_seen_by_an_earlier_look_only_fails_too(run: Run) -> None:
    answer = run("Create", Flink("STARTING", "READY"))
    assert answer == Told("FAILED", f"{NAME}: it was started, and ended before it ran", {})


def test_what_the_service_refuses_fails_the_deployment_with_its_words(run: Run) -> None:
    flink = Flink("READY")
    flink.refusals["start"] = ["InvalidApplicationConfigurationException"]
    answer = run("Create", flink)
    assert isinstance(answer, Told)
    assert answer.reason == (
        f"{NAME}: An error occurred (InvalidApplicationConfigurationException) when calling the Operation operation: "
        "InvalidApplicationConfigurationException by the test"
    )


def test_an_update_that_was_taken_back_fails_though_the_version_of_before_runs(run: Run) -> None:
    flink = Flink("ROLLING_BACK", "RUNNING")
    flink.rolled_back = True
    flink.failures["UpdateApplication"] = "Job did not become healthy"
    answer = run("Update", flink)
    assert answer == Told(
        "FAILED", f"{NAME}: its update was taken back, and the version of before runs: Job did not become healthy", {}
    )


def test_an_update_after_one_that_was_taken_back_succeeds(run: Run) -> None:
    flink = Flink("RUNNING")
    flink.rolled_back = True
    flink.failures["UpdateApplication"] = None
    assert run("Update", flink) == SUCCEEDED


@pytest.mark.parametrize(
    ("status", "reason"),
    [("ROLLED_BACK", "its update was taken back"), ("DELETING", "it is DELETING"), ("GONE", "it is GONE")],
)
def test_states_that_nothing_leads_out_of_fail(run: Run, status: str, reason: str) -> None:
    assert run("Update", Flink(status)) == Told("FAILED", f"{NAME}: {reason}", {})


def test_a_log_that_cannot_be_read_is_named(run: Run) -> None:
    flink = Flink("READY", after={"start": ["READY"]})
    flink.refusals["operations"] = ["AccessDeniedException"]
    answer = run("Create", flink)
    assert answer == Told("FAILED", f"{NAME}: it was started, and ended before it ran; its log {GROUP} has more", {})


def test_an_invocation_that_runs_out_of_time_says_how_far_it_is(run: Run, clock: Clock) -> None:
    flink = Flink("READY", after={"start": ["STARTING"]})
    assert run("Create", flink, seconds=60) == Progress(BEGAN, "start")
    assert sum(clock.pauses) <= 50


def test_one_that_never_runs_fails_before_cloudformation_gives_up(run: Run) -> None:
    progress = Progress(BEGAN - 55 * 60, "start")
    answer = run("Create", Flink("STARTING"), progress=progress)
    assert answer == Told("FAILED", f"{NAME}: still STARTING after 55 minutes", {})


def test_a_deleted_application_is_stopped_with_a_snapshot(run: Run) -> None:
    flink = Flink("RUNNING", after={"stop": ["STOPPING", "READY"]})
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == ["stop"]


def test_without_a_snapshot_it_is_stopped_at_once(run: Run) -> None:
    flink = Flink("RUNNING", after={"force": ["FORCE_STOPPING", "READY"]})
    assert run("Delete", flink, SnapshotOnDelete="false") == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == ["force"]


def test_one_that_runs_again_because_no_snapshot_could_be_taken_is_stopped_at_once(run: Run) -> None:
    flink = Flink("RUNNING", after={"stop": ["STOPPING", "RUNNING"], "force": ["FORCE_STOPPING", "READY"]})
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == ["stop", "force"]


@pytest.mark.parametrize("status", ["STARTING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK", "ROLLED_BACK"])
def test_states_without_a_snapshot_to_be_had_are_ended_by_force(run: Run, status: str) -> None:
    flink = Flink(status, after={"force": ["FORCE_STOPPING", "READY"]})
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == ["force"]


@pytest.mark.parametrize("status", ["STOPPING", "FORCE_STOPPING"])
def test_one_that_is_being_stopped_is_waited_for(run: Run, status: str) -> None:
    flink = Flink(status, status, "READY")
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == []


@pytest.mark.parametrize("status", ["READY", "DELETING", "GONE"])
def test_one_that_does_not_run_is_deleted_without_further_ado(run: Run, status: str) -> None:
    flink = Flink(status)
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is {status}", {"Status": status})
    assert flink.calls == []


def test_a_stop_that_comes_too_late_or_too_early_is_tried_again(run: Run) -> None:
    flink = Flink("RUNNING", after={"stop": ["READY"]})
    flink.refusals["stop"] = ["ConcurrentModificationException", "ResourceInUseException"]
    assert run("Delete", flink) == Told("SUCCESS", f"{NAME} is READY", {"Status": "READY"})
    assert flink.calls == ["stop"]


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        (
            {"AllowNonRestoredState": "maybe"},
            "the custom resource's property AllowNonRestoredState is 'maybe', neither true nor false",
        ),
        ({"Application": None}, "the custom resource has no property Application"),
    ],
)
def test_an_impossible_property_is_named(clock: Clock, properties: dict[str, Any], reason: str) -> None:
    request = event("Create")
    request["ResourceProperties"] = {key: value for key, value in (PROPERTIES | properties).items() if value is not None}
    answer = process(request, Progress(BEGAN), clock.deadline(60), clients(Flink("READY")))
    assert answer == Told("FAILED", f"ValueError: {reason}", {})


class TestTheLog:
    def test_errors_since_the_update_began_are_read_to_the_last_page(self) -> None:
        logs = Logs(['{"message": "first"}'], ['{"message": "second"}', "third, of no form"])
        assert Journal(logs, GROUP, "application").last_errors(1_000) == ["second", "third, of no form"]
        first, second = logs.requests
        assert first == {
            "logGroupName": GROUP,
            "logStreamNames": ["application"],
            "startTime": 1_000,
            "filterPattern": '{ $.messageType = "ERROR" }',
        }
        assert second == first | {"nextToken": "1"}

    def test_an_error_is_cut(self) -> None:
        (told,) = Journal(Logs([orjson.dumps({"message": "x" * 5_000}).decode()]), GROUP, "application").last_errors(0)
        assert told == "x" * MOST_CHARACTERS

    @pytest.mark.parametrize(
        ("message", "told"),
        [
            ("aws.credentials.provider.basic.secretkey=wJalr/x refused", "aws.credentials.provider.basic.secretkey=*** refused"),
            ('login with "password": "hunter2", again', 'login with "password": ***", again'),
            ("the key AKIAIOSFODNN7EXAMPLE is unknown", "the key *** is unknown"),
        ],
    )
    def test_credentials_are_left_out(self, message: str, told: str) -> None:
        entry = orjson.dumps({"message": message}).decode()
        assert Journal(Logs([entry]), GROUP, "application").last_errors(0) == [told]


class TestAnInvocation:
    """The handler, between CloudFormation and the next invocation."""

    @pytest.fixture
    def waiting(self) -> Iterator[Server]:
        def answer(request: Request) -> tuple[int, Any]:
            return 200, b""

        with Server(answer) as server:
            yield server

    def invoke(self, request: ResourceEvent, made: Clients, *, remaining_ms: int = 60_000) -> None:
        context = cast(LambdaContext, Context(remaining_ms=remaining_ms))
        function.operate(request, context, lambda: made, lambda: BEGAN)

    def test_cloudformation_is_told_under_the_name_of_the_application(self, waiting: Server) -> None:
        self.invoke(event("Update", waiting.url), clients(Flink("RUNNING")))
        (request,) = waiting.requests
        told = request.json()
        assert (told["Status"], told["PhysicalResourceId"], told["Data"]) == ("SUCCESS", NAME, {"Status": "RUNNING"})
        assert told["RequestId"] == "request-1"

    def test_another_invocation_goes_on_with_the_same_request(self, waiting: Server) -> None:
        functions = Functions()
        request = event("Create", waiting.url)
        # No time is left to look a second time.
        flink = Flink("READY", after={"start": ["RUNNING"]})
        self.invoke(request, clients(flink, functions=functions), remaining_ms=31_000)
        assert waiting.requests == []
        (invoked,) = functions.invoked
        assert (invoked["FunctionName"], invoked["InvocationType"]) == ("weir-test", "Event")
        handed_on = orjson.loads(invoked["Payload"])
        assert handed_on == {**request, "Progress": {"began": BEGAN, "asked": "start"}}
        self.invoke(handed_on, clients(flink))
        assert [told.json()["Status"] for told in waiting.requests] == ["SUCCESS"]
        assert flink.calls == [("start", RESTORED)]

    def test_one_that_cannot_go_on_says_so(self, waiting: Server) -> None:
        functions = Functions()
        functions.refuses = True
        made = clients(Flink("STARTING"), functions=functions)
        self.invoke(event("Create", waiting.url), made, remaining_ms=31_000)
        (told,) = waiting.requests
        assert told.json()["Status"] == "FAILED"
        assert told.json()["Reason"].startswith(f"{NAME}: its operation was not gone on with: An error occurred (AccessDenied")
