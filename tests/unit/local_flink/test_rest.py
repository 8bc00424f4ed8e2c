"""What is asked of the cluster, and what its answers mean."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from localrun.flink.rest import NoSuchJob, Refused, Rest, Submission, root_cause

TRACE = """\
org.apache.flink.util.FlinkRuntimeException: Could not execute application.
	at org.apache.flink.client.Deployment.run(Deployment.java:1)
Caused by: org.apache.flink.client.program.ProgramInvocationException: The main method caused an error
	... 7 more
Caused by: weir.flink.streams.ConfigurationException: property group 'events': key 'stream.arn' is missing
	at weir.flink.streams.PropertyGroup.text(PropertyGroup.java:30)
"""


class Recorder:
    """Answers every request alike, and keeps it."""

    def __init__(self, status: int, answer: Any) -> None:
        self._answer = (status, json.dumps(answer).encode())
        self.requests: list[tuple[str, str, bytes]] = []

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        self.requests.append((method, path, body))
        return self._answer


def rest(status: int, answer: Any) -> tuple[Rest, Recorder]:
    found, recorder = Rest("http://127.0.0.1:1"), Recorder(status, answer)
    found._server = recorder  # type: ignore[assignment]
    return found, recorder


def test_the_innermost_cause_is_told() -> None:
    assert root_cause(TRACE) == "weir.flink.streams.ConfigurationException: property group 'events': key 'stream.arn' is missing"


def test_without_a_cause_the_first_line_that_says_something_is() -> None:
    lines = ("Internal server error.", "<Exception on server side:", "java.lang.IllegalStateException: no", "\tat A.b")
    wrapped = "\n".join((*lines, "End of exception on server side>"))
    assert root_cause(wrapped) == "java.lang.IllegalStateException: no"


def test_a_jar_is_handed_over_under_its_name(tmp_path: Path) -> None:
    jar = tmp_path / "a.jar"
    jar.write_bytes(b"\0jar")
    found, recorder = rest(200, {"filename": "/uploads/7_a.jar", "status": "success"})
    assert found.upload(jar) == "7_a.jar"
    ((method, path, body),) = recorder.requests
    assert (method, path) == ("POST", "/v1/jars/upload")
    boundary = body.partition(b"\r\n")[0]
    assert body.endswith(b"\r\n\r\n\0jar\r\n" + boundary + b"--\r\n")
    assert b'filename="a.jar"' in body


@pytest.mark.parametrize("restore_from", [None, "file:/savepoint"])
def test_a_job_is_run_with_all_it_is_submitted_with(restore_from: str | None) -> None:
    found, recorder = rest(200, {"jobid": "1"})
    found.run("7_a.jar", Submission("1", ("--properties", "a b.json"), 3, restore_from, True, {"pipeline.name": "x"}))
    ((method, path, body),) = recorder.requests
    assert (method, path) == ("POST", "/v1/jars/7_a.jar/run")
    wanted = {
        "jobId": "1",
        "programArgsList": ["--properties", "a b.json"],
        "parallelism": 3,
        "allowNonRestoredState": True,
        "flinkConfiguration": {"pipeline.name": "x"},
    }
    assert json.loads(body) == wanted | ({"savepointPath": restore_from} if restore_from else {})


@pytest.mark.parametrize("status", [404, 500])
def test_a_job_the_cluster_does_not_know_is_no_refusal(status: int) -> None:
    trace = "org.apache.flink.runtime.messages.FlinkJobNotFoundException: Could not find Flink job (1)\n\tat A.b"
    found, _ = rest(status, {"errors": ["Internal server error.", f"<Exception on server side:\n{trace}"]})
    with pytest.raises(NoSuchJob, match=r"Could not find Flink job \(1\)"):
        found.state("1")


def test_a_refusal_says_why() -> None:
    found, _ = rest(400, {"errors": ["Internal server error.", TRACE]})
    with pytest.raises(Refused, match=r"^weir\.flink\.streams\.ConfigurationException: property group 'events'"):
        found.savepoint("1")


@pytest.mark.parametrize(
    ("answer", "saved"),
    [
        ({"status": {"id": "IN_PROGRESS"}, "operation": None}, None),
        ({"status": {"id": "COMPLETED"}, "operation": {"location": "file:/s"}}, "file:/s"),
    ],
)
def test_a_savepoint_is_there_when_it_is_made(answer: Any, saved: str | None) -> None:
    assert rest(200, answer)[0].saved("1", "request") == saved


def test_a_savepoint_that_failed_says_why() -> None:
    failed = {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": {"class": "x", "stack-trace": TRACE}}}
    with pytest.raises(Refused, match="ConfigurationException"):
        rest(200, failed)[0].saved("1", "request")
