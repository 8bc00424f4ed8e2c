"""What a command says when it cannot do what was asked, and the code it ends with. Nothing is started by any of these."""

from __future__ import annotations

import gzip
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from cli.__main__ import main
from cli.commands import send
from cli.output import Exit
from config.loader import environment_names
from localrun import background
from localrun import demo as traffic
from localrun.counts import Counts
from localrun.demo import Report
from localrun.demo.report import Latency
from localrun.paths import run_dir
from localrun.state import Endpoints, Engine, State, only_pipeline, write_state
from localrun.supervisor import Pipeline


class Ended(NamedTuple):
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Weir = Callable[..., Ended]


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A cache in which nothing runs, whatever this checkout is doing."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("WEIR_CACHE", str(cache))
    return cache


@pytest.fixture
def weir(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Weir:
    def run(*arguments: str | Path) -> Ended:
        monkeypatch.setattr(sys, "argv", ["weir", *map(str, arguments)])
        try:
            code: object = main()
        except SystemExit as ended:  # typer's way out
            code = ended.code
        written = capsys.readouterr()
        assert isinstance(code, int)
        return Ended(code, written.out, written.err)

    return run


@pytest.fixture
def nothing_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def started(*_: object, **__: object) -> NoReturn:
        pytest.fail("a pipeline was started")

    monkeypatch.setattr(Pipeline, "start", started)
    monkeypatch.setattr(background, "start", started)


STATE = State(
    pid=os.getpid(),
    environment="local",
    endpoints=Endpoints(aws="http://127.0.0.1:1", opensearch="http://127.0.0.1:2", console="http://127.0.0.1:3"),
    outputs={"ingestion": {"RawStream": "weir-local-raw"}},
    engines=(Engine(name="console", pid=os.getpid(), log=Path("/logs/console.log")),),
    absent=(),
)


@pytest.fixture
def running() -> Iterator[None]:
    """A pipeline that runs, as far as any command can tell without asking an engine."""
    with only_pipeline():
        write_state(STATE)
        yield


@pytest.fixture
def starting() -> Iterator[None]:
    with only_pipeline():
        yield


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


NOT_RUNNING = "error: no pipeline is running here; start one with ./weir up\n"


def test_an_unknown_environment_is_refused_with_those_there_are(weir: Weir) -> None:
    known = ", ".join(environment_names())
    assert weir("topology", "-e", "nope") == Ended(
        Exit.USAGE,
        "",
        f"error: no environment is called nope; known: {known}; to add one, write config/environments/nope.yaml\n",
    )


def test_a_misspelt_environment_is_guessed(weir: Weir) -> None:
    ended = weir("topology", "--environment", "stagin")
    assert ended.code == Exit.USAGE
    assert ended.err.startswith("error: no environment is called stagin, did you mean staging?")


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Room for every message of typer's on one line, and no colours, wherever the tests run."""
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 400)
    monkeypatch.setattr("typer.rich_utils.FORCE_TERMINAL", False)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("topology", "--format", "png"), "Invalid value for '--format'"),
        (("demo", "--rate", "0"), "Invalid value for '--rate': Input should be greater than or equal to 1 "),
        (("demo", "--rate", "20001"), "Invalid value for '--rate': Input should be less than or equal to 20000 "),
        (("demo", "--seconds", "4.9"), "Invalid value for '--seconds': Input should be greater than or equal to 5 "),
        (("demo", "--seconds", "nan"), "Invalid value for '--seconds': "),
        (("demo", "--burst", "11"), "Invalid value for '--burst': Input should be less than or equal to 10 "),
        (("up", "--port", "65536"), "Invalid value for '--port': Input should be less than or equal to 65535 "),
        (("send",), "Missing argument 'files'"),
        (("nope",), "No such command 'nope'"),
    ],
    ids=["format", "no rate", "too high a rate", "too short", "no number", "burst", "port", "no file", "command"],
)
@pytest.mark.usefixtures("nothing_is_started", "wide")
def test_a_wrong_option_is_named_with_what_it_may_be(weir: Weir, arguments: tuple[str, ...], named: str) -> None:
    ended = weir(*arguments)
    assert ended.code == Exit.USAGE
    assert named in ended.err
    assert ended.out == ""


