"""A real OpenSearch node: fetched from Maven, laid out once in the cache, started with a configuration of its own for each run.

The distribution is the official archive's layout with every standard module, as the OpenSearch project publishes it for
integration tests. Official plugins of the same version are installed where the Maven repository in use has them; the others are
named in the run's list of what is absent.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localrun import maven
from localrun.aws import program_environment
from localrun.errors import LocalRunError
from localrun.java import Java
from localrun.maven import Artifact
from localrun.paths import cache_dir, make_directory, placed
from localrun.processes import LOCALHOST, Process, ProcessGroups, User, wait_until_answering
from localrun.tools import Tools

VERSION = "3.6.0"
CORE = Artifact("org.opensearch.distribution.integ-test-zip", "opensearch", VERSION)
#: Parents before the plugins that extend them.
PLUGINS = tuple(
    Artifact("org.opensearch.plugin", name, f"{VERSION}.0")
    for name in (
        "opensearch-job-scheduler",
        "opensearch-notifications-core",
        "notifications",
        "alerting",
        "opensearch-anomaly-detection",
        "opensearch-index-management",
        "opensearch-sql-plugin",
        "opensearch-security-analytics",
    )
)
#: Never installed: it wants certificates and users, and the environment `local` has fine-grained access off.
SECURITY = "opensearch-security (fine-grained access)"
#: Measured: 162 MB of zip in Maven's repository and beside it, 190 MB laid out.
ASSEMBLED_BYTES = 700_000_000
MANIFEST = "weir.json"
HEAP = "1g"
#: The first compiler alone: half the CPU of a start, and warm within seconds, at about 200 us of CPU a document.
BRIEF = ("-XX:TieredStopAtLevel=1",)
#: The second one makes it 85 us after about 100,000 documents. It compiles what is eight times as hot as by default: otherwise it
#: takes as much CPU as the indexing for minutes.
LASTING = (
    "-XX:Tier4InvocationThreshold=40000",
    "-XX:Tier4MinInvocationThreshold=5000",
    "-XX:Tier4CompileThreshold=120000",
    "-XX:Tier4BackEdgeThreshold=320000",
)
START_SECONDS = 120.0
#: Debian's and most systems' `nobody`. OpenSearch refuses to run as root.
NOBODY = User(uid=65_534, gid=65_534)


@dataclass(frozen=True, slots=True)
class Home:
    """A laid out distribution."""

    path: Path
    absent: tuple[str, ...]
    """Plugins and modules that a managed domain has and this has not."""


def prepare(java: Java, tools: Tools) -> Home:
    """The distribution in the cache, fetched and laid out if it is not there. Raises LocalRunError."""
    cache = cache_dir()
    # On a Java without Thai segmentation the module of language analyzers breaks every index creation: that one has its own home.
    home = cache / f"opensearch-{VERSION}{'' if java.segments_thai else '-without-analyzers'}"
    with placed(home, ASSEMBLED_BYTES, f"OpenSearch {VERSION}") as scratch:
        if scratch is not None:
            tools.report(f"fetching OpenSearch {VERSION} (162 MB)")
            downloads = scratch / "downloads"
            found = maven.fetch((CORE, *PLUGINS), downloads, make_directory(cache / "maven"), tools)
            if CORE not in found:
                raise LocalRunError(
                    f"the Maven repository in use has no {CORE.group}:{CORE.name}:{VERSION}:zip, which is the node itself"
                )
            tools.report("laying out OpenSearch")
            lay_out(scratch, found, java)
            shutil.rmtree(downloads)
    return Home(home, tuple(json.loads((home / MANIFEST).read_text())["absent"]))


def lay_out(home: Path, found: dict[Artifact, Path], java: Java) -> None:
    """Unpack the distribution and its plugins into `home`, and note in its manifest what is absent."""
    with zipfile.ZipFile(found[CORE]) as archive:
        archive.extractall(home)
    inner = home / f"{CORE.name}-{VERSION}"
    for part in inner.iterdir():
        part.rename(home / part.name)
    inner.rmdir()
    (home / "plugins").mkdir(exist_ok=True)
    absent = [f"OpenSearch plugin {SECURITY}"]
    for plugin in PLUGINS:
        if plugin not in found or not install_plugin(home, found[plugin]):
            absent.append(f"OpenSearch plugin {plugin.name}")
    if not java.segments_thai:
        shutil.rmtree(home / "modules" / "analysis-common")
        absent.append("OpenSearch module analysis-common (this Java lacks the locale data of its language analyzers)")
    (home / MANIFEST).write_text(json.dumps({"version": VERSION, "absent": absent}))
    for path in home.rglob("*"):  # readable by the user the node runs as, whatever our umask
        path.chmod(0o755 if path.is_dir() else 0o644)


def install_plugin(home: Path, archive: Path) -> bool:
    """Unpack a plugin. Returns False, and installs nothing, when one it extends is not installed."""
    with zipfile.ZipFile(archive) as files:
        descriptor = parse_properties(files.read("plugin-descriptor.properties").decode())
        if not all(
            (home / "plugins" / parent).is_dir() or (home / "modules" / parent).is_dir()
            for parent in required_plugins(descriptor)
        ):
            return False
        target = home / "plugins" / descriptor["name"]
        files.extractall(target)
    if (target / "config").is_dir():
        shutil.copytree(target / "config", home / "config" / descriptor["name"])
    return True


def parse_properties(text: str) -> dict[str, str]:
    """A Java properties file of plain `key=value` lines."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line and not line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def required_plugins(descriptor: dict[str, str]) -> list[str]:
    """Plugins a descriptor extends, without those it marks as optional (`name;optional=true`)."""
    extended = (entry.strip() for entry in descriptor.get("extended.plugins", "").split(","))
    return [entry for entry in extended if entry and ";optional=true" not in entry]


