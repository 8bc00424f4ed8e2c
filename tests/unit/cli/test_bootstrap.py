"""The launcher prepares what is missing, says what is in the way, and hands over to the command with the right environment."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import pytest

from cli import bootstrap
from localrun import paths
from localrun.errors import LocalRunError

LOCKS = ("uv.txt", "requirements.txt", "node/package-lock.json")
PLENTY = 10**12


class Usage(NamedTuple):
    """As shutil's."""

    total: int
    used: int
    free: int


class Project(NamedTuple):
    """A checkout and a cache of the tests' own."""

    root: Path
    cache: Path
    steps: list[list[str]]
    """The commands the set-up ran, as text."""

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / "weir-stamp"


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Project:
    made = Project(tmp_path / "checkout", tmp_path / "cache", [])
    (made.root / "node").mkdir(parents=True)
    (made.root / ".venv").mkdir()
    for lock in LOCKS:
        (made.root / lock).write_text(f"{lock}: 1\n")
    monkeypatch.setenv("WEIR_CACHE", str(made.cache))
    monkeypatch.setattr(bootstrap, "PROJECT", made.root)
    monkeypatch.setattr(bootstrap, "VENV", made.root / ".venv")
    monkeypatch.setattr(bootstrap, "STAMP", made.stamp)
    monkeypatch.setattr(bootstrap, "UV_LOCK", made.root / "uv.txt")
    monkeypatch.setattr(bootstrap, "PYTHON_LOCK", made.root / "requirements.txt")
    monkeypatch.setattr(bootstrap, "NODE_DIR", made.root / "node")
    free(monkeypatch, PLENTY)

    def run(what: str, remedy: str, *command: str | Path, cwd: Path | None = None, env: object = None) -> None:
        parts = [str(part) for part in command]
        made.steps.append(parts)
        if parts[1:3] == ["-m", "venv"]:
            (Path(parts[3]) / "bin").mkdir(parents=True)
        elif "pip" in parts and "-m" in parts:
            Path(parts[0]).with_name("uv").touch()

    monkeypatch.setattr(bootstrap, "run", run)
    return made


def free(monkeypatch: pytest.MonkeyPatch, there: int) -> None:
    """The machine has so many bytes free."""
    monkeypatch.setattr(shutil, "disk_usage", lambda directory: Usage(PLENTY, PLENTY - there, there))


class Executed(Exception):
    """What the launcher handed over to."""

    def __init__(self, program: str, arguments: list[str], environment: dict[str, str]) -> None:
        super().__init__(program)
        self.program = program
        self.arguments = arguments
        self.environment = environment


@pytest.fixture(autouse=True)
def never_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    def execve(program: str, arguments: list[str], environment: dict[str, str]) -> NoReturn:
        raise Executed(program, arguments, environment)

    monkeypatch.setattr(os, "execve", execve)


