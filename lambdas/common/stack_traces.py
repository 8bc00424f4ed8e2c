"""Stack traces in the text of a log: what was thrown, and the message before it."""

from __future__ import annotations

import re

from common.logtype import JsonObject

#: Printed by the runtime for what nobody caught, in the same line.
_UNCAUGHT = r"(?:Exception in thread \"[^\"\n]*\" |Unhandled exception[.:] |Uncaught )?"

#: Throwable.printStackTrace.
JAVA = re.compile(
    rf"^{_UNCAUGHT}(?P<type>(?:[A-Za-z_$][\w$]*\.)+[A-Za-z_$][\w$]*)(?:: (?P<text>[^\n]*))?\n(?=\s+at |\s+\.\.\. |Caused by: )",
    re.MULTILINE,
)
#: Exception.ToString of .NET, with or without the number of an error.
DOTNET = re.compile(
    rf"^ *{_UNCAUGHT}(?P<type>(?:[A-Za-z_]\w*\.)+[A-Za-z_]\w*)(?: \([^)\n]*\))?: (?P<text>[^\n]*)\n(?= *(?:at |---> ))",
    re.MULTILINE,
)
#: Error.stack of V8, with or without the code of a Node.js error.
NODE = re.compile(
    rf"^{_UNCAUGHT}(?P<type>[A-Z_$][\w$]*)(?: \[\w+\])?(?:: (?P<text>[^\n]*))?\n"
    r"(?= +at [^\n]*(?::[0-9]+:[0-9]+|<anonymous>|native)\)?(?:\n|\Z))",
    re.MULTILINE,
)
#: What was thrown stands in the last line that is not indented. Only the first line that begins a traceback is tried: a text may
#: have any number of them.
PYTHON = re.compile(
    r"\A(?>(?s:.*?)(?P<trace>^)Traceback \(most recent call last\):\n)"
    r"(?:(?s:.*)\n)?(?P<type>[A-Za-z_][\w.]*)(?:: (?P<text>[^\n]*))?$",
    re.MULTILINE,
)
#: Go's runtime: the value of a panic may be followed by those it came after, and by a signal.
GO = re.compile(r"^(?P<type>panic|fatal error): (?P<text>[^\n]*)\n(?=(?:[^\n]*\n){0,8}?goroutine [0-9]+ )", re.MULTILINE)

#: What every trace of a language has, and its pattern.
_LANGUAGES = (
    ("Traceback (most recent call last):", PYTHON),
    ("\ngoroutine ", GO),
    ("at ", JAVA),
    ("at ", DOTNET),
    ("at ", NODE),
)


def take_out(record: JsonObject, thrown: re.Pattern[str]) -> bool:
    """Splits `message` of a record into the message and the `stack_trace` that begins where `thrown` is found, if it is.

    Its groups `type` and `text` become `error_type` and `error_message`. A text of one line has no trace. A trace that does not
    begin where the match does begins at the group `trace`.
    """
    message = record["message"]
    if "\n" not in message:
        return False
    found = thrown.search(message)
    if found is None:
        return False
    start = found.start("trace" if "trace" in thrown.groupindex else 0)
    record["message"] = message[:start].rstrip()
    record["error_type"], record["error_message"] = found["type"], found["text"]
    record["stack_trace"] = message[start:]
    return True


def take_out_any(record: JsonObject) -> bool:
    """As `take_out`, for a text of any of the languages here."""
    message = record["message"]
    return "\n" in message and any(mark in message and take_out(record, thrown) for mark, thrown in _LANGUAGES)
