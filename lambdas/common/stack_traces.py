"""Stack traces in the text of a log: what was thrown, and the message before it."""

from __future__ import annotations

import re

from common.logtype import JsonObject


def take_out(record: JsonObject, thrown: re.Pattern[str]) -> None:
    """Splits `message` of a record into the message and the `stack_trace` that begins where `thrown` is found.

    Its groups `type` and `text` become `error_type` and `error_message`. A text of one line has no trace.
    """
    message = record["message"]
    if "\n" not in message:
        return
    found = thrown.search(message)
    if found is not None:
        record["message"] = message[: found.start()].rstrip()
        record["error_type"], record["error_message"] = found["type"], found["text"]
        record["stack_trace"] = message[found.start() :]