@dataclass(frozen=True, slots=True)
class Node:
    """Where one run's node keeps its files and listens."""

    home: Home
    directory: Path
    """Configuration, index, logs; emptied at every start, as the emulator forgets its streams too."""
    http_port: int
    transport_port: int
    lasting: bool = False
    """It lives long enough to earn back what the second compiler costs."""

    @property
    def endpoint(self) -> str:
        return f"http://{LOCALHOST}:{self.http_port}"

    @property
    def configuration(self) -> Path:
        return self.directory / "config"

    @property
    def temporary(self) -> Path:
        return self.directory / "tmp"


def start(node: Node, java: Java, groups: ProcessGroups, log: Path) -> Process:
    """Start the node and return at once; `wait` says when it answers. Raises LocalRunError."""
    user = NOBODY if os.geteuid() == 0 else None
    configure(node)
    if user:
        for needed in (java.program.resolve(), node.home.path, node.directory):
            check_reachable(needed)
        for path in (node.directory, *node.directory.rglob("*")):
            os.chown(path, user.uid, user.gid)
    environment = program_environment(node.endpoint)
    own = {"PATH": environment["PATH"], "HOME": str(node.directory), "LANG": "C.UTF-8"}
    return groups.start("OpenSearch", command(node, java), log=log, env=own, cwd=node.directory, user=user)


def wait(process: Process, node: Node) -> float:
    """Wait until the node takes requests; returns the seconds it took. Raises LocalRunError."""
    return wait_until_answering(process, f"{node.endpoint}/_cluster/health", START_SECONDS, is_healthy)


def is_healthy(status: int, body: bytes) -> bool:
    return status == 200 and json.loads(body)["status"] in ("green", "yellow")


def configure(node: Node) -> None:
    """Write the run's configuration: the distribution's, and what is this node's own."""
    shutil.rmtree(node.directory, ignore_errors=True)
    shutil.copytree(node.home.path / "config", node.configuration)
    for name in ("data", "logs"):
        (node.directory / name).mkdir()
    node.temporary.mkdir()
    (node.configuration / "opensearch.yml").write_text(
        "".join(f"{key}: {json.dumps(value)}\n" for key, value in settings(node).items())
    )


def settings(node: Node) -> dict[str, str | int | bool]:
    """The node's settings: one node that only this machine reaches and that keeps indexing on a nearly full disk."""
    return {
        "cluster.name": "weir-local",
        "node.name": "local",
        "path.data": str(node.directory / "data"),
        "path.logs": str(node.directory / "logs"),
        "network.host": LOCALHOST,
        "http.port": node.http_port,
        "transport.port": node.transport_port,
        "discovery.type": "single-node",
        "cluster.routing.allocation.disk.threshold_enabled": False,
        # Bulk requests side by side fill a segment each, and small segments cost: a fifth less CPU a document than with two.
        "node.processors": 1,
    }


def command(node: Node, java: Java) -> Sequence[str | Path]:
    """The command line, as the distribution's own start script makes it."""
    home = node.home.path
    options = [
        f"-Xms{HEAP}",
        f"-Xmx{HEAP}",
        "-XX:+UseSerialGC",
        "-XX:-OmitStackTraceInFastThrow",
        "-Dfile.encoding=UTF-8",
        "-Dopensearch.networkaddress.cache.ttl=60",
        "-Dopensearch.networkaddress.cache.negative.ttl=10",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "-Dio.netty.recycler.maxCapacityPerThread=0",
        "-Dio.netty.allocator.numDirectArenas=0",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dlog4j2.disable.jmx=true",
        "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
        "--add-opens=java.base/java.nio=ALL-UNNAMED",
        f"-Djava.io.tmpdir={node.temporary}",
        f"-javaagent:{home / 'agent' / 'opensearch-agent.jar'}",
        f"-Dopensearch.path.home={home}",
        f"-Dopensearch.path.conf={node.configuration}",
        "-Dopensearch.distribution.type=zip",
        "-Dopensearch.bundled_jdk=false",
    ]
    options += LASTING if node.lasting else BRIEF
    if "jdk.incubator.vector" in java.modules:
        options.append("--add-modules=jdk.incubator.vector")
    return [java.program, *options, "-cp", f"{home / 'lib'}/*", "org.opensearch.bootstrap.OpenSearch"]


def check_reachable(path: Path) -> None:
    """Raise LocalRunError unless other users can enter every directory above `path`."""
    for parent in path.parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise LocalRunError(
                f"{parent}: closed to other users, but OpenSearch must not run as root and so runs as user {NOBODY.uid}, "
                f"which needs {path}; set WEIR_CACHE (JAVA_HOME likewise) to a directory open to all, such as /var/cache/weir"
            )
