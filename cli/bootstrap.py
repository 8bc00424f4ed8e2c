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
from typing import NoReturn

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from localrun.errors import LocalRunError  # noqa: E402  # these two need nothing but the standard library
from localrun.paths import PYTHON_PATH, cache_dir, make_directory, need_space  # noqa: E402

VENV = PROJECT / ".venv"
STAMP = VENV / "weir-stamp"
UV_LOCK = PROJECT / "cli" / "uv.txt"
PYTHON_LOCK = PROJECT / "requirements.txt"
NODE_DIR = PROJECT / "cli" / "node"

#: Measured: the environment is 0.8 GB, uv's cache as much again where it cannot be hard-linked, engines 0.5 GB.
CACHE_BYTES = 2_500_000_000
PROJECT_BYTES = 1_000_000_000

#: See cli/output.py.
EXIT_MACHINE = 3
EXIT_INTERRUPTED = 130


def fingerprint() -> str:
    """Hash of everything the prepared environment depends on."""
    digest = hashlib.sha256(sys.version.encode() + str(VENV).encode())
    for lock in (UV_LOCK, PYTHON_LOCK, NODE_DIR / "package-lock.json"):
        digest.update(lock.read_bytes())
    return digest.hexdigest()


def say(text: str) -> None:
    print(f"weir: {text}", file=sys.stderr, flush=True)


def run(what: str, remedy: str, *command: str | Path, cwd: Path = PROJECT, env: dict[str, str] | None = None) -> None:
    """Run one step of the set-up; its output is shown only when it fails."""
    started = time.monotonic()
    say(f"{what} …")
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise LocalRunError(f"{what} failed (exit {done.returncode}):\n{done.stdout.strip()[-3000:]}\n{remedy}")
    say(f"{what}: {time.monotonic() - started:.1f} s")


def uv_program(cache: Path) -> Path:
    """uv, in a small environment of its own in the cache, named by its lock."""
    name = hashlib.sha256(UV_LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    return cache / f"uv-{name}" / "bin" / "uv"


def prepare_uv(cache: Path) -> Path:
    """Fetch uv where it is not there yet; returns the program."""
    uv = uv_program(cache)
    if not uv.exists():
        home = uv.parent.parent
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


def is_prepared(cache: Path) -> bool:
    """Whether checkout and cache have all that the locks ask for."""
    return has_environment() and uv_program(cache).exists()


def has_environment() -> bool:
    """Whether the checkout has its environment and the CDK command line."""
    return STAMP.exists() and STAMP.read_text() == fingerprint()


def prepare(cache: Path) -> None:
    """Bring `.venv` and the CDK command line to the locks; safe when two start at once, and after an interruption."""
    make_directory(cache)
    with (cache / "set-up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_prepared(cache):
            return
        need_space(cache, CACHE_BYTES, "set-up")
        uv = prepare_uv(cache)
        if has_environment():
            return
        need_space(PROJECT, PROJECT_BYTES, "the project's environment")
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
    python_path = os.pathsep.join(filter(None, (PYTHON_PATH, os.environ.get("PYTHONPATH"))))
    # Compiling aws-cdk-lib anew at every start costs 5 s: where the user wants no bytecode written, .venv still has it.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {
        "PATH": path,
        "PYTHONPATH": python_path,
        "VIRTUAL_ENV": str(VENV),
        "WEIR_CACHE": str(cache),
        "WEIR_UV": str(uv_program(cache)),
        "UV_CACHE_DIR": str(cache / "uv"),
        "WEIR_STARTED": repr(started),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }


def main() -> NoReturn:
    started = time.time()
    try:
        cache = cache_dir()
        if not is_prepared(cache):
            prepare(cache)
        environment = command_environment(cache, started)
    except LocalRunError as error:
        say(str(error))
        sys.exit(EXIT_MACHINE)
    except KeyboardInterrupt:
        say("interrupted; run it again to go on")
        sys.exit(EXIT_INTERRUPTED)
    python = str(VENV / "bin" / "python")
    os.execve(python, [python, "-m", "cli", *sys.argv[1:]], environment)  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
