"""What Maven fetched, what the repository has not got, and what went wrong are told apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from localrun.errors import LocalRunError
from localrun.maven import Artifact, fetch
from localrun.processes import ProcessGroups
from localrun.tools import Tools

NODE = Artifact("org.example", "node", "1.0")
PLUGIN = Artifact("org.example", "plugin", "1.0.0")
NAMESPACE = {"m": "http://maven.apache.org/POM/4.0.0"}


@pytest.fixture
def tools(tmp_path: Path) -> Iterator[Tools]:
    with ProcessGroups() as groups:
        yield Tools(groups, tmp_path, lambda line: None)


def maven_that(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    """Put a program named mvn first on PATH; `$out` is where it is told to copy to."""
    program = tmp_path / "bin" / "mvn"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\nout={tmp_path / 'downloads'}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")


def run(tools: Tools, tmp_path: Path) -> dict[Artifact, Path]:
    repository = tmp_path / "repository"
    repository.mkdir()
    return fetch((NODE, PLUGIN), tmp_path / "downloads", repository, tools)


ABSENT = (
    "[INFO] Reactor Summary for all 1:\n[ERROR] Failed to execute goal maven-dependency-plugin:copy on project artifact-1: "
    "Unable to find/resolve artifact. Could not find artifact org.example:plugin:zip:1.0.0 in central -> [Help 1]"
)
BROKEN = (
    "[INFO] Reactor Summary for all 1:\n[ERROR] Failed to execute goal maven-dependency-plugin:copy on project artifact-1: "
    "Could not transfer artifact org.example:plugin:zip:1.0.0 from/to central: Connection timed out"
)


def test_what_is_there_is_copied(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven_that(monkeypatch, tmp_path, "touch $out/node-1.0.zip $out/plugin-1.0.0.zip")
    downloads = tmp_path / "downloads"
    assert run(tools, tmp_path) == {NODE: downloads / "node-1.0.zip", PLUGIN: downloads / "plugin-1.0.0.zip"}


def test_what_the_repository_has_not_got_is_left_out(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven_that(monkeypatch, tmp_path, f"touch $out/node-1.0.zip\necho '{ABSENT}'\nexit 1")
    assert run(tools, tmp_path) == {NODE: tmp_path / "downloads" / "node-1.0.zip"}


def test_what_was_absent_before_is_asked_for_again(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ABSENT.replace("Could not find artifact", "was not found in central during a previous attempt:")
    answer = f"case \"$*\" in *' -U '*) echo '{ABSENT}' ;; *) echo '{kept}' ;; esac"
    maven_that(monkeypatch, tmp_path, f"touch $out/node-1.0.zip\n{answer}\nexit 1")
    assert run(tools, tmp_path) == {NODE: tmp_path / "downloads" / "node-1.0.zip"}


def test_a_broken_transfer_is_an_error_and_not_an_absence(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven_that(monkeypatch, tmp_path, f"touch $out/node-1.0.zip\necho '{BROKEN}'\nexit 1")
    with pytest.raises(LocalRunError, match=r"mvn could not fetch; check the network(.|\n)*Connection timed out"):
        run(tools, tmp_path)


def test_a_maven_that_does_not_run_is_an_error_with_its_words(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maven_that(monkeypatch, tmp_path, "echo 'The JAVA_HOME environment variable is not defined correctly'\nexit 1")
    with pytest.raises(LocalRunError, match="JAVA_HOME environment variable is not defined"):
        run(tools, tmp_path)


def test_a_missing_maven_is_named_with_the_command_that_installs_it(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LocalRunError, match=r"mvn .* not found.*sudo apt install maven"):
        run(tools, tmp_path)


def test_each_artifact_is_a_project_of_its_own(tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    maven_that(monkeypatch, tmp_path, "true")
    run(tools, tmp_path)
    pom = ElementTree.fromstring((tmp_path / "downloads" / "poms" / "artifact-1" / "pom.xml").read_text())  # noqa: S314 - our own
    item = pom.find(".//m:artifactItem", NAMESPACE)
    assert item is not None
    assert [(part.tag.partition("}")[2], part.text) for part in item] == [
        ("groupId", "org.example"),
        ("artifactId", "plugin"),
        ("version", "1.0.0"),
        ("type", "zip"),
    ]
