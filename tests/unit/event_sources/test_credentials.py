"""A role's clients outlive one session."""

from __future__ import annotations

from typing import Any

import pytest

from localrun import credentials
from localrun.credentials import RENEW_SECONDS, Role


class Session:
    def client(self, service: str, config: Any = None) -> tuple[str, Session]:
        return service, self


def test_sessions_are_kept_while_good_and_renewed_before_they_expire(monkeypatch: pytest.MonkeyPatch) -> None:
    assumed: list[str] = []
    now = [0.0]

    def role_session(endpoint: str, role_arn: str, name: str) -> Session:
        assumed.append(name)
        return Session()

    monkeypatch.setattr(credentials, "role_session", role_session)
    role = Role("http://127.0.0.1:1", "arn:aws:iam::000000000000:role/r", "n" * 80, monotonic=lambda: now[0])
    first = role.client("kinesis")
    now[0] = RENEW_SECONDS - 1
    assert role.client("kinesis") is first
    now[0] = RENEW_SECONDS
    assert role.client("kinesis") is not first
    assert assumed == ["n" * 64] * 2
