"""The node's distribution is laid out whole, its plugins only with what they extend, its run in a directory of its own."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from localrun import opensearch
from localrun.errors import LocalRunError
from localrun.java import Java
from localrun.maven import Artifact
from localrun.opensearch import CORE, MANIFEST, PLUGINS, Home, Node, check_reachable, command, configure, is_healthy, lay_out

JAVA = Java(Path("/jvm/bin/java"), 21, frozenset({"java.base", "jdk.incubator.vector"}), segments_thai=True)
SMALL_JAVA = Java(Path("/jvm/bin/java"), 21, frozenset({"java.base"}), segments_thai=False)
SCHEDULER = next(plugin for plugin in PLUGINS if plugin.name == "opensearch-job-scheduler")
ALERTING = next(plugin for plugin in PLUGINS if plugin.name == "alerting")
DETECTION = next(plugin for plugin in PLUGINS if plugin.name == "opensearch-anomaly-detection")


def archive(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def core(tmp_path: Path) -> Path:
    inner = f"opensearch-{opensearch.VERSION}"
    return archive(
        tmp_path / "core.zip",
        {
            f"{inner}/lib/opensearch.jar": "",
            f"{inner}/config/opensearch.yml": "# the distribution's",
            f"{inner}/config/log4j2.properties": "",
            f"{inner}/modules/analysis-common/analysis.jar": "",
        },
    )


def plugin(tmp_path: Path, name: str, extended: str = "", *, config: bool = False) -> Path:
    files = {"plugin-descriptor.properties": f"# made\nname={name}\nextended.plugins={extended}\n", f"{name}.jar": ""}
    return archive(tmp_path / f"{name}.zip", files | ({"config/settings.yml": "a: 1"} if config else {}))


def laid_out(tmp_path: Path, found: dict[Artifact, Path], java: Java = JAVA) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    lay_out(home, {CORE: core(tmp_path)} | found, java)
    return home


def absent(home: Path) -> list[str]:
    listed: list[str] = json.loads((home / MANIFEST).read_text())["absent"]
    return listed


def test_the_distribution_lies_at_the_top_and_every_user_can_read_it(tmp_path: Path) -> None:
    home = laid_out(tmp_path, {})
    assert (home / "lib" / "opensearch.jar").stat().st_mode & 0o777 == 0o644
    assert (home / "lib").stat().st_mode & 0o777 == 0o755
    assert (home / "modules" / "analysis-common").is_dir()


def test_what_was_not_found_is_named_as_absent(tmp_path: Path) -> None:
    home = laid_out(tmp_path, {SCHEDULER: plugin(tmp_path, "opensearch-job-scheduler")})
    assert (home / "plugins" / "opensearch-job-scheduler" / "opensearch-job-scheduler.jar").exists()
    assert absent(home) == [
        "OpenSearch plugin opensearch-security (fine-grained access)",
        *(f"OpenSearch plugin {plugin.name}" for plugin in PLUGINS if plugin != SCHEDULER),
    ]


def test_a_plugin_brings_its_configuration(tmp_path: Path) -> None:
    home = laid_out(tmp_path, {SCHEDULER: plugin(tmp_path, "opensearch-job-scheduler", config=True)})
    assert (home / "config" / "opensearch-job-scheduler" / "settings.yml").read_text() == "a: 1"


def test_a_plugin_without_the_one_it_extends_is_absent(tmp_path: Path) -> None:
    home = laid_out(tmp_path, {DETECTION: plugin(tmp_path, "opensearch-anomaly-detection", "opensearch-job-scheduler")})
    assert list((home / "plugins").iterdir()) == []
    assert "OpenSearch plugin opensearch-anomaly-detection" in absent(home)


def test_a_plugin_extends_others_modules_and_what_is_optional(tmp_path: Path) -> None:
    extended = "opensearch-job-scheduler, analysis-common, opensearch-security;optional=true"
    home = laid_out(
        tmp_path,
        {SCHEDULER: plugin(tmp_path, "opensearch-job-scheduler"), ALERTING: plugin(tmp_path, "opensearch-alerting", extended)},
    )
    assert (home / "plugins" / "opensearch-alerting").is_dir()


def test_a_java_without_locale_data_has_no_language_analyzers(tmp_path: Path) -> None:
    home = laid_out(tmp_path, {}, SMALL_JAVA)
    assert not (home / "modules" / "analysis-common").exists()
    assert absent(home)[-1].startswith("OpenSearch module analysis-common")


def test_each_run_has_its_own_configuration_and_starts_empty(tmp_path: Path) -> None:
    node = Node(Home(laid_out(tmp_path, {}), ()), tmp_path / "run", 9_201, 9_301)
    (tmp_path / "run" / "data" / "old").mkdir(parents=True)
    configure(node)
    settings = dict(line.split(": ", 1) for line in (node.configuration / "opensearch.yml").read_text().splitlines())
    assert settings == {
        "cluster.name": '"weir-local"',
        "node.name": '"local"',
        "path.data": f'"{tmp_path}/run/data"',
        "path.logs": f'"{tmp_path}/run/logs"',
        "network.host": '"127.0.0.1"',
        "http.port": "9201",
        "transport.port": "9301",
        "discovery.type": '"single-node"',
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        "node.processors": "1",
    }
    assert (node.configuration / "log4j2.properties").exists()
    assert list((tmp_path / "run" / "data").iterdir()) == []


def test_the_command_runs_the_shared_distribution_on_the_runs_configuration(tmp_path: Path) -> None:
    node = Node(Home(Path("/cache/opensearch"), ()), tmp_path, 1, 2)
    words = [str(word) for word in command(node, JAVA)]
    assert words[0] == "/jvm/bin/java"
    assert words[-3:] == ["-cp", "/cache/opensearch/lib/*", "org.opensearch.bootstrap.OpenSearch"]
    assert "-Dopensearch.path.home=/cache/opensearch" in words
    assert f"-Dopensearch.path.conf={tmp_path}/config" in words
    assert "-Xms1g" in words
    assert "-Xmx1g" in words
    assert "--add-modules=jdk.incubator.vector" in words
    assert "--add-modules=jdk.incubator.vector" not in command(node, SMALL_JAVA)


def test_only_a_lasting_node_has_the_second_compiler(tmp_path: Path) -> None:
    brief, lasting = (command(Node(Home(Path("/cache/opensearch"), ()), tmp_path, 1, 2, kind), JAVA) for kind in (False, True))
    assert "-XX:TieredStopAtLevel=1" in brief
    assert "-XX:TieredStopAtLevel=1" not in lasting
    assert "-XX:Tier4InvocationThreshold=40000" in lasting


@pytest.mark.parametrize(
    ("status", "body", "healthy"),
    [
        (200, b'{"status": "green"}', True),
        (200, b'{"status": "yellow"}', True),
        (200, b'{"status": "red"}', False),
        (503, b"", False),
    ],
)
def test_the_node_is_up_when_its_cluster_is(status: int, body: bytes, healthy: bool) -> None:
    assert is_healthy(status, body) is healthy


def test_a_closed_directory_above_the_distribution_is_named_with_the_remedy(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(LocalRunError, match=r"closed to other users, but OpenSearch must not run as root.*set WEIR_CACHE"):
        check_reachable(closed / "opensearch")
