"""Apache's distribution of Flink, fetched from PyPI into the cache, and the Java it runs on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from localrun.errors import LocalRunError
from localrun.java import candidates, inspect
from localrun.paths import PROJECT, cache_dir, placed
from localrun.tools import Tools

LOCK = PROJECT / "localrun" / "flink" / "requirements.txt"
#: Measured: 334 MB laid out, beside as much in uv's cache.
INSTALLED_BYTES = 700_000_000
#: The same files everywhere. What differs by platform and version of Python, as what the packages depend on, is for functions in
#: Python, which no application has.
_WHOLE = ("--no-deps", "--only-binary", ":all:", "--python-platform", "x86_64-manylinux_2_17", "--python-version", "3.12")
#: Managed Service for Apache Flink runs applications on the first (developer guide, "Flink 2.2"); Flink runs on both.
JAVA_VERSIONS = (17, 21)


@dataclass(frozen=True, slots=True)
class Distribution:
    """Where it lies, and the Java that runs it."""

    home: Path
    java: Path

    def classpath(self) -> str:
        """Its libraries, Flink itself last, as its own start scripts have it."""
        jars = sorted((self.home / "lib").glob("*.jar"), key=lambda jar: (jar.name.startswith("flink-dist"), jar.name))
        return ":".join(map(str, jars))

    def python_classpath(self) -> str:
        """As `classpath`, with what runs programs in Python."""
        (python,) = (self.home / "opt").glob("flink-python-*.jar")
        return f"{self.classpath()}:{python}"

    @property
    def python_path(self) -> Path:
        """Where Flink's Python API lies, for an interpreter's path."""
        return self.home.parent


def prepare(tools: Tools) -> Distribution:
    """The distribution in the cache, fetched if it is not there. Raises LocalRunError."""
    target = cache_dir() / f"flink-distribution-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    with placed(target, INSTALLED_BYTES, "Apache Flink") as scratch:
        if scratch is not None:
            tools.report("fetching Apache Flink (230 MB)")
            tools.uv("fetch-flink", "pip", "install", "--target", scratch, *_WHOLE, "--require-hashes", "-r", LOCK)
    return Distribution(target / "pyflink", find_java())


def find_java() -> Path:
    """A Java of this machine that runs Flink, that of Managed Flink before others. Raises LocalRunError."""
    found: dict[int, Path] = {}
    for program in candidates():
        java = inspect(program)
        if java is not None:
            found.setdefault(java.version, program)
        if JAVA_VERSIONS[0] in found:
            break
    for version in JAVA_VERSIONS:
        if version in found:
            return found[version]
    has = f"of version {', '.join(map(str, sorted(found)))}" if found else "missing"
    raise LocalRunError(
        f"Flink needs Java {' or '.join(map(str, JAVA_VERSIONS))}, and this machine's is {has}; "
        f"on Debian or Ubuntu: sudo apt install openjdk-{JAVA_VERSIONS[0]}-jdk-headless"
    )
