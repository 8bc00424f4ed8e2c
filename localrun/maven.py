"""Fetching artifacts with Maven, which knows the repository or mirror this machine uses."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from localrun.errors import LocalRunError
from localrun.tools import Tools, last_lines

#: Pinned, or Maven would take whichever version of its plugin it thinks newest.
COPY_PLUGIN = "3.6.1"
PROGRESS_SECONDS = 5.0

#: Maven's words for "the repository answered, and has not got it", as opposed to a failing network.
_NOT_THERE = re.compile(r"Could not find artifact|status code: 4\d\d|\b40[134] (Forbidden|Not Found|Unauthorized)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip in a Maven repository."""

    group: str
    name: str
    version: str

    @property
    def file_name(self) -> str:
        return f"{self.name}-{self.version}.zip"


def fetch(artifacts: Sequence[Artifact], directory: Path, repository: Path, tools: Tools) -> dict[Artifact, Path]:
    """Copy the artifacts that exist into `directory`; one that the repository has not got is left out of the answer.

    `repository` is Maven's local repository, kept between runs. Raises LocalRunError when Maven is missing or a transfer fails.
    """
    program = shutil.which("mvn")
    if not program:
        raise LocalRunError("mvn (Apache Maven) not found, which fetches OpenSearch; on Debian or Ubuntu: sudo apt install maven")
    # One Maven project an artifact, so that one that is absent does not keep Maven from the others.
    modules = [f"artifact-{number}" for number in range(len(artifacts))]
    poms = directory / "poms"
    write_pom(poms, "all", "<modules>" + "".join(f"<module>{module}</module>" for module in modules) + "</modules>")
    for module, artifact in zip(modules, artifacts, strict=True):
        write_pom(poms / module, module, copy_plugin(artifact, directory))
    # -U, or what was absent the last time would be a failure: Maven keeps that for a day and words it otherwise.
    command = (program, "-B", "-U", "--fail-at-end", f"-Dmaven.repo.local={repository}", "-f", poms / "pom.xml", "initialize")
    with growing(repository, tools.report):
        code, output = tools.output("maven", command, os.environ)
    failures = [line for module in modules if (line := failure_of(module, output)) and not _NOT_THERE.search(line)]
    there = {artifact: directory / artifact.file_name for artifact in artifacts if (directory / artifact.file_name).exists()}
    if failures or (code and "Reactor Summary" not in output):
        text = "\n".join(failures) or last_lines(output)
        raise LocalRunError(f"mvn could not fetch; check the network and Maven's settings, then run it again:\n{text}")
    return there


def failure_of(module: str, output: str) -> str | None:
    """Maven's error line about one module of the run."""
    match = re.search(rf"^\[ERROR\] Failed to execute goal .* on project {module}: .*$", output, re.MULTILINE)
    return match[0] if match else None


def write_pom(directory: Path, name: str, content: str) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.joinpath("pom.xml").write_text(
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>weir</groupId>'
        f"<artifactId>{name}</artifactId><version>1</version><packaging>pom</packaging>{content}</project>"
    )


def copy_plugin(artifact: Artifact, directory: Path) -> str:
    """The part of a POM that copies one artifact into a directory."""
    item = (
        f"<groupId>{artifact.group}</groupId><artifactId>{artifact.name}</artifactId>"
        f"<version>{artifact.version}</version><type>zip</type>"
    )
    return (
        "<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>"
        f"<version>{COPY_PLUGIN}</version><executions><execution><phase>initialize</phase><goals><goal>copy</goal></goals>"
        f"<configuration><artifactItems><artifactItem>{item}</artifactItem></artifactItems>"
        f"<outputDirectory>{escape(str(directory))}</outputDirectory></configuration></execution></executions></plugin></plugins></build>"
    )


@contextmanager
def growing(directory: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Report now and then by how much `directory` has grown: Maven says nothing of a long transfer."""
    done = threading.Event()
    before = size(directory)

    def watch() -> None:
        told = 0
        while not done.wait(PROGRESS_SECONDS):
            fetched = round((size(directory) - before) / 1e6)
            if fetched != told:
                report(f"  {fetched} MB fetched so far")
                told = fetched

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def size(directory: Path) -> int:
    """Bytes of the files below a directory; a file that disappears meanwhile counts nothing."""
    total = 0
    for file in directory.rglob("*"):
        try:
            total += file.stat().st_size
        except FileNotFoundError:
            continue
    return total
