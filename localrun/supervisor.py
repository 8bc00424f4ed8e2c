"""The embedded pipeline as a whole: set up, deploy, run the engines, and leave nothing behind.

    python -m localrun.supervisor [--environment NAME] [--console-port N]

runs a pipeline until it is asked to end (SIGTERM or SIGINT) or an engine ends. Standard output takes one JSON object a line:
`{"progress": text}` on the way, then `{"ready": true}` or `{"error": text}`; see `localrun.background`, which follows it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TypeVar

from config.loader import load_environment
from config.model import Environment
from flink import build
from localrun import deploy, embedded_aws, java, opensearch
from localrun.aws import program_environment, session
from localrun.emulator.limits import NOT_DONE
from localrun.errors import LocalRunError
from localrun.flink import cluster as flink_cluster
from localrun.flink import distribution as flink_distribution
from localrun.lookups import put_bundled
from localrun.paths import PROJECT, PYTHON_PATH, make_directory, run_dir
from localrun.processes import (
    LOCALHOST,
    YIELDING,
    ProcessGroups,
    describe_exit,
    free_ports,
    need_free_port,
    wait_until_answering,
)
from localrun.state import Endpoints, Engine, State, only_pipeline, state_file, write_state
from localrun.tools import Tools
from localrun.warm_up import warm_up_functions, warm_up_search

T = TypeVar("T")

CONSOLE_SECONDS = 30.0
CHECK_SECONDS = 1.0
#: Engines that go on where they ended: what they had done is on disk, in checkpoints, or asked for anew. The emulator is none of
#: them, since its streams end with it.
RESTARTED = frozenset(
    {"OpenSearch", "event sources", "delivery", "console", flink_cluster.JOB_MANAGER, flink_cluster.TASK_MANAGER, "flink"}
)
#: One that ends again this soon after it was started again has a fault that a further start does not cure.
TRIED_SECONDS = 30.0


class Pipeline:
    """A pipeline on this machine. Use as a context manager, or call `stop` whatever happened."""

    def __init__(
        self,
        environment: str = "local",
        *,
        report: Callable[[str], None],
        console_port: int | None = None,
        lasting: bool = False,
    ) -> None:
        """`report` takes one line of progress; it is called from one thread at a time, not always the same.

        A `lasting` pipeline is slower at first and then faster: see `opensearch.Node`.
        """
        self._environment = environment
        self._report = report
        self._reporting = threading.Lock()
        self._console_port = console_port
        self._lasting = lasting
        self._closing = contextlib.ExitStack()
        self._groups = ProcessGroups()
        self._state: State | None = None
        self._restarts: dict[str, float] = {}

    def __enter__(self) -> Pipeline:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> State:
        """Start everything and wait until it is ready; what was started is ended again if anything fails.

        Raises LocalRunError: what is missing, in the way, or refused, and what to do.
        """
        try:
            return self._start()
        except BaseException:
            self.stop()
            raise

    def check(self) -> None:
        """Start an engine that has ended again, where it can go on. Call this now and then.

        Raises LocalRunError, with the end of its log, when it cannot, or ends again at once.
        """
        for process in self._groups.running():
            if process.popen.poll() is None:
                continue
            now = time.monotonic()
            tried = now - self._restarts.get(process.name, -TRIED_SECONDS) < TRIED_SECONDS
            if self._state is None or process.name not in RESTARTED or tried:
                process.raise_if_ended()
                continue
            self._say(f"{process.name} ended ({describe_exit(process.popen.returncode)}); starting it again")
            self._groups.restart(process)
            self._restarts[process.name] = now
            self._publish(self._state)

    def _publish(self, state: State) -> State:
        """Keep the state of the running pipeline where other commands find it, with its engines of now."""
        engines = tuple(Engine(name=engine.name, pid=engine.pid, log=engine.log) for engine in self._groups.running())
        self._state = state.model_copy(update={"engines": engines})
        write_state(self._state)
        return self._state

    def stop(self) -> None:
        """End every process, and free the checkout for another pipeline. Does nothing the second time."""
        self._closing.close()

    def _start(self) -> State:
        self._closing.enter_context(only_pipeline())
        if self._console_port is not None:
            need_free_port(self._console_port, "the console")
        self._closing.enter_context(self._groups)
        logs = make_directory(run_dir() / "logs")
        tools = Tools(self._groups, logs, self._say)
        aws_port, http_port, transport_port, free_port, rest_port, rpc_port = free_ports(6)
        search = f"http://{LOCALHOST}:{http_port}"
        aws = f"http://{LOCALHOST}:{aws_port}"
        deployment = deploy.Deployment(self._environment, aws, run_dir())
        environment = load_environment(self._environment)

        distribution = in_background(lambda: self._prepare_search(tools))
        node = in_background(lambda: self._start_search(distribution, tools, http_port, transport_port))
        command_line = in_background(lambda: deploy.prepare(tools))
        cluster = in_background(lambda: self._start_flink(environment, tools, rest_port, rpc_port))
        applications = in_background(lambda: self._build_applications(environment, tools))
        templates = in_background(lambda: self._synthesize((command_line, applications), deployment, tools))
        account = in_background(lambda: self._start_aws(command_line, deployment, tools, aws_port, search))
        # The node may still be starting: the one resource that needs it, the content of the domain, waits for minutes.
        outputs = in_background(lambda: self._deploy((templates, account, distribution), deployment, tools))
        all_done(node, outputs, cluster)
        self._fill_lookups(aws, outputs.result(), environment, distribution.result()[1])

        self._say("starting the event sources, the delivery and the console")
        warmed = in_background(lambda: warm_up_functions(aws, stream_readers(outputs.result())))
        console = self._start_workers(logs, aws, search, self._console_port or free_port, cluster.result())
        warmed.result()
        state = State(
            pid=os.getpid(),
            environment=self._environment,
            endpoints=Endpoints(aws=aws, opensearch=search, console=console),
            outputs=outputs.result(),
            engines=(),
            absent=(*distribution.result()[1].absent, *NOT_DONE),
        )
        return self._publish(state)

    def _fill_lookups(
        self, aws: str, outputs: dict[str, dict[str, str]], environment: Environment, home: opensearch.Home
    ) -> None:
        bucket = outputs["foundation"].get("LookupsBucket")
        if bucket:
            keys = environment.lookup_files
            put = put_bundled(session(aws).client("s3"), bucket, keys, home.path)
            self._say(f"the node's databases are look-ups: {', '.join(put) or 'none is configured'}")

    def _prepare_search(self, tools: Tools) -> tuple[java.Java, opensearch.Home]:
        runtime = java.find_java(tools)
        return runtime, opensearch.prepare(runtime, tools)

    def _start_search(
        self, distribution: Future[tuple[java.Java, opensearch.Home]], tools: Tools, http_port: int, transport_port: int
    ) -> None:
        runtime, home = distribution.result()
        node = opensearch.Node(home, run_dir() / "opensearch", http_port, transport_port, self._lasting)
        tools.report("starting OpenSearch")
        process = opensearch.start(node, runtime, self._groups, tools.logs / "opensearch.log")
        tools.report(f"OpenSearch answers after {opensearch.wait(process, node):.1f} s")
        warm_up_search(node.endpoint)

    def _start_aws(self, command_line: Future[None], deployment: deploy.Deployment, tools: Tools, port: int, search: str) -> None:
        python = embedded_aws.prepare(tools)
        emulator = embedded_aws.Emulator(python, port, run_dir() / "emulator", search)
        tools.report("starting the AWS emulator")
        embedded_aws.start(emulator, self._groups, tools.logs / "emulator.log")
        command_line.result()
        tools.report("bootstrapping the account")
        deploy.bootstrap(deployment, tools)

    def _start_flink(self, environment: Environment, tools: Tools, rest_port: int, rpc_port: int) -> flink_cluster.Cluster | None:
        """The cluster, on its way; None where no application is deployed."""
        applications = environment.analytics.applications
        if not applications:
            return None
        cluster = flink_cluster.Cluster(
            flink_distribution.prepare(tools),
            run_dir() / "flink_cluster",
            rest_port,
            rpc_port,
            max(flink_cluster.LEAST_SLOTS, sum(application.parallelism for application in applications.values())),
            self._lasting,
        )
        tools.report("starting Flink")
        flink_cluster.start(cluster, self._groups, tools.logs)
        return cluster

    def _build_applications(self, environment: Environment, tools: Tools) -> None:
        """Before the synth, which would build them without a word."""
        if environment.analytics.applications:
            build.build(build.Connector(environment.analytics.connector), tools.report)

    def _synthesize(self, needed: Sequence[Future[None]], deployment: deploy.Deployment, tools: Tools) -> None:
        all_done(*needed)
        deploy.synthesize(deployment, tools)

    def _deploy(self, needed: Sequence[Future[Any]], deployment: deploy.Deployment, tools: Tools) -> dict[str, dict[str, str]]:
        all_done(*needed)
        tools.report("deploying")
        outputs = deploy.deploy(deployment, tools)
        tools.report("deployed")
        return outputs

    def _start_workers(self, logs: Path, aws: str, search: str, console_port: int, cluster: flink_cluster.Cluster | None) -> str:
        """Start what runs the deployed pipeline; returns the console's URL."""
        console_url = f"http://{LOCALHOST}:{console_port}"
        workers: dict[str, tuple[str | Path, ...]] = {
            "event_sources": ("--endpoint", aws, "--state", fresh(run_dir() / "event_sources")),
            "delivery": ("--endpoint", aws, "--search", search, "--state", fresh(run_dir() / "delivery")),
            "console": ("--aws", aws, "--search", search, "--port", str(console_port), "--state", state_file()),
        }
        if cluster:
            flink = cluster.distribution
            runs_on = ("--cluster", cluster.endpoint, "--distribution", flink.home, "--java", flink.java)
            kept = ("--checkpoints", cluster.checkpoints, "--state", fresh(run_dir() / "flink"))
            workers["flink"] = ("--endpoint", aws, *runs_on, *kept)
        environment = program_environment(aws) | {"PYTHONPATH": PYTHON_PATH}
        started = {
            module: self._groups.start(
                module.replace("_", " "),
                (sys.executable, "-m", f"localrun.{module}", *arguments),
                log=logs / f"{module}.log",
                env=environment,
                cwd=PROJECT,
                nice=YIELDING if module == "delivery" else 0,
            )
            for module, arguments in workers.items()
        }
        wait_until_answering(started["console"], console_url, CONSOLE_SECONDS)
        self.check()
        return console_url

    def _say(self, line: str) -> None:
        with self._reporting:
            self._report(line)


