"""Lambda: the interpreter functions run on, the worker of Kinesis event sources off, and invocations without a fixed wait."""

from __future__ import annotations

import re
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localrun.emulator.layout import replace, require

#: A function's log line reaches us well within this after its answer; MiniStack waits 50 ms for one at every invocation.
LOG_WAIT_SECONDS = 0.002


def correct(interpreter: str, runtime: str) -> None:
    """`interpreter` runs functions of `runtime` (e.g. python3.11)."""
    # MiniStack's own worker invokes a function for each record and knows no retries, bisecting or failure destination:
    # localrun.event_sources does what Lambda does.
    replace(lambda_svc, "_poll_kinesis", lambda: False)
    correct_interpreter(interpreter, runtime)
    correct_log_wait()


def correct_interpreter(interpreter: str, runtime: str) -> None:
    """MiniStack runs every Python function on its own interpreter, whose environment is not the functions'."""
    original = require(lambda_runtime, "_detect_runtime_binary")

    def detect(wanted: str) -> tuple[str, str]:
        binary, script = original(wanted)
        if not re.fullmatch(r"python3\.\d+", wanted):
            return binary, script
        if wanted != runtime:
            raise RuntimeError(
                f"a function wants {wanted}, this machine runs {runtime}: set `functions: {{python: host}}` in its environment"
            )
        return interpreter, script

    replace(lambda_runtime, "_detect_runtime_binary", detect)


def correct_log_wait() -> None:
    worker = require(lambda_runtime, "Worker")
    original = require(worker, "_drain_stderr_bounded")

    def drain(self: Any, **_: float) -> str:
        return original(self, first_line_wait=LOG_WAIT_SECONDS, idle_confirm=0.001)

    replace(worker, "_drain_stderr_bounded", drain)
