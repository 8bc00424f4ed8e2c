"""The code of a Flink application: which is built, and what is said where it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from components import flink_code
from components.packaging import PackagingError
from flink import build
from flink.build import Connector
from localrun.errors import LocalRunError


def test_it_is_built_with_the_connector_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {connector: {"behaviour": Path(f"/{connector}/behaviour.jar")} for connector in Connector}
    monkeypatch.setattr(build, "build", lambda connector, report: made[connector])
    assert flink_code.flink_artifact("behaviour", local=False) == Path("/official/behaviour.jar")
    assert flink_code.flink_artifact("behaviour", local=True) == Path("/local/behaviour.jar")


def test_what_keeps_it_from_being_built_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise LocalRunError("mvn not found")

    monkeypatch.setattr(build, "build", refuse)
    with pytest.raises(PackagingError, match=r"^the application behaviour was not built: mvn not found$"):
        flink_code.flink_artifact("behaviour", local=False)