def launched(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Executed:
    monkeypatch.setattr(sys, "argv", ["bootstrap.py", *arguments])
    with pytest.raises(Executed) as handed:
        bootstrap.main()
    return handed.value


def refused(capsys: pytest.CaptureFixture[str]) -> tuple[object, str]:
    with pytest.raises(SystemExit) as ended:
        bootstrap.main()
    return ended.value.code, capsys.readouterr().err


def titles(project: Project) -> list[str]:
    """The programs of the steps, by name, with what they do."""
    return [f"{Path(step[0]).name} {step[1]}" for step in project.steps]


PREPARED = ["uv venv", "uv pip", "npm ci"]


class TestPreparing:
    def test_a_fresh_checkout_is_prepared_and_the_command_run_in_it(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handed = launched(monkeypatch, "demo", "--json", "x y")
        python = str(project.root / ".venv" / "bin" / "python")
        assert handed.program == python
        assert handed.arguments == [python, "-m", "cli", "demo", "--json", "x y"]
        assert titles(project)[2:] == PREPARED
        assert project.stamp.read_text() == bootstrap.fingerprint()

    def test_everything_fetched_is_checked_against_its_lock(self, project: Project) -> None:
        bootstrap.prepare(project.cache)
        root = project.root
        assert project.steps[1][1:] == [
            *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "-r", str(root / "uv.txt")),
        ]
        assert project.steps[3][1:] == [
            *("pip", "sync", "--quiet", "--require-hashes", "--python", str(root / ".venv" / "bin" / "python")),
            str(root / "requirements.txt"),
        ]

    def test_a_prepared_checkout_starts_at_once(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        launched(monkeypatch)
        project.steps.clear()
        launched(monkeypatch, "status")
        assert project.steps == []

    @pytest.mark.parametrize("lock", LOCKS)
    def test_a_changed_lock_prepares_it_again(self, project: Project, monkeypatch: pytest.MonkeyPatch, lock: str) -> None:
        launched(monkeypatch)
        project.steps.clear()
        (project.root / lock).write_text(f"{lock}: 2\n")
        launched(monkeypatch)
        assert titles(project)[-3:] == PREPARED

    def test_an_interrupted_set_up_is_not_taken_for_a_whole_one(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        launched(monkeypatch)
        (project.root / "requirements.txt").write_text("changed\n")

        def fail(what: str, remedy: str, *command: object, **_: object) -> None:
            if what.startswith("installing Python packages"):
                raise LocalRunError("no network")

        monkeypatch.setattr(bootstrap, "run", fail)
        with pytest.raises(LocalRunError, match="no network"):
            bootstrap.prepare(project.cache)
        assert not project.stamp.exists()

    def test_what_another_launcher_has_prepared_in_the_meantime_is_not_prepared_again(self, project: Project) -> None:
        project.stamp.write_text(bootstrap.fingerprint())
        bootstrap.prepare(project.cache)
        assert not set(titles(project)) & set(PREPARED)

    @pytest.mark.parametrize("prepared", [False, True], ids=["fresh", "prepared, but for the cache"])
    def test_two_launchers_do_not_prepare_at_once(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, prepared: bool
    ) -> None:
        if prepared:
            project.stamp.write_text(bootstrap.fingerprint())
        step = bootstrap.run
        held: list[bool] = []

        def look(what: str, remedy: str, *command: str | Path, **rest: Any) -> None:
            with (project.cache / "set-up.lock").open("a") as lock:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    held.append(False)
                except BlockingIOError:
                    held.append(True)
            step(what, remedy, *command, **rest)

        monkeypatch.setattr(bootstrap, "run", look)
        project.cache.mkdir()
        launched(monkeypatch)
        assert held == [True] * (2 if prepared else 5)


class TestUv:
    def test_it_has_a_place_in_the_cache_named_by_its_lock_and_is_fetched_once(self, project: Project) -> None:
        project.cache.mkdir()
        uv = bootstrap.prepare_uv(project.cache)
        name = hashlib.sha256(b"uv.txt: 1\n" + sys.version.encode()).hexdigest()[:12]
        assert uv == project.cache / f"uv-{name}" / "bin" / "uv"
        assert bootstrap.prepare_uv(project.cache) == uv
        assert len(project.steps) == 2
        (project.root / "uv.txt").write_text("uv.txt: 2\n")
        assert bootstrap.prepare_uv(project.cache) != uv
        assert len(project.steps) == 4

    def test_a_failure_leaves_nothing(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        project.cache.mkdir()

        def fail(what: str, remedy: str, *command: str | Path, **_: object) -> None:
            if "pip" in command:
                raise LocalRunError("no network")
            Path(command[-1]).mkdir()

        monkeypatch.setattr(bootstrap, "run", fail)
        with pytest.raises(LocalRunError, match="no network"):
            bootstrap.prepare_uv(project.cache)
        assert list(project.cache.iterdir()) == []


class TestFingerprint:
    @pytest.mark.parametrize("lock", LOCKS)
    def test_every_lock_is_in_it(self, project: Project, lock: str) -> None:
        before = bootstrap.fingerprint()
        assert bootstrap.fingerprint() == before
        (project.root / lock).write_text(f"{lock}: 2\n")
        assert bootstrap.fingerprint() != before
        (project.root / lock).write_text(f"{lock}: 1\n")
        assert bootstrap.fingerprint() == before

    @pytest.mark.usefixtures("project")
    def test_another_python_makes_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = bootstrap.fingerprint()
        monkeypatch.setattr(sys, "version", "3.99.0")
        assert bootstrap.fingerprint() != before

    @pytest.mark.usefixtures("project")
    def test_a_checkout_that_was_moved_makes_another(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = bootstrap.fingerprint()
        monkeypatch.setattr(bootstrap, "VENV", Path("/elsewhere/.venv"))
        assert bootstrap.fingerprint() != before


class TestInTheWay:
    def test_too_little_space_for_the_cache_is_said_before_anything_is_fetched(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        free(monkeypatch, 2_400_000_000)
        assert refused(capsys) == (
            bootstrap.EXIT_MACHINE,
            f"weir: {project.cache}: set-up needs 2.5 GB, 2.4 GB are free; "
            "free some, or use a larger disk: WEIR_CACHE says where the cache is\n",
        )
        assert project.steps == []

    def test_too_little_space_for_the_checkout_names_it(
        self, project: Project, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def usage(directory: Path) -> Usage:
            there = 500_000_000 if directory == project.root else PLENTY
            return Usage(PLENTY, PLENTY - there, there)

        monkeypatch.setattr(shutil, "disk_usage", usage)
        code, said = refused(capsys)
        assert code == bootstrap.EXIT_MACHINE
        assert f"weir: {project.root}: the project's environment needs 1.0 GB, 0.5 GB are free" in said
        assert not set(titles(project)) & set(PREPARED)

    def test_a_prepared_checkout_needs_no_space(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        launched(monkeypatch)
        free(monkeypatch, 0)
        launched(monkeypatch)

    @pytest.mark.parametrize("prepared", [False, True], ids=["fresh", "prepared"])
    def test_a_file_where_the_cache_should_be_is_named(
        self, project: Project, capsys: pytest.CaptureFixture[str], prepared: bool
    ) -> None:
        if prepared:
            project.stamp.write_text(bootstrap.fingerprint())
        project.cache.touch()
        assert refused(capsys) == (
            bootstrap.EXIT_MACHINE,
            f"weir: {project.cache}: cannot be created (File exists); set WEIR_CACHE to a directory you can write to\n",
        )
        assert project.steps == []

    @pytest.mark.parametrize("prepared", [False, True], ids=["fresh", "prepared"])
    def test_a_cache_that_cannot_be_written_is_named(
        self, project: Project, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, prepared: bool
    ) -> None:
        if prepared:
            project.stamp.write_text(bootstrap.fingerprint())
        monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anywhere
        assert refused(capsys) == (
            bootstrap.EXIT_MACHINE,
            f"weir: {project.cache}: not writable; set WEIR_CACHE to a directory you can write to\n",
        )
        assert project.steps == []

    @pytest.mark.usefixtures("project")
    def test_an_interruption_says_that_it_can_be_repeated(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def interrupt(cache: Path) -> NoReturn:
            raise KeyboardInterrupt

        monkeypatch.setattr(bootstrap, "prepare", interrupt)
        assert refused(capsys) == (bootstrap.EXIT_INTERRUPTED, "weir: interrupted; run it again to go on\n")


class TestCommandEnvironment:
    @pytest.fixture
    def environment(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        project.cache.mkdir()
        bootstrap.prepare_uv(project.cache)
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        monkeypatch.setenv("PYTHONPATH", "/my/own")
        monkeypatch.setenv("VIRTUAL_ENV", "/another/venv")
        monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
        monkeypatch.setenv("AWS_PROFILE", "mine")
        return bootstrap.command_environment(project.cache, 1_700_000_000.25)

    def test_the_projects_own_tools_come_first(self, project: Project, environment: dict[str, str]) -> None:
        venv = project.root / ".venv"
        assert environment["PATH"] == f"{venv / 'bin'}:/usr/bin:/bin"
        assert environment["VIRTUAL_ENV"] == str(venv)
        assert environment["PYTHONPATH"] == f"{paths.PROJECT}:{paths.PROJECT / 'lambdas'}:/my/own"

    def test_what_it_writes_goes_into_the_cache(self, project: Project, environment: dict[str, str]) -> None:
        assert environment["WEIR_CACHE"] == str(project.cache)
        assert environment["UV_CACHE_DIR"] == str(project.cache / "uv")
        assert [environment["WEIR_UV"]] == list(map(str, project.cache.glob("uv-*/bin/uv")))

    def test_bytecode_is_kept_even_where_the_user_wants_none(self, environment: dict[str, str]) -> None:
        assert "PYTHONDONTWRITEBYTECODE" not in environment
        assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"

    def test_when_the_launcher_began_is_handed_on_in_full(self, environment: dict[str, str]) -> None:
        assert environment["WEIR_STARTED"] == "1700000000.25"
        assert environment["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] == "1"

    def test_the_rest_is_the_users(self, environment: dict[str, str]) -> None:
        assert environment["AWS_PROFILE"] == "mine"

    def test_without_a_path_there_is_no_empty_entry(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty entry would mean the current directory."""
        project.cache.mkdir()
        monkeypatch.delenv("PATH")
        monkeypatch.delenv("PYTHONPATH", raising=False)
        environment = bootstrap.command_environment(project.cache, 0.0)
        assert environment["PATH"] == str(project.root / ".venv" / "bin")
        assert environment["PYTHONPATH"] == f"{paths.PROJECT}:{paths.PROJECT / 'lambdas'}"


class TestLinkMode:
    def test_hard_links_within_one_file_system(self, project: Project) -> None:
        project.cache.mkdir()
        assert bootstrap.link_mode(project.cache) == "hardlink"

    def test_copies_across_two(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        project.cache.mkdir()
        monkeypatch.setattr(bootstrap, "PROJECT", Path("/proc"))
        assert bootstrap.link_mode(project.cache) == "copy"


class TestStep:
    """The real `run`: only what fails is shown."""

    def test_a_step_is_named_and_its_output_is_not_shown(self, capfd: pytest.CaptureFixture[str]) -> None:
        bootstrap.run("fetching", "remedy", sys.executable, "-c", "print('chatter')")
        out, err = capfd.readouterr()
        assert out == ""
        assert err.startswith("weir: fetching …\nweir: fetching: ")
        assert "chatter" not in err

    def test_a_failure_has_the_output_and_the_remedy(self) -> None:
        program = "import sys; print('out'); print('err', file=sys.stderr, flush=True); sys.exit(7)"
        with pytest.raises(LocalRunError) as failed:
            bootstrap.run("fetching", "Check the network.", sys.executable, "-uc", program)
        assert str(failed.value) == "fetching failed (exit 7):\nout\nerr\nCheck the network."


def test_it_runs_on_a_python_with_nothing_but_the_standard_library(tmp_path: Path) -> None:
    """`-I -S` leaves out every package and every variable; what is asked for is refused before anything is prepared."""
    program = (
        "import runpy, sys, types\n"
        f"module = runpy.run_path({str(paths.PROJECT / 'cli' / 'bootstrap.py')!r})\n"
        "try:\n    module['prepare'](module['Path'](sys.argv[1]))\n"
        "except module['LocalRunError'] as error:\n    print(error)\n"
    )
    cache = tmp_path / "file"
    cache.touch()
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program, cache], capture_output=True, text=True, timeout=20)
    assert done.stderr == ""
    assert done.stdout == f"{cache}: cannot be created (File exists); set WEIR_CACHE to a directory you can write to\n"
