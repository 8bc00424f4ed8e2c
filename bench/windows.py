"""From the end of a window to its metric in the index, on the running pipeline.

A metric's `event.ingested` is the end of its window, so the meter of arrivals measures it as it does what arrives on `raw`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from pydantic import BaseModel, ConfigDict

from localrun import demo as traffic
from localrun.demo.plan import Plan
from localrun.demo.report import Latency
from localrun.errors import LocalRunError
from localrun.flink.reading import read_applications, wrong
from localrun.latency import ANSWER_PATHS, LatencyMeter, UnusableAnswer, histogram, read_histogram
from localrun.paths import run_dir
from localrun.search import Search
from localrun.state import State

METRICS = "logs-weir.metric-*"
_MEASURE = f"/{METRICS}/_search?filter_path={','.join(ANSWER_PATHS)}"
#: A metric that is searchable later than this after its window's end is not measured.
_LONGEST_SECONDS = 60.0
_WATCH_SECONDS = 0.25
#: Planning SQL takes half a minute on two cores that start everything else beside.
_START_SECONDS = 180.0


class WindowsReport(BaseModel):
    """Of the windows that ended while events were sent."""

    model_config = ConfigDict(frozen=True)

    metrics: int
    """How many were measured."""
    events_per_second: float
    """What was sent meanwhile."""
    seconds: Latency
    """From the end of the window to the first time a search finds the metric."""


def run(state: State, plan: Plan, *, report: Callable[[str], None], check: Callable[[], None]) -> WindowsReport:
    """Send `plan` once all applications run. Raises LocalRunError where they do not, or an event is lost meanwhile."""
    report("waiting for the Flink applications")
    _until_running(check)
    done = threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="windows") as pool:
        watching = pool.submit(_watch, state, done)
        try:
            sent = traffic.run(state, plan, report=report, check=check)
        finally:
            done.set()
        meter = watching.result()
    if not sent.ok:
        raise LocalRunError(f"{sent.lost:,} of {sent.sent:,} events were lost, and {sent.duplicated:,} are there twice")
    p50, p99 = meter.percentile(0.5), meter.percentile(0.99)
    if p50 is None or p99 is None:
        raise LocalRunError("no metric was found in the index; see `flink` in the logs of this run")
    return WindowsReport(
        metrics=meter.documents(), events_per_second=sent.rate, seconds=Latency(p50=round(p50, 3), p99=round(p99, 3))
    )


def _until_running(check: Callable[[], None]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        check()
        applications = read_applications(run_dir() / "flink")
        if applications and all(facts["state"] == "running" for facts in applications.values()):
            return
        if time.monotonic() > deadline:
            told = "; ".join(f"{name} is {facts['state']} {wrong(facts)}" for name, facts in applications.items())
            raise LocalRunError(f"not all applications run after {_START_SECONDS:.0f} s: {told or 'there are none'}")
        time.sleep(_WATCH_SECONDS)


def _watch(state: State, done: threading.Event) -> LatencyMeter:
    meter = LatencyMeter()
    with closing(Search(state.endpoints.opensearch)) as search:
        while not done.wait(_WATCH_SECONDS):
            answer = search.ask("POST", _MEASURE, histogram(time.time() - _LONGEST_SECONDS))
            try:
                meter.observe(time.time(), read_histogram(answer))
            except UnusableAnswer:
                continue  # an index is being made
    return meter
