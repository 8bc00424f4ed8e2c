"""An invocation's own failure is told from the service's."""

from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from localrun.event_sources.function import NotInvoked, Outcome, invoke

OK = {"statusCode": 200, "executedVersion": "$LATEST", "functionError": None}


class Lambda:
    def __init__(self, answer: dict[str, Any] | Exception) -> None:
        self._answer = answer

    def invoke(self, **_: Any) -> dict[str, Any]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return {"StatusCode": 200, "ExecutedVersion": "$LATEST"} | self._answer


def outcome(answer: dict[str, Any] | Exception) -> Outcome:
    return invoke(lambda: Lambda(answer), "function", b"{}")


def test_what_the_function_returns_is_decoded() -> None:
    assert outcome({"Payload": io.BytesIO(b'{"a": 1}')}) == Outcome({"a": 1}, None, OK, 8)


def test_nothing_returned_is_none() -> None:
    assert outcome({"Payload": io.BytesIO(b"null")}).response is None
    assert outcome({"Payload": io.BytesIO(b"")}).response is None


def test_a_function_error_carries_its_words() -> None:
    found = outcome({"Payload": io.BytesIO(b'{"errorMessage": "boom"}'), "FunctionError": "Unhandled"})
    assert found.error == '{"errorMessage": "boom"}'
    assert found.context == OK | {"functionError": "Unhandled"}


@pytest.mark.parametrize(
    "failure",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "Rate Exceeded."}}, "Invoke"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_failure_of_the_service_means_the_function_did_not_run(failure: Exception) -> None:
    with pytest.raises(NotInvoked, match=type(failure).__name__):
        outcome(failure)
