"""`python -m flink`: the applications' own tests. What was green is not run again until it changes."""

from __future__ import annotations

import re
import sys
import tempfile
import time
from pathlib import Path

from flink.build import fingerprint, maven
from localrun.errors import LocalRunError
from localrun.paths import cache_dir, make_directory

#: Surefire's sum for a module.
_RESULTS = re.compile(r"^\[[A-Z]+\] Tests run: (\d+), Failures: (\d+), Errors: (\d+), Skipped: (\d+)$", re.MULTILINE)


def main() -> int:
    """0 where all passed."""
    green = make_directory(cache_dir()) / f"flink-{fingerprint(tests=True)}.green"
    if green.exists():
        print(f"flink: {green.read_text().strip()}, when it was as it is now")
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="weir-flink-") as scratch:
        try:
            output = maven("verify", Path(scratch) / "sources", ("-DtrimStackTrace=false",), print, tests=True)
        except LocalRunError as error:
            print(error, file=sys.stderr)
            return 1
    ran, *others = [sum(map(int, column)) for column in zip(*_RESULTS.findall(output), strict=True)] or [0]
    if not ran or any(others):
        print(output, file=sys.stderr)
        return 1
    said = f"{ran} passed"
    green.write_text(said + "\n")
    print(f"flink: {said} in {time.monotonic() - started:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
