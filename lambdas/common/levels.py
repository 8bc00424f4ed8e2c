"""Levels of logs: their names in full, and which of them tell of a failure."""

from __future__ import annotations

from common.logtype import JsonObject

#: As .NET's loggers and syslog shorten the names. Every other name stays as its logger writes it, in small letters.
_SHORT = {
    "vrb": "verbose",
    "dbg": "debug",
    "dbug": "debug",
    "trce": "trace",
    "inf": "information",
    "wrn": "warning",
    "err": "error",
    "eror": "error",
    "fail": "error",
    "crit": "critical",
    "ftl": "fatal",
    "emerg": "emergency",
}
_FAILING = frozenset(("error", "critical", "fatal", "severe", "alert", "emergency", "panic", "dpanic"))
_FAILURE: JsonObject = {"type": ["error"], "outcome": "failure"}
_SUCCESS: JsonObject = {"type": ["info"], "outcome": "success"}


def level_of(word: object) -> str | None:
    """The level in small letters and in full; None for what is no text."""
    if not isinstance(word, str):
        return None
    level = word.strip().lower()
    return _SHORT.get(level, level) or None


def judge(event: JsonObject) -> None:
    """Sets `event.type` and `event.outcome` by the `log.level` of an event: failure from error on.

    Where there is no level, an error tells of a failure.
    """
    log = event.get("log")
    level = log and log.get("level")
    event["event"] |= _FAILURE if (level in _FAILING if level else "error" in event) else _SUCCESS
