"""Bringing an application to where its deployment wants it: running, or stopped.

Statuses and what they allow: Managed Service for Apache Flink API reference, "ApplicationDetail", "StartApplication" and
"StopApplication". An update of CloudFormation's restarts a running application by itself, from a snapshot, and takes back what
does not run; what is left to do is to wait, and to tell how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from operate.service import Service, State

#: The application is busy and comes out of it by itself.
_BUSY = frozenset(("STARTING", "STOPPING", "FORCE_STOPPING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK"))
#: Busy states that only a forced stop ends: no snapshot can be taken in them.
_ONLY_BY_FORCE = frozenset(("STARTING", "UPDATING", "AUTOSCALING", "MAINTENANCE", "ROLLING_BACK", "ROLLED_BACK"))
#: States that mean it does not run, and nothing is left to stop.
_STOPPED = frozenset(("READY", "DELETING", "GONE"))

#: What was asked of the application so far: nothing, to start, to stop, to stop at once.
Asked = Literal["", "start", "stop", "force"]


class NotRunning(Exception):
    """The application does not run as it was deployed, and will not by itself; says why as far as its status tells."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far an operation is: `done`, or to be looked at again."""

    done: bool
    asked: Asked
    status: str


def bring_up(service: Service, asked: Asked, *, allow_non_restored_state: bool) -> Step:
    """Starts the application if it waits to be started. Done when it runs.

    Raises NotRunning, and botocore's ClientError for what the service refuses.
    """
    state = service.state()
    match state.status:
        case "RUNNING":
            _check_not_rolled_back(service, state)
            return Step(True, asked, state.status)
        case "READY" if asked == "start":
            raise NotRunning("it was started, and ended before it ran")
        case "READY":
            started = service.start(allow_non_restored_state=allow_non_restored_state)
            return Step(False, "start" if started else asked, state.status)
        case "STARTING":
            # Also where an earlier attempt at this request started it, of which nothing else is known.
            return Step(False, "start", state.status)
        case status if status in _BUSY:
            return Step(False, asked, status)
        case "ROLLED_BACK":
            raise NotRunning("its update was taken back")
        case status:
            raise NotRunning(f"it is {status}")


def take_down(service: Service, asked: Asked, *, snapshot: bool) -> Step:
    """Stops the application, after a snapshot where one is wanted and can be taken. Done when it is stopped or gone."""
    state = service.state()
    if state.status in _STOPPED:
        return Step(True, asked, state.status)
    wanted = _way_to_stop(state.status, asked, snapshot=snapshot)
    if wanted == asked or not wanted:
        return Step(False, asked, state.status)
    return Step(False, wanted if service.stop(force=wanted == "force") else asked, state.status)


def _way_to_stop(status: str, asked: Asked, *, snapshot: bool) -> Asked:
    if status == "FORCE_STOPPING" or asked == "force":
        return asked
    if status == "RUNNING":
        # Running again after a stop: the snapshot could not be taken.
        return "stop" if snapshot and asked != "stop" else "force"
    if status in _ONLY_BY_FORCE:
        return "force"
    return asked


def _check_not_rolled_back(service: Service, state: State) -> None:
    failure = service.last_failure("UpdateApplication") if state.rolled_back else None
    if failure:
        raise NotRunning(f"its update was taken back, and the version of before runs: {failure}")
