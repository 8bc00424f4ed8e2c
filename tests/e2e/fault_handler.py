"""A handler that does as a deployed one does, until a file tells it to fail. It runs in the function, as a layer of its own.

FAULT_HANDLER is the deployed handler; FAULT_FILE may hold `{"kind": …, "marker": …}`: `throw`, `hang`, `slow` or `kill` (after
the work, before the answer), if any record's data has the marker. Every fault adds a line to FAULT_FILE.count.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import time
from base64 import b64decode
from pathlib import Path
from typing import Any

SLOW_SECONDS = 2.0

_module, _name = os.environ["FAULT_HANDLER"].rsplit(".", 1)
_deployed = getattr(importlib.import_module(_module), _name)
_file = Path(os.environ["FAULT_FILE"])


def handler(event: dict[str, Any], context: Any) -> Any:
    kind = _wanted(event)
    if kind == "slow":
        time.sleep(SLOW_SECONDS)
        kind = _wanted(event)  # it may have been decided otherwise meanwhile
    if kind == "throw":
        raise RuntimeError("a fault was asked for")
    if kind == "hang":
        time.sleep(context.get_remaining_time_in_millis() / 1_000 + 5)
    answer = _deployed(event, context)
    if kind == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return answer


def _wanted(event: dict[str, Any]) -> str | None:
    """The fault this batch is to meet."""
    try:
        fault = json.loads(_file.read_text())
    except FileNotFoundError:
        return None
    if not any(fault["marker"].encode() in b64decode(record["kinesis"]["data"]) for record in event["Records"]):
        return None
    with _file.with_suffix(".count").open("a") as count:
        count.write("\n")
    return str(fault["kind"])
