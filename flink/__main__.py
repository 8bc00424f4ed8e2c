"""`python -m flink`: the applications' own tests. What was green is not run again until it changes."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from pathlib import Path

from flink.build import PYTHON, fingerprint, maven
from localrun.errors import LocalRunError
from localrun.flink import distribution
from localrun.paths import PROJECT, cache_dir, make_directory
from localrun.processes import ProcessGroups
from localrun.tools import Tools

#: Surefire's sum for a module, and pytest's where there is nothing but what passed.
_RESULTS = re.compile(r"^\[[A-Z]+\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$", re.MULTILINE)
_PASSED = re.compile(r"^(\d+) passed in [^,]+$", re.MULTILINE)
#: The jars that tests in Python run against, below the sources where Maven makes them.
_JARS = ("flink/sql/target/aggregates.jar", "flink/streams/target/streams-1-tests.jar")
_PYTHON_SECONDS = 900.0


def main() -> int:
    """0 where all passed."""
    green = make_directory(cache_dir()) / f"flink-{fingerprint(tests=True)}.green"
    if green.exists():
        print(f"flink: {green.read_text().strip()}, when it was as it is now")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weir-flink-") as scratch:
        sources = Path(scratch) / "sources"
        try:
            output = maven("verify", sources, ("-DtrimStackTrace=false",), print, tests=True)
            ran, *others = [sum(map(int, column)) for column in zip(*_RESULTS.findall(output), strict=True)] or [0]
            if ran and not any(others):
                output = python_tests(sources, Path(scratch))
                passed = _PASSED.search(output)
                ran, others = ran + int(passed[1] if passed else 0), [] if passed else [1]
        except LocalRunError as error:
            print(error, file=sys.stderr)
            return 1
    if not ran or any(others):
        print(output, file=sys.stderr)
        return 1
    said = f"{ran} passed"
    green.write_text(said + "\n")
    print(f"flink: {said} in {time.monotonic() - started:.1f} s")
    return 0


def python_tests(sources: Path, scratch: Path) -> str:
    """What pytest says of the application in Python, over the jars Maven made of `sources`. Raises LocalRunError."""
    with ProcessGroups() as groups:
        tools = Tools(groups, scratch, print)
        path = (PROJECT / PYTHON, PROJECT, PROJECT / "lambdas", distribution.prepare(tools).python_path)
        environment = os.environ | {
            "PYTHONPATH": ":".join(map(str, path)),
            "WEIR_FLINK_JARS": ":".join(str(sources / jar) for jar in _JARS),
        }
        command = (sys.executable, "-m", "pytest", "-p", "no:cacheprovider", PROJECT / PYTHON / "gateway_tests")
        code, output = tools.output("python-tests", command, environment, cwd=PROJECT, timeout=_PYTHON_SECONDS)
    if code:
        raise LocalRunError(f"{output}\nthe tests of the application in Python ended with status {code}")
    return output


if __name__ == "__main__":
    sys.exit(main())
