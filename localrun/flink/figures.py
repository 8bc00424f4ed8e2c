"""What a job does, for `weir status` and the console: its state, its figures, and what failed in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Part
from localrun.flink.rest import Rest, root_cause

FIGURES_SECONDS = 5.0
#: Figures of operators, by the ends of their names: what Flink's windows and Weir's own operators drop or take as too late.
_LATE = ("numLateRecordsDropped", "lateRecordsDropped", "lateActivities")
_STARTING = frozenset(("CREATED", "SCHEDULED", "DEPLOYING", "INITIALIZING"))


class Figures:
    """Of one application, whichever its job is."""

    def __init__(self, rest: Rest, part: Part, clock: Clock) -> None:
        self._rest = rest
        self._part = part
        self._clock = clock
        self._due = 0.0
        self._told = 0

    def read(self, job_id: str) -> None:
        """Raises Unreachable, Refused and NoSuchJob."""
        job = self._rest.job(job_id)
        state = _state(job)
        self._part.fact(job=job_id, state=state)
        self._tell_failures(job_id, state)
        if self._clock.now() >= self._due:
            self._due = self._clock.now() + FIGURES_SECONDS
            self._part.fact(**self._figures(job))

    def _tell_failures(self, job_id: str, state: str) -> None:
        now = self._clock.now()
        failures = self._rest.failures(job_id)
        last = failures[0] if failures else None
        cause = root_cause(last["stacktrace"]) if last else ""
        if state == "running":
            self._part.recovered("job")
        elif state != "starting":
            self._part.failed("job", f"{state}: {cause}", now)
        if last and last["timestamp"] > self._told:
            self._told = last["timestamp"]
            self._part.noted("job", cause, now)

    def _figures(self, job: dict[str, Any]) -> dict[str, Any]:
        totals: Counter[str] = Counter()
        for vertex in job["vertices"]:
            totals += self._vertex(job["jid"], vertex)
        checkpoints = self._rest.checkpoints(job["jid"])
        completed = checkpoints["latest"]["completed"]
        return {
            "records_in": totals["in"],
            "records_out": totals["out"],
            "late": totals["late"],
            "restarts": checkpoints["counts"]["restored"],
            "checkpoints": checkpoints["counts"]["completed"],
            "checkpoints_failed": checkpoints["counts"]["failed"],
            "state_bytes": completed["state_size"] if completed else 0,
        }

    def _vertex(self, job_id: str, vertex: dict[str, Any]) -> Counter[str]:
        """Records its sources gave, its sinks took, and its windows dropped."""
        kinds = {name: kind for found in self._rest.metrics(job_id, vertex["id"]) if (kind := _kind(name := found["id"]))}
        totals: Counter[str] = Counter()
        for figure in self._rest.metrics(job_id, vertex["id"], list(kinds)) if kinds else ():
            totals[kinds[figure["id"]]] += round(figure["sum"])
        return totals


def _kind(metric: str) -> str | None:
    """What a metric of an operator, `<operator>.<name>`, is counted as."""
    operator, _, name = metric.rpartition(".")
    if name in _LATE:
        return "late"
    if name == "numRecordsOut" and operator.startswith("Source"):
        return "in"
    if name == "numRecordsSend":
        return "out"
    return None


def _state(job: dict[str, Any]) -> str:
    """In words; a job counts as running when all its tasks do."""
    state: str = job["state"]
    if state == "RUNNING" and any(vertex["status"] in _STARTING for vertex in job["vertices"]):
        return "starting"
    return state.lower()
