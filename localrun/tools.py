"""Running the programs that set up and deploy: uv, Maven, the CDK command line."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localrun.errors import LocalRunError
from localrun.paths import cache_dir
from localrun.processes import ProcessGroups, describe_exit

#: A slow network fetches the largest piece, 162 MB, in this time at 0.2 MB/s.
FETCH_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Tools:
    """What a step needs to run programs: they end when the pipeline is stopped, and their output is kept."""

    groups: ProcessGroups
    logs: Path
    report: Callable[[str], None]
    """Takes one line of progress; may be called from any thread."""

    def output(
        self,
        name: str,
        command: Sequence[str | Path],
        env: Mapping[str, str],
        *,
        cwd: Path | None = None,
        timeout: float = FETCH_SECONDS,
    ) -> tuple[int, str]:
        """Run a program to its end; returns its exit code and its output, errors among it. Raises LocalRunError on a timeout."""
        log = self.logs / f"{name}.log"
        code = self.groups.run(name, command, log=log, env=env, cwd=cwd, timeout=timeout)
        return code, log.read_text(errors="replace")

    def uv(self, name: str, *arguments: str | Path) -> None:
        """Run uv with its downloads in the cache. Raises LocalRunError with the end of its output."""
        program = os.environ.get("WEIR_UV") or shutil.which("uv")
        if not program:
            raise LocalRunError(f"{name}: uv not found; run this through ./weir, which brings it, or set WEIR_UV to its path")
        environment = {"UV_CACHE_DIR": str(cache_dir() / "uv")} | os.environ
        environment.pop("VIRTUAL_ENV", None)
        code, output = self.output(name, [program, *arguments], environment)
        if code:
            raise LocalRunError(
                f"{name} failed ({describe_exit(code)}); check the network and uv's settings, then retry:\n{last_lines(output)}"
            )


def last_lines(output: str, count: int = 15) -> str:
    """The end of a program's output, where it says what went wrong."""
    return "\n".join(output.strip().splitlines()[-count:])