@pytest.mark.usefixtures("nothing_is_started", "wide")
def test_the_usage_names_the_command_as_it_is_called(weir: Weir) -> None:
    lines = weir("demo", "--rate", "0").err.splitlines()
    assert lines[:2] == ["Usage: weir demo [OPTIONS]", "Try 'weir demo -h' for help."]


class TestSend:
    @pytest.fixture(autouse=True)
    def no_client(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def connected(endpoint: str) -> NoReturn:
            pytest.fail(f"{endpoint} was asked")

        monkeypatch.setattr(send, "session", connected)

    @pytest.fixture
    def log(self, tmp_path: Path) -> Path:
        file = tmp_path / "some.log"
        file.write_text("a line\n")
        return file

    @pytest.mark.usefixtures("running")
    def test_a_file_that_is_not_there_stops_it_before_the_others_are_sent(self, weir: Weir, log: Path, tmp_path: Path) -> None:
        missing = tmp_path / "missing.log"
        assert weir("send", log, missing) == Ended(Exit.USAGE, "", f"error: {missing}: no such file; nothing was sent\n")

    @pytest.mark.usefixtures("running")
    def test_a_directory_is_no_file(self, weir: Weir, log: Path, tmp_path: Path) -> None:
        assert weir("send", log, tmp_path) == Ended(Exit.USAGE, "", f"error: {tmp_path}: is a directory; nothing was sent\n")

    def test_a_name_with_brackets_is_shown_as_it_is(self, weir: Weir, tmp_path: Path) -> None:
        missing = tmp_path / "[red]log[/]"
        assert weir("send", missing).err == f"error: {missing}: no such file; nothing was sent\n"

    def test_without_a_pipeline_the_command_that_starts_one_is_named(self, weir: Weir, log: Path) -> None:
        assert weir("send", log) == Ended(Exit.MACHINE, "", NOT_RUNNING)

    @pytest.mark.usefixtures("starting")
    def test_a_pipeline_that_is_not_ready_is_said_to_be_starting(self, weir: Weir, log: Path) -> None:
        assert weir("send", log) == Ended(Exit.MACHINE, "", "error: the pipeline is still starting\n")


class FakeKinesis:
    """Takes everything."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def client(self, name: str) -> FakeKinesis:
        assert name == "kinesis"
        return self

    def put_records(self, *, StreamName: str, Records: list[dict[str, bytes]]) -> dict[str, object]:
        assert StreamName == "weir-local-raw"
        self.records += [record["Data"] for record in Records]
        return {"Records": [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"} for _ in Records]}


@pytest.fixture
def kinesis(monkeypatch: pytest.MonkeyPatch, running: None) -> FakeKinesis:
    fake = FakeKinesis()
    monkeypatch.setattr(send, "session", lambda endpoint: fake)
    return fake


def test_what_was_sent_is_told_for_each_file(weir: Weir, kinesis: FakeKinesis, tmp_path: Path) -> None:
    one, two = tmp_path / "one.log", tmp_path / "two.log.gz"
    one.write_text("1\n2\n")
    two.write_bytes(gzip.compress(b"3\n"))
    assert weir("send", one, two) == Ended(Exit.OK, f"{one}: 2 records\n{two}: 1 records\n", f"sending {one}\nsending {two}\n")
    assert kinesis.records == [b"1", b"2", b"3"]
    told = json.loads(weir("send", "--json", one, two).out)
    assert told == {"stream": "weir-local-raw", "sent": 3, "files": {str(one): 2, str(two): 1}}


WHOLE = gzip.compress(b"a line\n" * 10)


@pytest.mark.parametrize(
    "content",
    [b"a line\n", WHOLE[:-10], WHOLE[:12] + bytes([WHOLE[12] ^ 0xFF]) + WHOLE[13:]],
    ids=["not compressed", "cut off", "damaged"],
)
def test_a_compressed_file_that_cannot_be_read_is_named(weir: Weir, kinesis: FakeKinesis, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some.log.gz"
    file.write_bytes(content)
    ended = weir("send", file)
    assert ended.code == Exit.USAGE
    assert f"error: {file}: " in ended.err


@pytest.mark.usefixtures("nothing_is_started")
class TestDemo:
    def test_a_report_nobody_could_write_is_refused_before_anything_starts(self, weir: Weir) -> None:
        assert weir("demo", "--json", "/no/such/dir/x.json") == Ended(
            Exit.USAGE, "", "error: /no/such/dir/x.json: there is no directory /no/such/dir\n"
        )

    @pytest.mark.usefixtures("wide")
    def test_a_directory_is_no_report(self, weir: Weir, tmp_path: Path) -> None:
        ended = weir("demo", "--json", tmp_path)
        assert ended.code == Exit.USAGE
        assert f"file '{tmp_path}' is a directory." in ended.err

    def test_more_events_than_can_be_accounted_for_are_refused(self, weir: Weir) -> None:
        assert weir("demo", "--seconds", "3600", "--rate", "3000") == Ended(
            Exit.USAGE, "", "error: 10,800,000 events are too many to account for: at most 10,000,000; send fewer\n"
        )

    def test_the_events_of_a_burst_count_too(self, weir: Weir) -> None:
        ended = weir("demo", "--seconds", "500", "--rate", "20000", "--burst", "2")
        assert ended.code == Exit.USAGE
        assert ended.err.startswith("error: 10,100,000 events are too many")

    @pytest.mark.usefixtures("running")
    def test_the_console_of_a_running_pipeline_is_not_moved(self, weir: Weir) -> None:
        assert weir("demo", "--port", "8080") == Ended(
            Exit.USAGE, "", "error: --port: the pipeline is running already, with its console at http://127.0.0.1:3\n"
        )


def test_a_port_in_use_ends_a_demonstration_before_any_engine_starts(weir: Weir, own_cache: Path, taken_port: int) -> None:
    assert weir("demo", "--port", taken_port) == Ended(Exit.MACHINE, "", in_use(taken_port))
    assert [path.name for path in own_cache.glob("runs/*/*")] == ["lock"]


def test_a_port_in_use_ends_the_start_before_any_engine_starts(
    weir: Weir, own_cache: Path, taken_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one process it starts is the supervisor, which ends."""
    supervisors: list[subprocess.Popen[bytes]] = []
    popen = subprocess.Popen

    def noted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        supervisors.append(popen(*arguments, **options))
        return supervisors[-1]

    monkeypatch.setattr(subprocess, "Popen", noted)
    assert weir("up", "--port", taken_port) == Ended(Exit.MACHINE, "", in_use(taken_port))
    assert [supervisor.wait(5) for supervisor in supervisors] == [1]
    assert sorted(path.name for path in own_cache.glob("runs/*/logs/*")) == ["progress.jsonl", "supervisor.log"]


def in_use(port: int) -> str:
    return f"error: port {port} for the console is not available (Address already in use); choose another one\n"


@pytest.mark.usefixtures("running")
def test_a_second_pipeline_is_refused_with_the_console_of_the_first(weir: Weir) -> None:
    assert weir("up") == Ended(
        Exit.MACHINE,
        "",
        f"error: a pipeline of this checkout is already running (process {os.getpid()}; "
        "its console is http://127.0.0.1:3); stop it with ./weir down\n",
    )


@pytest.mark.usefixtures("running", "nothing_is_started")
class TestDemoOfARunningPipeline:
    @pytest.fixture
    def report(self, monkeypatch: pytest.MonkeyPatch) -> Report:
        """A good report; the traffic is not sent."""
        made = Report(
            sent=100,
            indexed=99,
            errors=1,
            archived=100,
            records=100,
            lost=0,
            duplicated=0,
            malformed=1,
            malformed_kept=1,
            seconds=5.0,
            rate=20.0,
            arrived_seconds=6.0,
            latency_seconds=Latency(p50=0.5, p99=1.0),
            burst_latency_seconds=None,
            first_indexed_seconds=None,
            cpu_microseconds={},
        )
        monkeypatch.setattr(traffic, "run", lambda *_, **__: made)
        return made

    def test_a_good_report_is_shown_and_written(self, weir: Weir, report: Report, tmp_path: Path) -> None:
        file = tmp_path / "report.json"
        ended = weir("demo", "--json", file)
        assert ended.code == Exit.OK
        assert "Every event accounted for" in ended.out
        assert Report.model_validate_json(file.read_text()) == report

    def test_a_bad_report_is_shown_and_written_and_fails(
        self, weir: Weir, report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        bad = report.model_copy(update={"lost": 1, "indexed": 98})
        monkeypatch.setattr(traffic, "run", lambda *_, **__: bad)
        file = tmp_path / "report.json"
        ended = weir("demo", "--json", file)
        assert ended.code == Exit.FAILED
        assert "Not every event accounted for" in ended.out
        assert json.loads(file.read_text())["lost"] == 1

    @pytest.mark.usefixtures("report")
    def test_the_launchers_start_is_handed_on(self, weir: Weir, monkeypatch: pytest.MonkeyPatch) -> None:
        given: list[object] = []
        made = traffic.run

        def keep(*arguments: object, **options: object) -> object:
            given.append(options["started"])
            return made(*arguments, **options)  # type: ignore[arg-type]  # the fake takes anything

        monkeypatch.setattr(traffic, "run", keep)
        monkeypatch.setenv("WEIR_STARTED", "1700000000.5")
        weir("demo")
        monkeypatch.delenv("WEIR_STARTED")
        weir("demo")
        assert given == [1_700_000_000.5, None]

    @pytest.mark.usefixtures("report")
    def test_an_interrupted_demonstration_ends_as_shells_report_it(self, weir: Weir, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupt(*_: object, **__: object) -> NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr(traffic, "run", interrupt)
        assert weir("demo").code == Exit.INTERRUPTED


class TestStatus:
    def test_nothing_running_is_said_and_fails(self, weir: Weir) -> None:
        assert weir("status") == Ended(Exit.FAILED, "", "No pipeline is running here; start one with ./weir up\n")

    def test_nothing_running_is_json_for_programs(self, weir: Weir) -> None:
        ended = weir("status", "--json")
        assert (ended.code, json.loads(ended.out), ended.err) == (Exit.FAILED, {"running": False}, "")

    @pytest.mark.usefixtures("starting")
    def test_a_pipeline_that_is_not_ready_is_not_running(self, weir: Weir) -> None:
        assert json.loads(weir("status", "--json").out) == {"running": False}

    @pytest.mark.usefixtures("running")
    def test_flink_jobs_are_shown_with_their_figures_and_failures(self, weir: Weir, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("cli.commands.status.read_counts", lambda _: Counts(streams={}, indices={}))
        job = {"status": "RUNNING", "state": "running", "records_in": 59_400, "late": 381, "failing": {"job": "no grant"}}
        file = run_dir() / "flink" / "status.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"parts": {"aggregates": job, "discovery": {"failing": {}}}}))
        assert json.loads(weir("status", "--json").out)["applications"] == {"aggregates": job}
        shown = next(line for line in weir("status").out.splitlines() if "aggregates" in line)
        assert [cell.strip() for cell in shown.split("│")[1:-1]] == [
            *("aggregates", "running", "59,400", "0", "381", "0", "0.0 MB", "no grant")
        ]


class TestDown:
    def test_nothing_running_is_said_and_is_no_failure(self, weir: Weir) -> None:
        assert weir("down") == Ended(Exit.OK, "Nothing was running.\n", "")

    def test_nothing_is_written_to_find_that_out(self, weir: Weir, own_cache: Path) -> None:
        weir("down")
        assert not own_cache.exists()