def stream_readers(outputs: dict[str, dict[str, str]]) -> tuple[str, ...]:
    """The functions every event passes through."""
    return outputs["normalisation"]["NormaliseFunction"], outputs["search"]["RouteFunction"]


def fresh(directory: Path) -> Path:
    """An empty directory: checkpoints of streams that are gone with the emulator that held them would be lies."""
    shutil.rmtree(directory, ignore_errors=True)
    return make_directory(directory)


def in_background(work: Callable[[], T]) -> Future[T]:
    """Do `work` in a thread that does not keep the process alive: a pipeline that is stopped does not wait for its set-up."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed to whoever asks for the result
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def all_done(*futures: Future[Any]) -> None:
    """Wait for all of them, or until one fails, and raise its error."""
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()


class _Asked(BaseException):
    """Somebody asked the supervisor to end."""


def _ask(number: int, frame: FrameType | None) -> None:
    raise _Asked


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m localrun.supervisor", description="Run the embedded pipeline until told to end."
    )
    parser.add_argument("--environment", default="local")
    parser.add_argument("--console-port", type=int)
    options = parser.parse_args()

    def tell(**message: object) -> None:
        print(json.dumps(message), flush=True)

    pipeline = Pipeline(
        options.environment, report=lambda line: tell(progress=line), console_port=options.console_port, lasting=True
    )
    try:
        signal.signal(signal.SIGTERM, _ask)
        signal.signal(signal.SIGINT, _ask)
        pipeline.start()
        tell(ready=True)
        while True:
            time.sleep(CHECK_SECONDS)
            pipeline.check()
    except _Asked:
        return 0
    except LocalRunError as error:
        tell(error=str(error))
        return 1
    finally:
        # Stopping takes seconds and is under way: asking again changes nothing.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pipeline.stop()


if __name__ == "__main__":
    sys.exit(main())
