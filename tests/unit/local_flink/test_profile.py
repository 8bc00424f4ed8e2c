"""A role's credentials in a file: for its owner alone, renewed in time, and named in the groups that need them."""

from __future__ import annotations

from pathlib import Path

import pytest

from localrun.credentials import RENEW_SECONDS
from localrun.flink.profile import Profile
from tests.unit.local_flink.fakes import NAME, ROLE


class Sts:
    """Gives other keys each time."""

    def __init__(self) -> None:
        self.assumed: list[str] = []

    def __call__(self, endpoint: str, role_arn: str, session_name: str) -> dict[str, str]:
        self.assumed.append(role_arn)
        return {"AWS_ACCESS_KEY_ID": f"key-{len(self.assumed)}", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Sts:
    found = Sts()
    monkeypatch.setattr("localrun.flink.profile.role_credentials", found)
    return found


def test_the_file_is_the_owners_and_has_the_session(tmp_path: Path, sts: Sts) -> None:
    profile = Profile("http://emulator", tmp_path / "credentials", NAME)
    profile.renew(ROLE)
    assert profile.file.stat().st_mode & 0o777 == 0o600
    assert profile.file.read_text() == (
        f"[{NAME}]\naws_access_key_id = key-1\naws_secret_access_key = secret\naws_session_token = token\n"
    )
    assert list(tmp_path.iterdir()) == [profile.file]


def test_it_is_renewed_before_it_expires_and_for_another_role(tmp_path: Path, sts: Sts) -> None:
    now = 0.0
    profile = Profile("http://emulator", tmp_path / "credentials", NAME, monotonic=lambda: now)
    profile.renew(ROLE)
    now = RENEW_SECONDS - 1
    profile.renew(ROLE)
    assert sts.assumed == [ROLE]
    now = RENEW_SECONDS
    profile.renew(ROLE)
    assert "key-2" in profile.file.read_text()
    profile.renew("another")
    assert sts.assumed == [ROLE, ROLE, "another"]


def test_groups_with_a_region_say_where_it_is_here_and_others_stay_as_they_are(tmp_path: Path) -> None:
    profile = Profile("http://emulator", tmp_path / "credentials", NAME)
    application, events = profile.groups({"application": {"a": "1"}, "events": {"aws.region": "us-east-1", "b": "2"}})
    assert application == {"PropertyGroupId": "application", "PropertyMap": {"a": "1"}}
    assert events == {
        "PropertyGroupId": "events",
        "PropertyMap": {
            "aws.region": "us-east-1",
            "b": "2",
            "aws.endpoint": "http://emulator",
            "aws.credentials.provider": "PROFILE",
            "aws.credentials.provider.profile.path": str(tmp_path / "credentials"),
            "aws.credentials.provider.profile.name": NAME,
        },
    }
