"""The Flink applications are built once for what they are made of, and what keeps them from it is said."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from flink import build
from flink.build import Connector
from localrun.errors import LocalRunError

#: A Maven that makes the jars of one application and one library, and notes what it was asked.
MAVEN = """#!/bin/sh
echo "$@" >> {calls}
poms=$(dirname "$5")
mkdir -p "$poms/sql/target" "$poms/streams/target"
echo whole > "$poms/sql/target/aggregates.jar"
echo part > "$poms/sql/target/original-aggregates.jar"
echo tests > "$poms/sql/target/aggregates-1-tests.jar"
echo tests > "$poms/streams/target/streams-1-tests.jar"
echo library > "$poms/streams/target/streams.jar"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with sources, an empty cache, and no Maven."""
    checkout = tmp_path / "checkout"
    for name, text in {
        "flink/pom.xml": "<project/>",
        "flink/sql/10-tables.sql": "CREATE TABLE",
        "flink/sql/README.md": "read me",
        "flink/sql/target/old.jar": "old",
        "flink/build.py": "building",
        "flink/python/main.py": "main",
        "flink/python/business/application.py": "run",
        "flink/python/business/sql/10-tables.sql": "CREATE TABLE",
        "flink/python/gateway_tests/test_sales.py": "test",
        "localrun/flink/connector/pom.xml": "<project/>",
    }.items():
        file = checkout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    monkeypatch.setattr(build, "PROJECT", checkout)
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    monkeypatch.setattr("flink.build.shutil.which", lambda name: found if (found := tmp_path / "bin" / name).exists() else None)
    return checkout


def install_maven(project: Path, script: str) -> Path:
    """Returns the file that has a line a call."""
    calls = project.parent / "calls"
    program = project.parent / "bin" / "mvn"
    program.parent.mkdir(exist_ok=True)
    program.write_text(script.replace("{calls}", str(calls)))
    program.chmod(0o755)
    return calls


def say(_: str) -> None:
    pass


def test_the_jars_of_applications_are_kept_and_those_of_libraries_are_not(project: Path) -> None:
    install_maven(project, MAVEN)
    jars = build.build(Connector.local, say)
    assert sorted(jars) == ["aggregates", "business"]
    assert jars["aggregates"].read_text() == "whole\n"
    benchmarks = jars["aggregates"].parent / build.BENCHMARKS
    assert {jar.name: jar.read_text() for jar in benchmarks.iterdir()} == {"aggregates.jar": "tests\n"}


def test_the_application_in_python_is_a_zip_of_its_package_and_the_tables(project: Path, tmp_path: Path) -> None:
    install_maven(project, MAVEN)
    with zipfile.ZipFile(build.build(Connector.local, say)["business"]) as code:
        assert {name: code.read(name) for name in code.namelist() if name != build.PACKAGE} == {
            "main.py": b"main",
            build.TABLES: b"whole\n",
        }
        with zipfile.ZipFile(io.BytesIO(code.read(build.PACKAGE))) as package:
            assert {name: package.read(name) for name in package.namelist()} == {
                "business/application.py": b"run",
                "business/sql/10-tables.sql": b"CREATE TABLE",
            }


def test_the_same_sources_make_the_same_zip(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_maven(project, MAVEN)
    first = build.build(Connector.local, say)["business"].read_bytes()
    os.utime(project / "flink/python/main.py", (1e9, 1e9))
    monkeypatch.setenv("WEIR_CACHE", str(project.parent / "another"))
    assert build.build(Connector.local, say)["business"].read_bytes() == first


def test_what_has_not_changed_is_not_built_again(project: Path) -> None:
    calls = install_maven(project, MAVEN)
    first = build.build(Connector.local, say)
    (project / "flink/sql/README.md").write_text("read this")
    (project / "flink/sql/target/old.jar").write_text("older")
    (project / "flink/build.py").write_text("building anew")
    (project / "flink/python/gateway_tests/test_sales.py").write_text("tests")
    assert build.build(Connector.local, say) == first
    assert len(calls.read_text().splitlines()) == 1
    (project / "flink/sql/10-tables.sql").write_text("CREATE VIEW")
    assert build.build(Connector.local, say) != first
    assert len(calls.read_text().splitlines()) == 2
    second = build.build(Connector.local, say)
    (project / "flink/python/main.py").write_text("run")
    assert build.build(Connector.local, say) != second


@pytest.mark.parametrize(
    ("connector", "options"),
    [
        (Connector.local, "-Dconnector=connector-local -DskipTests"),
        (Connector.official, "-Dconnector=connector-aws -Paws -DskipTests"),
    ],
)
def test_each_connector_has_jars_of_its_own(project: Path, connector: Connector, options: str) -> None:
    calls = install_maven(project, MAVEN)
    jars = build.build(connector, say)
    assert f" {options} package" in calls.read_text()
    assert jars["aggregates"].parent.name == f"flink-{build.fingerprint()}-{connector}"


def test_nothing_is_written_into_the_checkout(project: Path) -> None:
    install_maven(project, MAVEN)
    before = sorted(project.rglob("*"))
    build.build(Connector.local, say)
    assert sorted(project.rglob("*")) == before


def test_without_maven_the_message_says_what_to_install(project: Path) -> None:
    with pytest.raises(LocalRunError, match="sudo apt install maven openjdk-17-jdk-headless"):
        build.build(Connector.local, say)


@pytest.mark.parametrize(
    ("connector", "output", "said"),
    [
        (
            Connector.official,
            ["[ERROR] Could not find artifact org.apache.flink:flink-connector-aws-kinesis-streams:jar:6.0.1-2.0 in central"],
            "no org.apache.flink:flink-connector-aws-kinesis-streams:jar:6.0.1-2.0; use one that has it, such as Maven Central, "
            "or, for the embedded run, --connector local",
        ),
        (Connector.local, ["[ERROR] Could not find artifact a:b:jar:1 in central"], "has no a:b:jar:1; use one that has it"),
        (Connector.local, ["[ERROR] Fatal error compiling: error: invalid target release: 17"], "need a JDK 17 or newer"),
        (
            Connector.local,
            ["[INFO] Compiling", "[ERROR] Sink.java:[7,1] ';' expected"],
            "do not build:\n[ERROR] Sink.java:[7,1] ';' expected",
        ),
    ],
)
def test_a_build_that_fails_says_why_and_keeps_nothing(
    project: Path, connector: Connector, output: Sequence[str], said: str
) -> None:
    install_maven(project, "#!/bin/sh\ncat <<'EOF'\n" + "\n".join(output) + "\nEOF\nexit 1\n")
    with pytest.raises(LocalRunError) as refused:
        build.build(connector, say)
    assert said in str(refused.value)
    assert not list((project.parent / "cache").glob("flink-*/"))
