"""The emulator, and with it every function, sees of this machine only what it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from localrun.embedded_aws import LOCK, Emulator, environment
from localrun.emulator.limits import NOT_DONE
from localrun.paths import PROJECT

EMULATOR = Emulator(Path("/cache/emulator/bin/python"), 4_570, Path("/run/emulator"), "http://127.0.0.1:9201")


def test_the_environment_is_bare(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("SOME_SECRET", "secret")
    monkeypatch.setenv("VIRTUAL_ENV", "/somewhere")
    assert environment(EMULATOR).keys() == {
        *("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "TZ"),
        *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_OPENSEARCH", "AWS_REGION", "AWS_DEFAULT_REGION"),
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        *("AUTH", "BIND_HOST", "GATEWAY_PORT", "MINISTACK_HOST", "MINISTACK_ACCOUNT_ID", "MINISTACK_REGION"),
        *("MINISTACK_OPENSEARCH_ENDPOINT", "LAMBDA_EXECUTOR", "DOCKER_HOST", "IOT_MTLS_ENABLED", "SFTP_ENABLED", "LOG_LEVEL"),
    }


def test_the_emulator_enforces_iam_and_listens_on_this_machine_only() -> None:
    settings = environment(EMULATOR)
    assert settings["AUTH"] == "true"
    assert settings["BIND_HOST"] == "127.0.0.1"
    assert EMULATOR.endpoint == settings["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4570"
    assert settings["AWS_ENDPOINT_URL_OPENSEARCH"] == "http://127.0.0.1:9201"
    assert settings["MINISTACK_OPENSEARCH_ENDPOINT"] == "127.0.0.1:9201"


def test_the_machines_docker_is_out_of_reach() -> None:
    assert environment(EMULATOR)["DOCKER_HOST"] == "unix:///run/emulator/no-docker.sock"


def test_functions_run_in_utc_like_on_lambda() -> None:
    assert environment(EMULATOR)["TZ"] == ":UTC"


def test_the_emulators_own_code_needs_nothing_of_the_projects_environment() -> None:
    allowed = ("ministack", "hypercorn", "localrun.emulator")
    for module in (PROJECT / "localrun" / "emulator").glob("*.py"):
        for line in module.read_text().splitlines():
            if line.startswith(("from localrun", "import localrun", "from config", "from cli")):
                assert line.split()[1].startswith(allowed), f"{module.name}: {line}"


def test_the_lock_pins_the_emulator() -> None:
    assert "ministack==1.5.33" in LOCK.read_text()


def test_what_is_not_done_is_listed() -> None:
    assert any(entry.startswith("KMS") for entry in NOT_DONE)
    assert any("metric math" in entry for entry in NOT_DONE)
