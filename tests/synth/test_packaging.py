"""What is uploaded for the functions."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from components import packaging
from tests.synth.synthesized import Pipeline

PACKAGES = ("normalise", "archive", "route", "report", "transform")


def asset(pipeline: Pipeline, function: str) -> Path:
    """The staged folder of a function's code."""
    code = pipeline.one("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-{function}")["Code"]
    return pipeline.directory / f"asset.{code['S3Key'].removesuffix('.zip')}"


@pytest.mark.parametrize("package", PACKAGES)
def test_a_function_holds_its_own_package_only(prod: Pipeline, package: str) -> None:
    folder = asset(prod, package)
    assert [path.name for path in folder.iterdir()] == [package]
    assert (folder / package / "handler.py").is_file()
    assert not list(folder.rglob("__pycache__"))


def test_the_content_function_holds_the_templates_beside_its_package(tmp_path: Path) -> None:
    bundling = packaging._CopyFolders({"lambdas/content": "content", "search/templates": "search/templates"})
    assert bundling.try_bundle(str(tmp_path)) is True
    assert (tmp_path / "content" / "handler.py").is_file()
    assert sorted(path.name for path in (tmp_path / "search" / "templates").iterdir()) == sorted(
        path.name for path in (packaging.PROJECT / "search" / "templates").iterdir()
    )
    assert not list(tmp_path.rglob("__pycache__"))


@pytest.mark.parametrize(
    ("python", "architecture", "platform"),
    [
        ("3.13", "arm64", "aarch64-manylinux_2_28"),
        ("3.13", "x86_64", "x86_64-manylinux_2_28"),
        ("3.11", "x86_64", "x86_64-manylinux_2_17"),
    ],
)
def test_wheels_are_those_of_the_runtime(monkeypatch: pytest.MonkeyPatch, python: str, architecture: str, platform: str) -> None:
    monkeypatch.setenv("WEIR_UV", "uv")
    command = packaging._InstallWheels(python, architecture)._command("out")
    assert command[:3] == ["uv", "pip", "install"]
    assert "--require-hashes" in command
    assert command[command.index("--only-binary") + 1] == ":all:"
    assert command[command.index("--python-version") + 1] == python
    assert command[command.index("--python-platform") + 1] == platform


def test_without_uv_pip_is_told_the_platforms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WEIR_UV", raising=False)
    monkeypatch.setenv("PATH", os.devnull)
    command = packaging._InstallWheels("3.13", "arm64")._command("out")
    assert command[1:4] == ["-m", "pip", "install"]
    assert [tag for flag, tag in itertools.pairwise(command) if flag == "--platform"] == [
        "manylinux_2_17_aarch64",
        "manylinux2014_aarch64",
        "manylinux_2_28_aarch64",
    ]


@pytest.mark.parametrize("uv", ["/bin/false", "/nowhere/uv"])
def test_dependencies_that_do_not_install_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, uv: str) -> None:
    monkeypatch.setenv("WEIR_UV", uv)
    with pytest.raises(packaging.PackagingError, match=r"lambdas/requirements.txt\) could not be installed for Python 3.13"):
        packaging._InstallWheels("3.13", "arm64").try_bundle(str(tmp_path))


def test_a_changed_template_changes_the_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packaging, "PROJECT", tmp_path)
    folder = tmp_path / "search" / "templates"
    folder.mkdir(parents=True)
    (folder / "a.json").write_text("{}")
    first = packaging.templates_digest()
    (folder / "a.json").write_text("{ }")
    second = packaging.templates_digest()
    (folder / "a.json").rename(folder / "b.json")
    assert len({first, second, packaging.templates_digest()}) == 3
