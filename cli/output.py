"""What every command shares: where text goes, what an exit code means, how an error ends a command.

Results go to standard output (text, or JSON with `--json`), progress and errors to standard error, so that a program can read
one and a person the other. Rich drops colours and animation by itself where the stream is not a terminal.
"""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console

out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True, highlight=False)


class Exit(enum.IntEnum):
    """Exit codes: what a script can act on."""

    OK = 0
    FAILED = 1  # the command ran and its result is bad: records lost, tests red, an edge without its grant
    USAGE = 2  # bad input: an option, a configuration, a file
    MACHINE = 3  # something the machine lacks or that is in the way: Java, disk space, a port, a running pipeline
    INTERRUPTED = 130  # Ctrl-C, as shells report it


class CommandError(Exception):
    """Ends the command with a message and an exit code."""

    def __init__(self, message: str, code: Exit) -> None:
        super().__init__(message)
        self.code = code


def show_error(message: str) -> None:
    err.print(f"[bold red]error:[/] {escape(message)}")


def escape(text: str) -> str:
    """Text from outside must not be read as Rich markup."""
    return text.replace("[", r"\[")


def print_json(value: Any) -> None:
    """One JSON value on standard output, for programs."""
    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """A reporter for long work: a spinner with the latest line on a terminal, plain lines elsewhere."""
    if not err.is_terminal:
        yield lambda line: err.print(escape(line))
        return
    with err.status("starting") as status:

        def report(line: str) -> None:
            err.print(f"[dim]{escape(line)}[/]")
            status.update(escape(line))

        yield report
