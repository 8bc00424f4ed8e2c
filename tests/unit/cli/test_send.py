"""`weir send`: what becomes a record, and what is refused before anything is sent."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from cli.commands.send import Envelope, send_file
from cli.output import CommandError, Exit
from producers.batch import StreamWriter


class FakeKinesis:
    """Takes everything."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        self.records += [record["Data"] for record in Records]
        return {"Records": [{"SequenceNumber": "1", "ShardId": "shardId-000000000000"} for _ in Records], "FailedRecordCount": 0}


PLAIN = Envelope(type=None, tenant=None)


def sent(file: Path, envelope: Envelope = PLAIN, limit: int = 1_048_576) -> list[bytes]:
    kinesis: Any = FakeKinesis()
    count = send_file(file, envelope, StreamWriter(kinesis, "raw", limit), None)
    assert count == len(kinesis.records)
    return list(kinesis.records)


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"one\ntwo\n", [b"one", b"two"]),
        (b"one\r\ntwo", [b"one", b"two"]),
        (b"one\n\n  \ntwo\n", [b"one", b"two"]),
        (b" kept \n", [b" kept "]),
        (b"\xff\xfe\n", [b"\xff\xfe"]),
        (b"", []),
    ],
    ids=["lines", "windows ends and no last end", "blank lines are no records", "inner space", "not text", "empty file"],
)
def test_each_line_is_a_record_byte_for_byte(tmp_path: Path, content: bytes, records: list[bytes]) -> None:
    file = tmp_path / "some.log"
    file.write_bytes(content)
    assert sent(file) == records


def test_a_compressed_file_is_read_as_its_content(tmp_path: Path) -> None:
    file = tmp_path / "some.log.gz"
    file.write_bytes(gzip.compress(b"one\ntwo\n"))
    assert sent(file) == [b"one", b"two"]


def test_type_and_tenant_travel_in_an_envelope(tmp_path: Path) -> None:
    file = tmp_path / "some.log"
    file.write_bytes('a "quoted" é line\n'.encode())
    records = sent(file, Envelope(type="vpc_flow", tenant="acme"))
    assert [json.loads(record) for record in records] == [{"type": "vpc_flow", "tenant": "acme", "message": 'a "quoted" é line'}]


def test_a_line_that_is_not_text_cannot_be_enveloped(tmp_path: Path) -> None:
    file = tmp_path / "some.log"
    file.write_bytes(b"fine\n\xff\n")
    with pytest.raises(CommandError) as ended:
        sent(file, Envelope(type="app", tenant=None))
    assert ended.value.code == Exit.USAGE
    assert f"{file}:2: not UTF-8" in str(ended.value)


def test_a_record_above_the_streams_limit_ends_the_command(tmp_path: Path) -> None:
    file = tmp_path / "some.log"
    file.write_bytes(b"x" * 200 + b"\n")
    with pytest.raises(CommandError) as ended:
        sent(file, limit=100)
    assert ended.value.code == Exit.USAGE
    assert "above the stream's limit of 100; 0 records before it were sent" in str(ended.value)
