"""The console answers on this machine alone, in JSON, and what logs say stays text."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from localrun.console import app as module
from localrun.console.app import FILES, PAGE, application
from localrun.console.dashboard import Dashboard
from localrun.paths import PROJECT
from localrun.processes import LOCALHOST, ProcessGroups, free_ports, wait_until_answering
from tests.unit.console.fakes import Console, console, get
from tests.unit.console.test_dashboard import filled

HOSTILE = '<img src=x onerror="fetch(1)"></script><script>alert(1)</script>\ud800'


@pytest.fixture
def setup(tmp_path: Path) -> Console:
    return console(tmp_path)


@pytest.fixture
def app(setup: Console) -> ASGIApp:
    return application(setup.sampler, Dashboard(setup.index, setup.clock), setup.clock)


def test_the_status_is_what_the_sampler_found(setup: Console, app: ASGIApp) -> None:
    get(app, "/api/status")
    setup.deployed()
    setup.second(records=3)
    answer = get(app, "/api/status")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    status = json.loads(answer.body)
    assert status["tiles"]["records_in"] == {"total": 3, "per_second": None}
    assert set(status) == documented_keys()


def documented_keys() -> set[str]:
    described = (module.__doc__ or "").partition("Keys of /api/status.")[2].partition("Keys of /api/panels")[0]
    return set(re.findall(r"^    ([a-z_]+) ", described, re.MULTILINE))


def test_asking_for_the_status_makes_it_look(setup: Console, app: ASGIApp) -> None:
    get(app, "/api/status")
    setup.sampler.sample()
    assert len(setup.index.calls[-1]) == 3


def test_the_panels_are_served_with_their_rows(setup: Console, app: ASGIApp) -> None:
    filled(setup.index)
    answer = get(app, "/api/panels")
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.body)["panels"][2]["rows"] == [{"service": "checkout", "failed": 10, "count": 40}]


def test_it_says_that_it_runs(app: ASGIApp) -> None:
    assert json.loads(get(app, "/api/health").body) == {"ok": True}


@pytest.mark.parametrize("path", FILES)
def test_the_page_comes_from_here_and_runs_nothing_else(path: str, app: ASGIApp) -> None:
    answer = get(app, path)
    assert answer.status == 200
    assert answer.headers["content-type"] == f"{FILES[path][1]}; charset=utf-8"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]  # default-src holds: no inline script, no eval
    assert answer.headers["x-content-type-options"] == "nosniff"
    elsewhere = set(re.findall(rb"https?://[^\"'\s]+", answer.body)) - {b"http://www.w3.org/2000/svg"}
    assert elsewhere == set()


def test_a_page_of_another_site_cannot_ask(app: ASGIApp) -> None:
    assert get(app, "/api/status", host="rebound.example:8000").status == 400
    assert get(app, "/api/status", host="localhost:8000").status == 200


def test_what_a_log_says_is_text_in_json(setup: Console, app: ASGIApp) -> None:
    get(app, "/api/status")
    setup.index.sources = [{"message": HOSTILE, "user": {"name": HOSTILE}}]
    setup.second(documents=1)
    answer = get(app, "/api/status")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (event,) = json.loads(answer.body)["events"]
    assert (event["message"], event["user"]) == (HOSTILE, HOSTILE)


def test_the_page_builds_nodes_and_never_markup() -> None:
    script = (PAGE / "page.js").read_text()
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "srcdoc", "DOMParser", "eval(", "Function("):
        assert way not in script
    assert "node.textContent = text" in script
    assert "ast: true" in script  # or Vega would need eval
    page = (PAGE / "index.html").read_text()
    assert re.search(r"<script(?! defer src=)|\son[a-z]+=|javascript:", page) is None


def test_the_charts_library_is_made_once_and_kept(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUNDLE", (sys.executable, "-c", "import os; print('vega', os.getpid())"))
    first, second = get(app, "/vega.js"), get(app, "/vega.js")
    assert first.body.startswith(b"vega ")
    assert first.body == second.body
    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["cache-control"] == "max-age=86400"


def test_a_library_that_cannot_be_made_says_why(app: ASGIApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUNDLE", (sys.executable, "-c", "import vega_is_missing"))
    answer = get(app, "/vega.js")
    assert (answer.status, answer.headers["cache-control"]) == (503, "no-cache")
    assert b"No module named 'vega_is_missing'" in answer.body


def test_the_process_answers_before_any_engine_does_and_ends_when_told(tmp_path: Path) -> None:
    port, nobody = free_ports(2)
    engine = f"http://{LOCALHOST}:{nobody}"
    command = (sys.executable, "-m", "localrun.console", "--aws", engine, "--search", engine, "--port", str(port))
    environment = os.environ | {"PYTHONPATH": str(PROJECT)}
    with ProcessGroups() as groups:
        log = tmp_path / "console.log"
        started = groups.start("console", (*command, "--state", tmp_path / "state.json"), log=log, env=environment, cwd=PROJECT)
        wait_until_answering(started, f"http://{LOCALHOST}:{port}", 20)

        def named(status: int, body: bytes) -> bool:
            return {problem["what"] for problem in json.loads(body)["problems"]} == {"AWS emulator", "OpenSearch"}

        wait_until_answering(started, f"http://{LOCALHOST}:{port}/api/status", 10, named)
        connection = http.client.HTTPConnection(LOCALHOST, port)
        connection.request("POST", "/api/status")
        assert connection.getresponse().status == 405
        connection.close()
        os.kill(started.pid, signal.SIGTERM)
        assert started.popen.wait(10) in (0, -signal.SIGTERM)
        lines = log.read_text().splitlines()
    assert len(lines) == 2, lines
