"""What CloudWatch Logs sends is opened, and reduced to its messages where asked for; what fails is kept as it was sent."""

from __future__ import annotations

import gzip
import io
import json
from base64 import b64decode
from typing import Any

import pyarrow.parquet as pq
import pytest

from localrun.delivery import cloudwatch_logs
from localrun.delivery.cloudwatch_logs import decompress, messages
from localrun.delivery.failure import Failure
from tests.unit.delivery.fakes import CONVERSION, FakeProcessor, Run, echo, lambda_processor, processor, record, to_s3
from tests.unit.delivery.test_partitioning import PARTITIONED, extraction

#: The record of the page on message extraction, shortened.
SENT: dict[str, Any] = {
    "messageType": "DATA_MESSAGE",
    "owner": "111111111111",
    "logGroup": "CloudTrail/logs",
    "logStream": "111111111111_CloudTrail/logs_us-east-1",
    "subscriptionFilters": ["Destination"],
    "logEvents": [
        {"id": "31953106606966983378809025079804211143289615424298221568", "timestamp": 1432826855000, "message": '{"v":"1.03"}'},
        {"id": "31953106606966983378809025079804211143289615424298221569", "timestamp": 1432826855000, "message": '{"v":"1.04"}'},
    ],
}
PLAIN = json.dumps(SENT).encode()
ZIPPED = gzip.compress(PLAIN)
DECOMPRESSION = processor("Decompression", CompressionFormat="GZIP")
EXTRACTION = processor("CloudWatchLogProcessing", DataMessageExtraction="true")


def test_a_record_is_delivered_decompressed() -> None:
    run = Run(to_s3(DECOMPRESSION))
    run.put(record("1", ZIPPED))
    run.later(60)
    assert [body for _, body in run.objects] == [PLAIN]
    assert run.source.done == ["1"]


def test_or_its_messages_alone() -> None:
    run = Run(to_s3(DECOMPRESSION, EXTRACTION))
    run.put(record("1", ZIPPED))
    run.later(60)
    assert [body for _, body in run.objects] == [b'{"v":"1.03"}\n{"v":"1.04"}\n']


def test_what_is_not_gzip_is_kept_as_it_was_sent_and_the_others_are_delivered() -> None:
    run = Run(to_s3(DECOMPRESSION))
    run.put(record("1", b"plain"), record("2", ZIPPED))
    run.later(60)
    [line] = run.lines("raw/decompression-failed/2023/11/14/22/")
    assert b64decode(line["rawData"]) == b"plain"
    assert line["errorMessage"].startswith("The record is not gzip")
    assert PLAIN in [body for _, body in run.objects]
    assert run.source.done == ["1", "2"]


@pytest.mark.parametrize("data", [b"plain", ZIPPED[:-10], ZIPPED[:40] + b"xxxx" + ZIPPED[44:], b"", gzip.compress(b"")])
def test_what_cannot_be_opened_fails(data: bytes) -> None:
    found = decompress(data)
    assert isinstance(found, Failure)
    assert found.code == "Decompression.Failed"


def test_what_would_fill_the_memory_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudwatch_logs, "MOST_BYTES", 1_000)
    assert decompress(gzip.compress(b"x" * 1_000)) == b"x" * 1_000
    assert decompress(gzip.compress(b"x" * 1_001)) == Failure("Decompression.Failed", "The record has more than 1000 bytes in it")


@pytest.mark.parametrize("data", [b"text", b"[]", b"{}", b'{"logEvents":[{}]}', b'{"logEvents":[{"message":1}]}', b"\xff"])
def test_without_messages_the_extraction_fails(data: bytes) -> None:
    found = messages(data)
    assert isinstance(found, Failure)
    assert found.code == "CloudWatchLogProcessing.MessageExtractionFailed"


def test_a_failed_extraction_is_kept_as_it_was_sent() -> None:
    run = Run(to_s3(DECOMPRESSION, EXTRACTION))
    sent = gzip.compress(b"text")
    run.put(record("1", sent))
    run.later(60)
    [line] = run.lines("raw/processing-failed/")
    assert b64decode(line["rawData"]) == sent


def test_the_function_gets_it_decompressed_and_what_it_fails_is_kept_as_it_was_sent() -> None:
    def behaviour(event: dict[str, Any]) -> dict[str, Any]:
        answer = echo(event)
        answer["records"][0]["result"] = "ProcessingFailed"
        return answer

    function = FakeProcessor(behaviour)
    run = Run(to_s3(DECOMPRESSION, lambda_processor()), function)
    run.put(record("1", ZIPPED))
    run.later(60)
    run.later(60)
    assert b64decode(function.events[0]["records"][0]["data"]) == PLAIN
    [line] = run.lines("raw/processing-failed/")
    assert b64decode(line["rawData"]) == ZIPPED


def test_what_no_partition_takes_is_kept_as_it_was_sent() -> None:
    run = Run(to_s3(DECOMPRESSION, extraction(), **PARTITIONED))
    run.put(record("1", ZIPPED))
    run.later(60)
    [line] = run.lines("errors/processing-failed/")
    assert b64decode(line["rawData"]) == ZIPPED


def test_extracted_messages_are_rows_and_what_does_not_fit_is_kept_as_it_was_sent() -> None:
    changes: dict[str, Any] = {"DataFormatConversionConfiguration": CONVERSION, "CompressionFormat": "UNCOMPRESSED"}
    run = Run(to_s3(DECOMPRESSION, EXTRACTION, **changes), columns={"v": "double"})
    bad = gzip.compress(json.dumps({"logEvents": [{"message": '{"v":"x"}'}]}).encode())
    run.put(record("1", ZIPPED), record("2", bad))
    run.later(60)
    assert pq.read_table(io.BytesIO(run.objects[0][1])).to_pylist() == [{"v": 1.03}, {"v": 1.04}]
    [line] = run.lines("raw/format-conversion-failed/")
    assert b64decode(line["rawData"]) == bad
