"""One pipeline for all embedded tests; each test looks for what it sent itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localrun.state import State, running_state
from localrun.supervisor import Pipeline
from tests.e2e import athena as embedded

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples"


@pytest.fixture(scope="session")
def supervisor() -> Iterator[Pipeline]:
    """The whole pipeline, deployed and running."""
    with Pipeline(report=print) as running:
        running.start()
        yield running


@pytest.fixture(scope="session")
def pipeline(supervisor: Pipeline) -> State:
    """Where it answers, and what was deployed."""
    return running_state()


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real log files, which are not part of the project."""
    if not SAMPLES.is_dir():
        pytest.skip(f"no sample logs at {SAMPLES}")
    return SAMPLES


@pytest.fixture(scope="module")
def athena() -> Iterator[embedded.Athena]:
    """An Athena of its own, beside the pipeline."""
    with embedded.started() as found:
        yield found
