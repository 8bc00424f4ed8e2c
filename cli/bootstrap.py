"""Prepare the project's own environment, then run the command in it.

Runs on the system's Python with nothing but the standard library. What it prepares is pinned and hashed: uv (cli/uv.txt),
the Python environment `.venv` (requirements.txt) and the CDK command line (cli/node/package-lock.json). A stamp in `.venv`
holds the hash of all three, so that a prepared checkout starts at once. What can be shared between checkouts lies in the cache.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
STAMP = VENV / "weir-stamp"
UV_LOCK = PROJECT / "cli" / "uv.txt"
PYTHON_LOCK = PROJECT / "requirements.txt"
NODE_DIR = PROJECT / "cli" / "node"

#: Measured: the environment is 0.8 GB, uv's cache as much again where it cannot be hard-linked, engines 0.5 GB.
CACHE_BYTES = 2_500_000_000
PROJECT_BYTES = 1_000_000_000

EXIT_MACHINE = 3  # something this machine lacks; see cli/output.py for the other codes


class SetUpError(Exception):
    """What is missing, where, and what to do."""


def cache_dir() -> Path:
    """Where downloads are kept: `$WEIR_CACHE`, or the system's cache for root (whose home other users cannot read), or the user's."""
    if chosen := os.environ.get("WEIR_CACHE"):
        return Path(chosen).expanduser().resolve()
    if os.geteuid() == 0:
        return Path("/var/cache/weir")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "weir"


def fingerprint() -> str:
    """Hash of everything the prepared environment depends on."""
    digest = hashlib.sha256(sys.version.encode() + str(VENV).encode())
    for lock in (UV_LOCK, PYTHON_LOCK, NODE_DIR / "package-lock.json"):
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def say(text: str) -> None:
    print(f"weir: {text}", file=sys.stderr, flush=True)


def need_space(directory: Path, needed: int, remedy: str) -> None:
    """Raise SetUpError unless `directory`'s file system has `needed` bytes free."""
    free = shutil.disk_usage(directory).free
    if free < needed:
        raise SetUpError(f"{directory}: {free / 1e9:.1f} GB free, set-up needs {needed / 1e9:.1f} GB; {remedy}")


def make_directory(directory: Path, remedy: str) -> None:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SetUpError(f"{directory}: cannot be created ({error.strerror}); {remedy}") from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise SetUpError(f"{directory}: not writable; {remedy}")


def run(what: str, remedy: str, *command: str | Path, cwd: Path = PROJECT, env: dict[str, str] | None = None) -> None:
    """Run one step of the set-up; its output is shown only when it fails."""
    started = time.monotonic()
    say(f"{what} …")
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SetUpError(f"{what} failed (exit {done.returncode}):\n{done.stdout.strip()[-3000:]}\n{remedy}")
    say(f"{what}: {time.monotonic() - started:.1f} s")


def prepare_uv(cache: Path) -> Path:
    """uv in a small environment of its own in the cache, named by its lock."""
    home = cache / f"uv-{hashlib.sha256(UV_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]}"
    uv = home / "bin" / "uv"
    if not uv.exists():
        scratch = home.with_name(f"{home.name}.{os.getpid()}")
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            run(
                "creating a Python environment",
                "On Debian or Ubuntu: sudo apt install python3-venv",
                sys.executable,
                "-m",
                "venv",
                scratch,
            )
            pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r")
            run("fetching uv", "Check the network and pip's index settings.", scratch / "bin" / "python", *pip, UV_LOCK)
            scratch.rename(home)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return uv


def prepare(cache: Path) -> None:
    """Bring `.venv` and the CDK command line to the locks; safe when two start at once, and after an interruption."""
    choose_cache = "free some, or set WEIR_CACHE to a directory on a larger disk"
    make_directory(cache, "set WEIR_CACHE to a directory you can write to")
    with (cache / "set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        uv = prepare_uv(cache)
        if STAMP.exists() and STAMP.read_text() == fingerprint():
            return
        need_space(cache, CACHE_BYTES, choose_cache)
        need_space(PROJECT, PROJECT_BYTES, "free some, or clone on a larger disk")
        STAMP.unlink(missing_ok=True)
        environment = os.environ | {"UV_CACHE_DIR": str(cache / "uv"), "UV_LINK_MODE": link_mode(cache)}
        environment.pop("VIRTUAL_ENV", None)
        network = "Check the network; what was fetched is kept, so the next run goes on from there."
        run(
            "creating .venv",
            network,
            uv,
            "venv",
            "--quiet",
            "--allow-existing",
            "--python",
            sys.executable,
            VENV,
            env=environment,
        )
        sync = ("pip", "sync", "--quiet", "--require-hashes", "--python", VENV / "bin" / "python", PYTHON_LOCK)
        run("installing Python packages (0.8 GB on disk)", network, uv, *sync, env=environment)
        node = environment | {"PATH": f"{VENV / 'bin'}{os.pathsep}{environment['PATH']}"}
        run(
            "installing the CDK command line",
            network,
            VENV / "bin" / "npm",
            "ci",
            "--silent",
            "--no-fund",
            "--no-audit",
            cwd=NODE_DIR,
            env=node,
        )
        STAMP.write_text(fingerprint())


def link_mode(cache: Path) -> str:
    """Hard links cost no space, and are possible within one file system only."""
    return "hardlink" if cache.stat().st_dev == PROJECT.stat().st_dev else "copy"


def command_environment(cache: Path, started: float) -> dict[str, str]:
    """The environment every command runs in: the project's own tools first, and where they may write."""
    path = os.pathsep.join(filter(None, (str(VENV / "bin"), os.environ.get("PATH"))))
    python_path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return os.environ | {
        "PATH": path,
        "PYTHONPATH": python_path,
        "VIRTUAL_ENV": str(VENV),
        "WEIR_CACHE": str(cache),
        "WEIR_UV": str(prepare_uv(cache)),
        "UV_CACHE_DIR": str(cache / "uv"),
        "WEIR_STARTED": repr(started),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }


def main() -> int:
    started = time.time()
    cache = cache_dir()
    try:
        if not (STAMP.exists() and STAMP.read_text() == fingerprint()):
            prepare(cache)
        environment = command_environment(cache, started)
    except SetUpError as error:
        say(str(error))
        return EXIT_MACHINE
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        return 130
    python = str(VENV / "bin" / "python")
    os.execve(python, [python, "-m", "cli", *sys.argv[1:]], environment)


if __name__ == "__main__":
    sys.exit(main())
