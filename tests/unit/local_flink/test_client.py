"""An application in Python is submitted by Flink's command line, and what kept it from it is told."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import pytest

from localrun.flink.client import Client
from localrun.flink.deployed import Program
from localrun.flink.distribution import Distribution
from localrun.flink.rest import Refused, Submission

PROGRAM = Program("main.py", "lib/tables.jar", ("lib/business.zip", "lib/more.zip"))
#: Notes what it was given, and where, and ends as it is told.
JAVA = """#!{python}
import json, os, pathlib, sys
given = {{"arguments": sys.argv[1:], "environment": dict(os.environ), "main": pathlib.Path("main.py").read_text()}}
pathlib.Path("{given}").write_text(json.dumps(given))
print({output!r})
sys.exit({status})
"""
TRACE = """Traceback (most recent call last):
business.script.ConfigurationError: a.sql:7: no such column
16:28:04 [main] ERROR PythonDriver - Run python process failed
java.lang.RuntimeException: Python process exits with code: 1
\tat org.apache.flink.client.python.PythonDriver.main(PythonDriver.java:130)
"""


class Setup:
    def __init__(self, directory: Path) -> None:
        self.given = directory / "given.json"
        self.java = directory / "java"
        self.home = directory / "flink" / "pyflink"
        for jar in ("lib/flink-dist-2.2.1.jar", "opt/flink-python-2.2.1.jar"):
            (self.home / jar).parent.mkdir(parents=True, exist_ok=True)
            (self.home / jar).touch()
        self.code = directory / "business.zip"
        with zipfile.ZipFile(self.code, "w") as archive:
            archive.writestr("main.py", "print()")
        self.client = Client(Distribution(self.home, self.java), "http://127.0.0.1:8081")

    def answers(self, output: str = "", status: int = 0) -> None:
        self.java.write_text(JAVA.format(python=sys.executable, given=self.given, output=output, status=status))
        self.java.chmod(0o755)

    def run(self, program: Program = PROGRAM, restore_from: str | None = None) -> None:
        arguments = ("--properties", "a b.json")
        self.client.run(self.code, program, Submission("17", arguments, 3, restore_from, True, {"pipeline.name": "x"}))


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_it_is_run_with_its_files_its_options_and_nothing_of_this_machine(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    setup.answers()
    setup.run(restore_from="file:/savepoints/1")
    given = json.loads(setup.given.read_text())
    unpacked = setup.code.with_suffix("")
    assert given["arguments"][given["arguments"].index("-cp") :] == [
        "-cp",
        f"{setup.home}/lib/flink-dist-2.2.1.jar:{setup.home}/opt/flink-python-2.2.1.jar",
        *("org.apache.flink.client.cli.CliFrontend", "run", "--detached", "--target", "remote"),
        *("-Drest.address=127.0.0.1", "-Drest.port=8081", "-D$internal.pipeline.job-id=17", "-Dpipeline.name=x"),
        *("--parallelism", "3", "--fromSavepoint", "file:/savepoints/1", "--allowNonRestoredState"),
        *("--jarfile", f"{unpacked}/lib/tables.jar", "--pyFiles", f"{unpacked}/lib/business.zip,{unpacked}/lib/more.zip"),
        *("-pyclientexec", sys.executable, "--python", f"{unpacked}/main.py", "--properties", "a b.json"),
    ]
    assert given["main"] == "print()"
    assert given["environment"]["PYTHONPATH"] == str(setup.home.parent)
    assert "AWS_PROFILE" not in given["environment"]


def test_one_of_a_single_file_without_state_has_no_more(setup: Setup) -> None:
    setup.answers()
    setup.run(Program("main.py", None, ()))
    arguments = json.loads(setup.given.read_text())["arguments"]
    assert not {"--jarfile", "--pyFiles", "--fromSavepoint", "--allowNonRestoredState"} & set(arguments)


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (TRACE, "business.script.ConfigurationError: a.sql:7: no such column"),
        ("java.lang.RuntimeException: x\nCaused by: java.net.ConnectException: refused", "java.net.ConnectException: refused"),
        ("", "the program ended with status 31"),
    ],
    ids=["of the program", "of the command line", "none"],
)
def test_the_cause_of_a_failure_is_told(setup: Setup, output: str, told: str) -> None:
    setup.answers(output, 31)
    with pytest.raises(Refused) as refused:
        setup.run()
    assert str(refused.value) == told


def test_code_that_is_no_zip_is_refused(setup: Setup) -> None:
    setup.code.write_bytes(b"jar")
    with pytest.raises(Refused, match="the application's code is no zip"):
        setup.run()
