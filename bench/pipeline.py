"""The whole pipeline under load: the demonstration's traffic and its account, beside the yardsticks of the same run."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict

from bench import yardsticks
from localrun import demo as traffic
from localrun.demo.plan import Plan
from localrun.demo.report import Report
from localrun.state import State

SEED = 2
#: What runs on Java compiles what its traffic makes hot: half a minute after the first of it, a third of the node's CPU was still
#: its compiler's, and after 400,000 events an eighth.
WARM_UP = Plan(seconds=75, rate=7_000)


class Yardsticks(BaseModel):
    """Events a second, each alone on the idle pipeline."""

    model_config = ConfigDict(frozen=True)

    put: float
    """Put on a stream nobody reads, by one producer."""
    bulk: float
    """Indexed by bulk requests, by one client."""


class PipelineReport(Report):
    """`weir bench pipeline --json` writes exactly this."""

    yardsticks: Yardsticks
    throughput: float
    """Events a second from the first one sent until the last had arrived."""
    share_of_yardstick: float
    """The throughput, of what the slower end does alone."""


def run(state: State, plan: Plan, *, report: Callable[[str], None], check: Callable[[], None]) -> PipelineReport:
    """Warm up, measure the yardsticks, then the pipeline. Raises LocalRunError."""
    report("warming up")
    traffic.run(state, WARM_UP, report=report, check=check)
    records = yardsticks.samples(SEED)
    report("measuring what a producer and the index do alone")
    alone = Yardsticks(put=round(yardsticks.put_rate(state, records), 1), bulk=round(yardsticks.bulk_rate(state, records), 1))
    report(f"alone: {alone.put:,.0f} events a second put, {alone.bulk:,.0f} indexed")
    yardsticks.merge(state)
    found = traffic.run(state, plan, report=report, check=check)
    throughput = (found.indexed + found.errors) / found.arrived_seconds
    return PipelineReport(
        **found.model_dump(),
        yardsticks=alone,
        throughput=round(throughput, 1),
        share_of_yardstick=round(throughput / min(alone.put, alone.bulk), 3),
    )
