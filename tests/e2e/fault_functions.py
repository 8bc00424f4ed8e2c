"""Functions that fail on demand: `fault_handler` before the deployed handler, and a fault proxy for a domain."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from tests.e2e.fault_run import Run
from tests.e2e.index import wait_for

#: What a route function waits for the domain before it gives its batch back: short, so that faults outlast it. 7 s of it are
#: kept for the errors stream.
ROUTE_TIMEOUT_SECONDS = 11


@contextlib.contextmanager
def faulty_functions(run: Run) -> Iterator[None]:
    """The functions that read streams, with the handler that fails on demand before their own and the proxy for a domain."""
    lambda_ = run.session.client("lambda")
    layer = BytesIO()
    with zipfile.ZipFile(layer, "w") as archive:
        archive.write(Path(__file__).with_name("fault_handler.py"), "python/fault_handler.py")
    version = lambda_.publish_layer_version(LayerName="faults", Content={"ZipFile": layer.getvalue()})["LayerVersionArn"]
    with contextlib.ExitStack() as restoring:
        for name in (run.normalise, run.route):
            before = lambda_.get_function_configuration(FunctionName=name)
            own: dict[str, Any] = {
                "Handler": before["Handler"],
                "Layers": [found["Arn"] for found in before["Layers"]],
                "Environment": {"Variables": before["Environment"]["Variables"]},
                "Timeout": before["Timeout"],
            }
            added = {
                "FAULT_HANDLER": own["Handler"],
                "FAULT_FILE": str(fault_file(run, name)),
                "AWS_ENDPOINT_URL_OPENSEARCH": run.proxy.endpoint,
            }
            faulty = {
                "Handler": "fault_handler.handler",
                "Layers": [*own["Layers"], version],
                "Environment": {"Variables": own["Environment"]["Variables"] | added},
                "Timeout": ROUTE_TIMEOUT_SECONDS if name == run.route else own["Timeout"],
            }
            restoring.callback(configure, run, name, **own)
            configure(run, name, **faulty)
        yield


@contextlib.contextmanager
def timeout(run: Run, function: str, seconds: int) -> Iterator[None]:
    """A function with another timeout."""
    before = run.session.client("lambda").get_function_configuration(FunctionName=function)["Timeout"]
    configure(run, function, Timeout=seconds)
    try:
        yield
    finally:
        configure(run, function, Timeout=before)


def configure(run: Run, function: str, **configuration: Any) -> None:
    """Change a function's configuration, and wait until it is in force."""
    lambda_ = run.session.client("lambda")
    lambda_.update_function_configuration(FunctionName=function, **configuration)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 30})


def fault_file(run: Run, function: str) -> Path:
    return run.directory / f"{function}.fault"


@contextlib.contextmanager
def function_fault(run: Run, function: str, kind: str, marker: str = "") -> Iterator[Path]:
    """A function that fails as `fault_handler` says; it has to have failed once at least when this ends.

    Gives the file that exists from then on.
    """
    file = fault_file(run, function)
    count = file.with_suffix(".count")
    count.unlink(missing_ok=True)
    scratch = file.with_suffix(".new")
    scratch.write_text(json.dumps({"kind": kind, "marker": marker}))
    scratch.rename(file)
    try:
        yield count
        wait_for(count.exists, bool)
    finally:
        file.unlink()
