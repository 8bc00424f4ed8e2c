"""Builds the applications: for each a jar or zip with all it needs, kept under a hash of what it was made of.

The jars are made by Maven out of a copy of the sources, so that nothing is written into the checkout and two that build at once
do not meet. The same sources make the same bytes (`project.build.outputTimestamp`).
"""

from __future__ import annotations

import enum
import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from localrun.errors import LocalRunError
from localrun.maven import growing
from localrun.paths import PROJECT, cache_dir, make_directory, placed
from localrun.tools import last_lines

#: What Maven reads, below the checkout.
SOURCES = ("flink", "localrun/flink/connector")
#: What the applications' own tests read beside: they hold pages to the code, readers to the log types' samples, and notebooks to
#: the fields there are.
TESTED = (*SOURCES, "lambdas/common/logtypes/samples", "search/templates")
#: Names below these that have no part in a test, and in a jar.
_NOT_TESTED = frozenset(("target", "__pycache__"))
_NOT_BUILT = _NOT_TESTED | {"README.md", "gateway_tests", "notebooks"}
#: The application in Python, of which also what ends in .py is a source.
PYTHON = "flink/python"
#: In its zip, beside `main.py`: the tables it reads and writes, which are those of the application in SQL, and its package. These
#: are what `kinesis.analytics.flink.run.options` names.
TABLES, PACKAGE = "lib/aggregates.jar", "lib/business.zip"
#: Below the jars of applications, those of their tests, which hold their benchmarks.
BENCHMARKS = "benchmarks"
#: Measured: what Maven fetches for all modules, and what they make.
_BYTES = 900_000_000
_SECONDS = 1_800.0
#: An error of Maven's that says what a repository has not got.
_MISSING = re.compile(r"(?:Could not find artifact|The following artifacts could not be resolved:) ([^\s(]+)")
#: What Maven says at every error; how many of the others are shown.
_ADVICE = re.compile(
    r"\[ERROR\]\s*(?:$|To see the full|Re-run Maven|For more information|\[Help|After correcting|mvn <args>|-> )"
)
_ERRORS = 30


class Connector(enum.StrEnum):
    """What carries the records of a stream in an application."""

    official = "official"
    """Apache's, which is on Maven Central: for what is deployed to AWS."""
    local = "local"
    """Weir's stand-in with the same options, for the embedded run."""


_MODULES: Mapping[Connector, tuple[str, ...]] = {
    Connector.official: ("-Dconnector=connector-aws", "-Paws"),
    Connector.local: ("-Dconnector=connector-local",),
}


def fingerprint(*, tests: bool = False) -> str:
    """Hash of everything the applications are made of; with `tests`, of what these read too."""
    digest = hashlib.sha256()
    for file in _files(PROJECT, tests=tests):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(PROJECT)}\n{len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def build(connector: Connector, report: Callable[[str], None]) -> dict[str, Path]:
    """The jar or zip of each application by its name, made if there is none of these sources.

    Raises LocalRunError where Maven or a JDK is missing, a repository lacks an artifact, or the sources do not compile.
    """
    target = cache_dir() / f"flink-{fingerprint()}-{connector}"
    with placed(target, _BYTES, "building the Flink applications") as scratch:
        if scratch is not None:
            report(f"building the Flink applications with the {connector} connector")
            sources = scratch / "sources"
            maven("package", sources, (*_MODULES[connector], "-DskipTests"), report)
            (scratch / BENCHMARKS).mkdir()
            for jar in _jars(sources):
                jar.rename(scratch / jar.name)
                for tests in jar.parent.glob("*-tests.jar"):
                    tests.rename(scratch / BENCHMARKS / jar.name)
            _zip_python(sources / PYTHON, scratch / "aggregates.jar", scratch / "business.zip")
            shutil.rmtree(sources)
    return {artifact.stem: artifact for artifact in sorted(target.iterdir()) if artifact.suffix in (".jar", ".zip")}


def maven(phase: str, sources: Path, options: Sequence[str], report: Callable[[str], None], *, tests: bool = False) -> str:
    """Copies what is built to `sources` and runs Maven on it there; returns its output. Raises LocalRunError as `build`."""
    program = shutil.which("mvn")
    if program is None:
        raise LocalRunError(
            "mvn (Apache Maven) not found, which builds the Flink applications; on Debian or Ubuntu: "
            "sudo apt install maven openjdk-17-jdk-headless"
        )
    for file in _files(PROJECT, tests=tests):
        copy = sources / file.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    repository = make_directory(cache_dir() / "maven")
    command: list[str | Path] = [
        program,
        "-B",
        "-ntp",
        f"-Dmaven.repo.local={repository}",
        "-f",
        sources / "flink" / "pom.xml",
        *options,
        phase,
    ]
    with growing(repository, report):
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, env=os.environ
        )
    if done.returncode:
        raise LocalRunError(_refusal(done.stdout, options))
    return done.stdout


def _refusal(output: str, options: Sequence[str]) -> str:
    """What went wrong and what to do, in Maven's words."""
    errors = [line for line in output.splitlines() if line.startswith("[ERROR]") and not _ADVICE.match(line)]
    if missing := _MISSING.search(output):
        remedy = f"the Maven repository in use has no {missing[1]}; use one that has it, such as Maven Central"
        if options[:2] == _MODULES[Connector.official]:
            remedy += ", or, for the embedded run, --connector local"
        return remedy
    if "invalid target release" in output or "No compiler is provided" in output:
        return "the Flink applications need a JDK 17 or newer; on Debian or Ubuntu: sudo apt install openjdk-17-jdk-headless"
    return "the Flink applications do not build:\n" + ("\n".join(errors[:_ERRORS]) or last_lines(output))


def _files(root: Path, *, tests: bool) -> Iterator[Path]:
    left_out = _NOT_TESTED if tests else _NOT_BUILT
    for folder in TESTED if tests else SOURCES:
        for file in sorted((root / folder).rglob("*")):
            program = file.suffix != ".py" or root / PYTHON in file.parents
            if file.is_file() and left_out.isdisjoint(file.relative_to(root).parts) and program:
                yield file


def _jars(sources: Path) -> Iterator[Path]:
    """Those of applications: the modules that are shaded have an `original-` beside it."""
    for original in sorted(sources.rglob("target/original-*.jar")):
        yield original.with_name(original.name.removeprefix("original-"))


def _zip_python(sources: Path, tables: Path, target: Path) -> None:
    package = target.with_suffix(".package")
    _zip(package, {str(file.relative_to(sources)): file for file in (sources / "business").rglob("*") if file.is_file()})
    _zip(target, {"main.py": sources / "main.py", TABLES: tables, PACKAGE: package})
    package.unlink()


def _zip(target: Path, files: Mapping[str, Path]) -> None:
    """The same bytes of the same files: sorted, without their times."""
    with zipfile.ZipFile(target, "w") as archive:
        for name, file in sorted(files.items()):
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), zipfile.ZIP_DEFLATED)
