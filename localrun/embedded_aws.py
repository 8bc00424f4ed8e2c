"""The embedded AWS on this side: its own Python environment, and its process (localrun/emulator holds what runs in it)."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from localrun.aws import ACCOUNT, REGION, ROOT_KEY
from localrun.paths import PROJECT, cache_dir, placed
from localrun.processes import LOCALHOST, Process, ProcessGroups, wait_until_answering
from localrun.tools import Tools

LOCK = PROJECT / "localrun" / "emulator" / "requirements.txt"
INSTALLED_BYTES = 250_000_000
START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Emulator:
    """Where one run's emulator listens, and what it must know of the others."""

    python: Path
    """Interpreter of the emulator's environment."""
    port: int
    directory: Path
    """Code of the running functions; emptied at every start."""
    opensearch: str
    """URL of the node behind the deployed domain."""

    @property
    def endpoint(self) -> str:
        return f"http://{LOCALHOST}:{self.port}"


def prepare(tools: Tools) -> Path:
    """The interpreter of the emulator's environment, made in the cache if it is not there. Raises LocalRunError."""
    locked = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = cache_dir() / f"emulator-{locked}"
    with placed(home, INSTALLED_BYTES, "the AWS emulator") as scratch:
        if scratch is not None:
            tools.report("fetching the AWS emulator (45 MB)")
            tools.uv(
                "emulator-environment",
                "venv",
                "--quiet",
                "--relocatable",
                "--allow-existing",
                "--python",
                sys.executable,
                scratch,
            )
            python = scratch / "bin" / "python"
            tools.uv("emulator-packages", "pip", "sync", "--quiet", "--require-hashes", "--python", python, LOCK)
    return home / "bin" / "python"


def start(emulator: Emulator, groups: ProcessGroups, log: Path) -> Process:
    """Start the emulator and wait until it answers. Raises LocalRunError."""
    shutil.rmtree(emulator.directory, ignore_errors=True)
    emulator.directory.mkdir(parents=True)
    command = (emulator.python, "-m", "localrun.emulator.server", str(emulator.port), sys.executable)
    process = groups.start("AWS emulator", command, log=log, env=environment(emulator), cwd=emulator.directory)
    wait_until_answering(process, f"{emulator.endpoint}/_ministack/health", START_SECONDS)
    return process


def environment(emulator: Emulator) -> dict[str, str]:
    """All the emulator sees of this machine. The functions it runs inherit it: they must find nothing Lambda would not give."""
    return {
        # Programs: node for custom resources written in JavaScript.
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(PROJECT),  # the emulator takes it out before it starts a function
        "HOME": str(emulator.directory),
        "TMPDIR": str(emulator.directory),
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        # For the functions.
        "AWS_ENDPOINT_URL": emulator.endpoint,
        "AWS_ENDPOINT_URL_OPENSEARCH": emulator.opensearch,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        # MiniStack's own settings.
        "AUTH": "true",
        "BIND_HOST": LOCALHOST,
        "GATEWAY_PORT": str(emulator.port),
        "MINISTACK_HOST": LOCALHOST,
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_KEY,
        "MINISTACK_OPENSEARCH_ENDPOINT": emulator.opensearch.removeprefix("http://"),
        "LAMBDA_EXECUTOR": "local",
        # Nothing outside: no containers of this machine's Docker, no listeners beside the port.
        "DOCKER_HOST": f"unix://{emulator.directory}/no-docker.sock",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
