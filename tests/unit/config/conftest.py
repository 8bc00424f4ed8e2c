"""A project of its own for each test, so that messages carry the paths a person sees."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

from config.loader import ConfigError, load_environment


@pytest.fixture
def directory(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """An empty config/environments, which messages call by its path in the project."""
    monkeypatch.setattr("config.loader.PROJECT", tmp_path)
    environments = tmp_path / "config" / "environments"
    environments.mkdir(parents=True)
    return environments


@pytest.fixture
def refusal(directory: pathlib.Path) -> Callable[[str | bytes], str]:
    """Gives the whole text of the error that this content of dev.yaml ends in."""

    def refuse(content: str | bytes) -> str:
        (directory / "dev.yaml").write_bytes(content.encode() if isinstance(content, str) else content)
        with pytest.raises(ConfigError) as caught:
            load_environment("dev", directory)
        return str(caught.value)

    return refuse
