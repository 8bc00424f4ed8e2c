"""`weir send FILE…`: put the lines of files on the running pipeline's `raw` stream."""

from __future__ import annotations

import gzip
import os
import sys
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import orjson
import typer

from cli.output import CommandError, Exit, out, print_json, progress
from config.loader import load_environment
from localrun.aws import session
from localrun.state import running_state
from producers import pace
from producers.batch import Entry, RecordTooLarge, StreamWriter


@dataclass(frozen=True, slots=True)
class Envelope:
    """Names the type or the tenant of lines that do not name them themselves."""

    type: str | None
    tenant: str | None

    def wrap(self, line: bytes) -> bytes:
        """The line as a Weir envelope, or untouched when there is nothing to name. Raises UnicodeDecodeError."""
        if self.type is None and self.tenant is None:
            return line
        names = {"type": self.type, "tenant": self.tenant}
        return orjson.dumps({key: name for key, name in names.items() if name is not None} | {"message": line.decode()})


def send(
    files: Annotated[
        list[Path], typer.Argument(help="Files of lines or JSON lines, .gz too; - for standard input.", allow_dash=True)
    ],
    type_: Annotated[
        str | None, typer.Option("--type", help="Log type of every line; recognised from the line if not given.")
    ] = None,
    tenant: Annotated[str | None, typer.Option(help="Tenant the lines belong to.")] = None,
    rate: Annotated[int | None, typer.Option(min=1, help="Lines a second; as fast as possible if not given.")] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Send the lines of files into the running pipeline, each line one record. Blank lines are not records."""
    # Every file is looked at before anything is sent: a wrong name among many must not leave half of them sent.
    for file in files:
        if str(file) != "-" and not file.is_file():
            raise CommandError(f"{file}: {'is a directory' if file.is_dir() else 'no such file'}; nothing was sent", Exit.USAGE)
    state = running_state()
    stream = state.outputs["ingestion"]["RawStream"]
    limit = load_environment(state.environment).streams.raw.max_record_kib * 1_024
    writer = StreamWriter(session(state.endpoints.aws).client("kinesis"), stream, limit)
    counts: dict[str, int] = {}
    with progress() as report:
        for file in files:
            report(f"sending {file}")
            counts[str(file)] = send_file(file, Envelope(type_, tenant), writer, rate)
    if json_:
        print_json({"stream": stream, "sent": sum(counts.values()), "files": counts})
    else:
        for name, count in counts.items():
            out.print(f"{name}: {count} records", markup=False)


def send_file(file: Path, envelope: Envelope, writer: StreamWriter, rate: int | None) -> int:
    """Send one file, at most `rate` lines a second; returns how many records the stream took."""
    sent = 0
    with opened(file) as lines:
        entries = (Entry(record, uuid.uuid4().hex) for record in wrapped(file, lines, envelope))
        try:
            for done in pace.put(writer, entries, rate):
                sent = done
        except RecordTooLarge as error:
            raise CommandError(f"{file}: {error}; {sent} records before it were sent", Exit.USAGE) from error
        except (OSError, EOFError, zlib.error) as error:
            raise CommandError(f"{file}: cannot be read ({error}); {sent} records before it were sent", Exit.USAGE) from error
    return sent


@contextmanager
def opened(file: Path) -> Iterator[IO[bytes]]:
    if str(file) == "-":
        yield sys.stdin.buffer
    elif not os.access(file, os.R_OK):
        raise CommandError(f"{file}: may not be read by this user; nothing of it was sent", Exit.USAGE)
    else:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as lines:
            yield lines  # type: ignore[misc]  # gzip's reader is an IO[bytes] in all but its stub


def wrapped(file: Path, lines: IO[bytes], envelope: Envelope) -> Iterator[bytes]:
    for number, line in enumerate(lines, 1):
        content = line.rstrip(b"\r\n")
        if not content.strip():
            continue
        try:
            yield envelope.wrap(content)
        except UnicodeDecodeError:
            raise CommandError(
                f"{file}:{number}: not UTF-8, so it cannot carry --type or --tenant; send the file without them", Exit.USAGE
            ) from None
