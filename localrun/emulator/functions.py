"""Lambda: the interpreter functions run on, the worker of Kinesis event sources off, invocations without a fixed wait, and
payloads that are not read on their way."""

from __future__ import annotations

import re
from contextvars import ContextVar
from typing import Any

import orjson
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localrun.emulator.layout import replace, require, substitute

#: A function's log line reaches us well within this after its answer; MiniStack waits 50 ms for one at every invocation.
LOG_WAIT_SECONDS = 0.002
#: From this size on a payload goes to its function as it came: to read and write it again took a fifth of the emulator's time.
LARGE_BYTES = 65_536

#: Where MiniStack's worker reads an invocation, and what reads a large one in half the time.
_READ = "_ms_msg = json.loads(line)"
_READ_SOONER = f"_ms_msg = _weir_loads(line) if len(line) >= {LARGE_BYTES} else json.loads(line)"
_LOADS = """\
import json, orjson
def _weir_loads(text):
    try:
        return orjson.loads(text)
    except ValueError:  # what only the standard library reads: NaN, half a surrogate pair
        return json.loads(text)
"""

_payload: ContextVar[orjson.Fragment | None] = ContextVar("payload", default=None)


def correct(interpreter: str, runtime: str) -> None:
    """`interpreter` runs functions of `runtime` (e.g. python3.11)."""
    # MiniStack's own worker invokes a function for each record and knows no retries, bisecting or failure destination:
    # localrun.event_sources does what Lambda does.
    replace(lambda_svc, "_poll_kinesis", lambda: False)
    correct_interpreter(interpreter, runtime)
    correct_reading()
    correct_log_wait()
    correct_payload()


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


def correct_reading() -> None:
    script = substitute(lambda_runtime, "_PYTHON_WORKER_SCRIPT", _READ, _READ_SOONER)
    replace(lambda_runtime, "_PYTHON_WORKER_SCRIPT", _LOADS + script)


def correct_log_wait() -> None:
    worker = require(lambda_runtime, "Worker")
    original = require(worker, "_drain_stderr_bounded")

    def drain(self: Any, **_: float) -> str:
        return original(self, first_line_wait=LOG_WAIT_SECONDS, idle_confirm=0.001)

    replace(worker, "_drain_stderr_bounded", drain)


def correct_payload() -> None:
    """Hand a batch over unread, where it is one line of ASCII, as an engine writes it: a function gets its event as a line."""
    handle, invoke = require(lambda_svc, "handle_request"), require(lambda_svc, "_invoke")

    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        unread = path.endswith("/invocations") and len(body) >= LARGE_BYTES and body.isascii() and b"\n" not in body
        _payload.set(orjson.Fragment(body) if unread else None)
        return await handle(method, path, headers, b"" if unread else body, query)

    async def invoke_with(name: str, event: Any, *rest: Any) -> Any:
        return await invoke(name, _payload.get() or event, *rest)

    replace(lambda_svc, "handle_request", handle_request)
    replace(lambda_svc, "_invoke", invoke_with)
