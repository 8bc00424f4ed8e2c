"""What is asked of the cluster: Apache Flink documentation, "REST API"."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localrun.delivery.http import Server

#: Planning SQL in the JobManager takes seconds, and on a busy machine many.
SUBMIT_SECONDS = 180.0
#: States a job does not leave (Flink's `JobStatus`).
ENDED = frozenset(("FAILED", "CANCELED", "FINISHED"))
#: Lines of an answer or a stack trace that say nothing of the cause.
_WRAPPING = ("at ", "...", "Internal server error", "<Exception on server side", "End of exception on server side")


class Refused(Exception):
    """The cluster did not do what it was asked; the innermost cause in its words."""


class NoSuchJob(Exception):
    """The cluster knows no job of this id: it has been started anew since, or the job was never accepted."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A job to be run."""

    job_id: str
    """32 hexadecimal digits."""
    arguments: Sequence[str]
    parallelism: int
    restore_from: str | None
    """Path of a savepoint or checkpoint."""
    allow_non_restored_state: bool
    configuration: Mapping[str, str]
    """Flink's options for this job alone."""


class Rest:
    """One cluster. Not for use by several threads at once. Calls raise Unreachable (`localrun.delivery.http`) and Refused."""

    def __init__(self, endpoint: str) -> None:
        self._server = Server(endpoint, SUBMIT_SECONDS)

    def upload(self, jar: Path) -> str:
        """Hand a jar over; returns the id it is run by."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="jarfile"; filename="{jar.name}"\r\n'
            "Content-Type: application/java-archive\r\n\r\n"
        )
        body = head.encode() + jar.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        status, answer = self._server.request("POST", "/v1/jars/upload", body, f"multipart/form-data; boundary={boundary}")
        return Path(_read(status, answer)["filename"]).name

    def run(self, jar: str, submission: Submission) -> None:
        """Run the main method of a jar, as `upload` named it, and the job it makes."""
        body = {
            "jobId": submission.job_id,
            "programArgsList": list(submission.arguments),
            "parallelism": submission.parallelism,
            "allowNonRestoredState": submission.allow_non_restored_state,
            "flinkConfiguration": dict(submission.configuration),
        }
        if submission.restore_from:
            body["savepointPath"] = submission.restore_from
        self._ask("POST", f"/v1/jars/{jar}/run", body)

    def delete_jar(self, jar: str) -> None:
        self._ask("DELETE", f"/v1/jars/{jar}")

    def job(self, job_id: str) -> dict[str, Any]:
        """State, vertices and their figures. Raises NoSuchJob."""
        found: dict[str, Any] = self._ask("GET", f"/v1/jobs/{job_id}")
        return found

    def state(self, job_id: str) -> str:
        """Flink's `JobStatus`. Raises NoSuchJob."""
        return str(self._ask("GET", f"/v1/jobs/{job_id}/status")["status"])

    def failures(self, job_id: str) -> list[dict[str, Any]]:
        """What went wrong in the job, the latest first: timestamp (epoch, milliseconds) and stacktrace. Raises NoSuchJob."""
        history = self._ask("GET", f"/v1/jobs/{job_id}/exceptions?maxExceptions=3")["exceptionHistory"]
        entries: list[dict[str, Any]] = history["entries"]
        return entries

    def metrics(self, job_id: str, vertex: str, names: Sequence[str] = ()) -> list[dict[str, Any]]:
        """Figures of a vertex, its subtasks added up: the ids there are, or, with `names`, the values of these."""
        query = f"?agg=sum&get={','.join(names)}" if names else ""
        found: list[dict[str, Any]] = self._ask("GET", f"/v1/jobs/{job_id}/vertices/{vertex}/subtasks/metrics{query}")
        return found

    def checkpoints(self, job_id: str) -> dict[str, Any]:
        """Counts, and the latest of each kind. Raises NoSuchJob."""
        found: dict[str, Any] = self._ask("GET", f"/v1/jobs/{job_id}/checkpoints")
        return found

    def savepoint(self, job_id: str) -> str:
        """Have a savepoint made; returns what `saved` is asked about. Raises NoSuchJob."""
        return str(self._ask("POST", f"/v1/jobs/{job_id}/savepoints", {})["request-id"])

    def stop(self, job_id: str) -> str:
        """Have a job stop with a savepoint; returns what `saved` is asked about. Raises NoSuchJob."""
        return str(self._ask("POST", f"/v1/jobs/{job_id}/stop", {"drain": False})["request-id"])

    def saved(self, job_id: str, request: str) -> str | None:
        """The path of the savepoint, None while it is being made. Raises Refused if there will be none."""
        answer = self._ask("GET", f"/v1/jobs/{job_id}/savepoints/{request}")
        if answer["status"]["id"] != "COMPLETED":
            return None
        operation = answer["operation"]
        if "location" not in operation:
            raise Refused(root_cause(operation.get("failure-cause", {}).get("stack-trace", "no savepoint was made")))
        return str(operation["location"])

    def cancel(self, job_id: str) -> None:
        """Have a job end without a savepoint. Raises NoSuchJob."""
        self._ask("PATCH", f"/v1/jobs/{job_id}?mode=cancel")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        status, answer = self._server.request(method, path, b"" if body is None else json.dumps(body).encode())
        return _read(status, answer)


def _read(status: int, answer: bytes) -> Any:
    if status < 300:
        return json.loads(answer or b"{}")
    try:
        text = "\n".join(json.loads(answer)["errors"])
    except (ValueError, KeyError):
        text = answer.decode(errors="replace")
    if "FlinkJobNotFoundException" in text or (status == 404 and "Job" in text):
        raise NoSuchJob(root_cause(text))
    raise Refused(root_cause(text) or f"status {status}")


def root_cause(trace: str) -> str:
    """The innermost cause of a Java stack trace, on one line: what it starts with where nothing caused it."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    said = [line for line in lines if not line.startswith(_WRAPPING)]
    return (causes or said or [""])[-1 if causes else 0][:1_000]
