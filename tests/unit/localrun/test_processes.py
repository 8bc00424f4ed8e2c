"""Engines start in groups of their own and end whole, in time, whatever happens to who started them."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import Mock

import pytest

from localrun import guard, processes
from localrun.errors import LocalRunError
from localrun.processes import ProcessGroups, describe_exit, free_ports, need_free_port, wait_until_answering

SLEEP = (sys.executable, "-c", "import time; time.sleep(60)")
DEAF = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)
#: A leader whose child goes on when it has ended itself.
LEADER = (
    sys.executable,
    "-c",
    "import subprocess, sys; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
)


@pytest.fixture
def groups() -> Iterator[ProcessGroups]:
    with ProcessGroups() as started:
        yield started


def group_lives(group: int) -> bool:
    return guard.send(group, 0)


def wait_for(condition: object, seconds: float = 5.0) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    waiting = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        waiting.wait(0.02)


def test_stopping_ends_every_group(groups: ProcessGroups, tmp_path: Path) -> None:
    started = [groups.start(name, SLEEP, log=tmp_path / name, env=dict(os.environ)) for name in ("one", "two")]
    assert [process.name for process in groups.running()] == ["one", "two"]
    groups.stop()
    assert not any(group_lives(process.pid) for process in started)
    assert groups.running() == ()
    groups.stop()


def test_what_an_engine_started_ends_with_it(groups: ProcessGroups, tmp_path: Path) -> None:
    leader = groups.start("leader", LEADER, log=tmp_path / "log", env=dict(os.environ))
    leader.popen.wait()
    assert group_lives(leader.pid)
    groups.stop()
    wait_for(lambda: not group_lives(leader.pid))


def test_one_that_ignores_the_request_is_killed_in_time(
    groups: ProcessGroups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "STOP_SECONDS", 0.2)
    deaf = groups.start("deaf", DEAF, log=tmp_path / "log", env=dict(os.environ))
    wait_for(lambda: (tmp_path / "log").read_text() == "deaf\n")
    groups.stop()
    assert deaf.popen.returncode == -signal.SIGKILL


def test_what_yields_does_so_to_engines_in_other_sessions(groups: ProcessGroups, tmp_path: Path) -> None:
    process = groups.start("one", SLEEP, log=tmp_path / "one", env=dict(os.environ), nice=10)
    assert os.getpriority(os.PRIO_PROCESS, process.pid) == 10
    autogroup = Path(f"/proc/{process.pid}/autogroup")
    assert not autogroup.exists() or autogroup.read_text().split()[-1] == "10"


def test_nothing_starts_once_stopped(groups: ProcessGroups, tmp_path: Path) -> None:
    groups.stop()
    with pytest.raises(LocalRunError, match="late was not started: the pipeline is stopping"):
        groups.start("late", SLEEP, log=tmp_path / "log", env=dict(os.environ))


def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys, time\nfrom pathlib import Path\nfrom localrun.processes import ProcessGroups\n"
        "groups = ProcessGroups().__enter__()\n"
        f"process = groups.start('engine', {SLEEP!r}, log=Path({str(tmp_path / 'log')!r}), env=dict(os.environ))\n"
        "print(process.pid, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        engine = int(supervisor.stdout.readline())
        assert group_lives(engine)
        supervisor.kill()
    wait_for(lambda: not group_lives(engine))


def test_the_guard_ends_only_what_is_still_registered(tmp_path: Path) -> None:
    kept = subprocess.Popen(SLEEP, start_new_session=True)
    ended = subprocess.Popen(SLEEP, start_new_session=True)
    subprocess.run(
        [sys.executable, "-I", guard.__file__],
        input=f"+{kept.pid}\n+{ended.pid}\n-{kept.pid}\n",
        text=True,
        check=True,
        timeout=10,
    )
    assert ended.wait(5) == -signal.SIGTERM
    assert kept.poll() is None
    kept.kill()
    kept.wait()


def test_a_program_is_run_to_its_end(groups: ProcessGroups, tmp_path: Path) -> None:
    command = (sys.executable, "-c", "print('said'); raise SystemExit(3)")
    assert groups.run("program", command, log=tmp_path / "log", env=dict(os.environ), timeout=10) == 3
    assert (tmp_path / "log").read_text() == "said\n"
    assert groups.running() == ()


def test_a_program_that_takes_too_long_is_ended_and_named(groups: ProcessGroups, tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match="program took longer than 0 s"):
        groups.run("program", SLEEP, log=tmp_path / "log", env=dict(os.environ), timeout=0.1)
    assert groups.running() == ()


def test_a_missing_program_is_named(groups: ProcessGroups, tmp_path: Path) -> None:
    with pytest.raises(LocalRunError, match=r"engine cannot be started: /no/such/program: No such file or directory"):
        groups.start("engine", ("/no/such/program",), log=tmp_path / "log", env={})


def test_an_engine_that_ended_is_named_with_the_end_of_its_log(groups: ProcessGroups, tmp_path: Path) -> None:
    engine = groups.start(
        "engine", (sys.executable, "-c", "raise SystemExit('no memory')"), log=tmp_path / "log", env=dict(os.environ)
    )
    engine.popen.wait()
    with pytest.raises(LocalRunError, match=r"engine ended \(exit code 1\); its log .*log ends with:\nno memory"):
        engine.raise_if_ended()


def test_an_engine_that_ended_starts_again_with_the_same_command_and_log(groups: ProcessGroups, tmp_path: Path) -> None:
    # GIVEN an engine that was killed, and what it had started, still running
    program = f"import subprocess, sys, time; child = subprocess.Popen({SLEEP!r}); print(child.pid, flush=True); time.sleep(60)"
    log = tmp_path / "log"
    first = groups.start("engine", (sys.executable, "-c", program), log=log, env=dict(os.environ), cwd=tmp_path)
    wait_for(lambda: log.read_text().count("\n") == 1)
    os.kill(first.pid, signal.SIGKILL)
    first.popen.wait()
    assert group_lives(first.pid)
    # WHEN it is started again
    second = groups.restart(first)
    # THEN it alone runs, its log goes on, and the guard watches it
    wait_for(lambda: not group_lives(first.pid))
    wait_for(lambda: log.read_text().count("\n") == 2)
    assert groups.running() == (second,)
    assert Path(f"/proc/{second.pid}/cwd").readlink() == tmp_path
    groups.stop()
    assert not group_lives(second.pid)


def test_nothing_starts_again_once_stopped(groups: ProcessGroups, tmp_path: Path) -> None:
    engine = groups.start("engine", SLEEP, log=tmp_path / "log", env=dict(os.environ))
    groups.stop()
    with pytest.raises(LocalRunError, match="engine was not started again: the pipeline is stopping"):
        groups.restart(engine)


def test_exit_codes_in_words() -> None:
    assert describe_exit(2) == "exit code 2"
    assert describe_exit(-9) == "killed by SIGKILL"


def test_free_ports_are_different_and_can_be_taken() -> None:
    ports = free_ports(5)
    assert len(set(ports)) == 5
    assert max(ports) < 32_768  # the first that Linux gives who asks for any
    for port in ports:
        need_free_port(port, "a test")


def test_a_port_in_use_is_named_with_its_purpose() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            LocalRunError, match=rf"port {port} for the console is not available \(Address already in use\); choose another"
        ):
            need_free_port(port, "the console")


def test_waiting_ends_when_the_answer_is_right(groups: ProcessGroups, tmp_path: Path) -> None:
    answers = iter((503, 200))

    class Handler(http.server.BaseHTTPRequestHandler):
        log_message = Mock()

        def do_GET(self) -> None:
            self.send_response(next(answers))
            self.end_headers()
            self.wfile.write(b"ready")

    engine = groups.start("engine", SLEEP, log=tmp_path / "log", env=dict(os.environ))
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/health"
        assert wait_until_answering(engine, url, 5, lambda status, body: status == 200 and body == b"ready") < 5
        server.shutdown()
        thread.join()


def test_waiting_gives_up_in_time_and_names_the_engine(groups: ProcessGroups, tmp_path: Path) -> None:
    engine = groups.start("engine", SLEEP, log=tmp_path / "log", env=dict(os.environ))
    with pytest.raises(LocalRunError, match="engine did not answer within 0 s"):
        wait_until_answering(engine, f"http://127.0.0.1:{free_ports(1)[0]}", 0.2)
