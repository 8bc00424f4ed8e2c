"""The records as they were sent are kept too, and none is told delivered before both it and its copy are."""

from __future__ import annotations

import gzip
from base64 import b64encode
from typing import Any

import pytest

from localrun.delivery.compression import COMPRESSIONS
from localrun.delivery.stream import Backup, Buffering, S3Configuration
from localrun.delivery.unsupported import Unsupported
from tests.unit.delivery.fakes import ROLE_ARN, FakeProcessor, Run, lambda_processor, processor, record, to_s3
from tests.unit.event_sources.fakes import denied

MIB = 2**20
BACKUP: dict[str, Any] = {
    "S3BackupMode": "Enabled",
    "S3BackupConfiguration": {
        "BucketARN": "arn:aws:s3:::copies",
        "RoleARN": ROLE_ARN,
        "Prefix": "source/",
        "ErrorOutputPrefix": "ignored/",
        "BufferingHints": {"SizeInMBs": 2, "IntervalInSeconds": 120},
        "CompressionFormat": "UNCOMPRESSED",
    },
}


def replaced(event: dict[str, Any]) -> dict[str, Any]:
    new = b64encode(b"new").decode()
    return {"records": [{"recordId": found["recordId"], "result": "Ok", "data": new} for found in event["records"]]}


def test_the_backup_is_read_whole() -> None:
    s3 = S3Configuration("copies", ROLE_ARN, "source/", None, COMPRESSIONS["UNCOMPRESSED"], file_extension="", time_zone="UTC")
    assert to_s3(**BACKUP).backup == Backup(s3, Buffering(2 * MIB, 120))


def test_without_it_there_is_none() -> None:
    assert to_s3(**BACKUP | {"S3BackupMode": "Disabled"}).backup is None


def test_a_backup_has_no_partitions() -> None:
    config = BACKUP["S3BackupConfiguration"] | {"Prefix": "!{partitionKeyFromQuery:a}/"}
    with pytest.raises(Unsupported, match="has no meaning in the prefix"):
        to_s3(**BACKUP | {"S3BackupConfiguration": config})


def test_records_are_kept_as_they_were_sent_by_the_backups_own_hints() -> None:
    run = Run(to_s3(lambda_processor(BufferIntervalInSeconds="0"), **BACKUP), FakeProcessor(replaced))
    run.put(record("1", b"old"))
    run.later(60)
    assert [body for _, body in run.objects] == [b"new"]
    assert run.source.done == []
    run.later(60)
    [_, (_, copy)] = run.s3.calls
    assert (copy["Bucket"], copy["Body"]) == ("copies", b"old")
    assert copy["Key"].startswith("source/2023/11/14/22/weir-local-archive-1-2023-11-14-22-13-20-")
    assert run.source.done == ["1/backup", "1"]
    assert run.status.snapshot()["counts"]["backed_up"] == 1


def test_the_backup_has_its_own_size() -> None:
    run = Run(to_s3(BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 60}, **BACKUP))
    run.put(record("1", b"a" * MIB), record("2", b"b" * MIB), record("3"))
    assert [(put["Bucket"], len(put["Body"])) for _, put in run.s3.calls] == [("copies", 2 * MIB)]
    assert run.source.done == ["1/backup"]


def test_the_copy_is_of_what_was_sent_before_it_is_opened_or_taken_apart() -> None:
    sent = gzip.compress(b'{"a":1}{"a":2}')
    run = Run(to_s3(processor("Decompression"), processor("RecordDeAggregation", SubRecordType="JSON"), **BACKUP))
    run.put(record("1", sent))
    run.later(120)
    assert [put["Body"] for _, put in run.s3.calls if put["Bucket"] == "copies"] == [sent]
    assert run.source.done == ["1/backup", "1.0", "1.1"]


def test_a_record_that_failed_is_in_the_backup_too() -> None:
    run = Run(to_s3(processor("Decompression"), **BACKUP))
    run.put(record("1", b"plain"))
    run.later(120)
    assert sorted(put["Bucket"] for _, put in run.s3.calls) == ["archive", "copies"]
    assert [put["Body"] for _, put in run.s3.calls if put["Bucket"] == "copies"] == [b"plain"]


def test_a_stop_writes_the_backup() -> None:
    run = Run(to_s3(**BACKUP))
    run.put(record("1", b"a"))
    run.clock.stop()
    run.worker.finish()
    assert sorted(put["Bucket"] for _, put in run.s3.calls) == ["archive", "copies"]
    assert run.source.done[-1] == "1"


def test_a_backup_that_cannot_be_written_lets_nothing_be_told_delivered() -> None:
    run = Run(to_s3(**BACKUP), stop_after=3)
    run.put(record("1", b"a"))
    run.later(60)
    run.s3.failures = [denied("s3:PutObject")] * 99
    run.later(60)
    run.s3.failures = []
    run.worker.finish()
    assert run.source.done == []
    assert "not authorized" in run.status.snapshot()["failing"]["writing to bucket copies"]
