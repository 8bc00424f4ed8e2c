"""Delivery streams are found, started, stopped and restarted as they are deployed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from localrun.credentials import Role
from localrun.delivery import manager
from localrun.delivery.http import Server, Unreachable
from localrun.delivery.manager import Deliveries
from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Status
from localrun.event_sources.worker import Threads
from tests.unit.delivery.fakes import CONVERSION, ROLE_ARN, S3, deployed
from tests.unit.event_sources.fakes import START, FakeClock


class Emulator(Server):
    """Answers /_weir/deliveries."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.deployed: list[dict[str, Any]] | Exception = []

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> tuple[int, bytes]:
        if isinstance(self.deployed, Exception):
            raise self.deployed
        assert path == "/_weir/deliveries"
        return 200, json.dumps(self.deployed).encode()


class NoThreads(Threads):
    """A thread that is started but never runs: a test says when it has ended."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.started: list[tuple[str, Clock]] = []
        self.alive = True

    def start(self, name: str, step: Callable[[], object], clock: Clock) -> Thread:
        self.started.append((name, clock))
        threads = self

        class Pretended(Thread):
            def is_alive(self) -> bool:
                return threads.alive

        return Pretended()

    @property
    def running(self) -> list[str]:
        return [name for name, clock in self.started if not clock.stopped]


class Account:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
        monkeypatch.setattr(manager, "Server", Emulator)
        clock = FakeClock()
        self.status = Status(state / "status.json", "delivery")
        self.deliveries = Deliveries("http://127.0.0.1:1", "http://127.0.0.1:2", state, self.status, clock)
        self.threads = NoThreads(clock)
        self.deliveries.threads = self.threads
        emulator = self.deliveries._emulator
        assert isinstance(emulator, Emulator)
        self.emulator = emulator

    def refresh(self, deployed: list[dict[str, Any]] | Exception) -> list[str]:
        """Names of the delivery streams that run."""
        self.emulator.deployed = deployed
        self.deliveries.refresh()
        return self.threads.running

    def part(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.status.snapshot(START)["parts"][name]
        return found


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Account:
    return Account(monkeypatch, tmp_path)


ARCHIVE = deployed("ExtendedS3", S3)
ERRORS = deployed("ExtendedS3", S3) | {"Name": "weir-local-errors"}


def test_a_delivery_stream_deployed_later_starts(account: Account) -> None:
    assert account.refresh([]) == []
    assert account.refresh([ARCHIVE]) == ["weir-local-archive"]
    assert account.refresh([ARCHIVE, ERRORS]) == ["weir-local-archive", "weir-local-errors"]
    assert account.part("weir-local-errors")["state"] == "delivering"


def test_a_deleted_one_stops(account: Account) -> None:
    account.refresh([ARCHIVE, ERRORS])
    assert account.refresh([ERRORS]) == ["weir-local-errors"]
    assert account.part("weir-local-archive")["state"] == "deleted"


def test_a_changed_one_starts_again_when_it_has_delivered_what_it_holds(account: Account) -> None:
    changed = deployed("ExtendedS3", S3 | {"Prefix": "other/"})
    account.refresh([ARCHIVE])
    assert account.refresh([changed]) == []
    assert account.refresh([changed]) == []
    account.threads.alive = False
    assert account.refresh([changed]) == ["weir-local-archive"]


def test_a_refused_one_is_shown_and_does_not_hold_up_others(account: Account) -> None:
    refused = deployed("Redshift", S3) | {"Name": "warehouse"}
    assert account.refresh([refused, ARCHIVE]) == ["weir-local-archive"]
    assert account.part("warehouse")["state"] == "refused"
    assert "destination Redshift is not run locally" in account.part("warehouse")["failing"]["configuration"]


def test_an_emulator_that_does_not_answer_stops_nothing(account: Account) -> None:
    account.refresh([ARCHIVE])
    assert account.refresh(Unreachable("http://127.0.0.1:1 does not answer")) == ["weir-local-archive"]
    assert "does not answer" in account.part("discovery")["failing"]["listing delivery streams"]
    account.refresh([ARCHIVE])
    assert account.part("discovery")["failing"] == {}


def test_each_part_has_the_role_the_delivery_stream_names_for_it(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    assumed: list[str] = []

    class Assumed(Role):
        def __init__(self, endpoint: str, role_arn: str, session_name: str) -> None:
            super().__init__(endpoint, role_arn, session_name)
            assumed.append(role_arn)

    monkeypatch.setattr(manager, "Role", Assumed)
    backup = {"BucketARN": "arn:aws:s3:::copies", "RoleARN": "arn:aws:iam::000000000000:role/backup"}
    changes = {
        "DataFormatConversionConfiguration": CONVERSION,
        "CompressionFormat": "UNCOMPRESSED",
        "S3BackupMode": "Enabled",
        "S3BackupConfiguration": backup,
    }
    assert account.refresh([deployed("ExtendedS3", S3 | changes)]) == ["weir-local-archive"]
    assert assumed == [ROLE_ARN, "arn:aws:iam::000000000000:role/schema", "arn:aws:iam::000000000000:role/backup"]
