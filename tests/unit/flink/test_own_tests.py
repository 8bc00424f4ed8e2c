"""The applications' own tests run once for what they test, and count."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink import __main__ as tests

OUTPUT = """[INFO] Tests run: 13, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 21.04 s -- in weir.flink.local.ConnectorTest
[INFO] Tests run: 13, Failures: 0, Errors: 0, Skipped: 0
[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0
[INFO] BUILD SUCCESS
"""
PYTHON = "............................\n28 passed in 61.00s (0:01:01)\n"


@pytest.fixture
def maven(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """What Maven says, one run after the other; the sources are always the same."""
    said: list[str] = []
    monkeypatch.setattr(tests, "fingerprint", lambda **_: "0123456789ab")
    monkeypatch.setattr(tests, "maven", lambda *_, **__: said.pop(0))
    monkeypatch.setattr(tests, "python_tests", lambda *_: said.pop(0))
    monkeypatch.setenv("WEIR_CACHE", str(tmp_path))
    return said


def test_the_sums_of_the_modules_are_added_to_what_passed_in_python(maven: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    maven += [OUTPUT, PYTHON]
    assert tests.main() == 0
    assert capsys.readouterr().out.startswith("flink: 45 passed in ")


def test_what_was_green_is_not_run_again(maven: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    maven += [OUTPUT, PYTHON]
    assert (tests.main(), tests.main()) == (0, 0)
    assert capsys.readouterr().out.splitlines()[1] == "flink: 45 passed, when it was as it is now"


@pytest.mark.parametrize(
    "output",
    [OUTPUT.replace("4, Failures: 0", "4, Failures: 1"), OUTPUT.replace("Skipped: 0", "Skipped: 1"), "[INFO] BUILD SUCCESS\n"],
    ids=["failed", "skipped", "none ran"],
)
def test_only_a_run_of_all_is_green(maven: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    maven += [output, OUTPUT, PYTHON]
    assert (tests.main(), tests.main()) == (1, 0)
    assert output in capsys.readouterr().err


@pytest.mark.parametrize("output", ["27 passed, 1 skipped in 61.00s\n", "no tests ran in 0.01s\n"], ids=["skipped", "none ran"])
def test_only_a_run_of_all_in_python_is_green(maven: list[str], output: str, capsys: pytest.CaptureFixture[str]) -> None:
    maven += [OUTPUT, output]
    assert tests.main() == 1
    assert output in capsys.readouterr().err
