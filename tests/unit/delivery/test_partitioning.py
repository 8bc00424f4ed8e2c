"""Records are delivered apart by their keys, each partition in its own time, and the checkpoint waits for the slowest."""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from localrun.delivery import worker
from localrun.delivery.deaggregation import Deaggregation
from localrun.delivery.failure import Failure
from localrun.delivery.http import Server
from localrun.delivery.partition_keys import EMPTY_KEY, NOT_JSON, BadQuery, given, query
from localrun.delivery.prefix import data_prefix, partition_keys
from localrun.delivery.record import Record
from localrun.delivery.source import DirectPut
from localrun.delivery.spool import Spool
from localrun.delivery.stream import DeliveryStream
from localrun.delivery.unsupported import Unsupported
from localrun.event_sources.status import Part
from tests.unit.delivery.fakes import (
    DELIMITER,
    NOW_MS,
    FakeProcessor,
    Run,
    lambda_processor,
    processor,
    record,
    to_s3,
)
from tests.unit.event_sources.fakes import FakeClock, denied

MIB = 2**20
PARTITIONED: dict[str, Any] = {
    "DynamicPartitioningConfiguration": {"Enabled": True},
    "Prefix": "tenant=!{partitionKeyFromQuery:tenant}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
    "CompressionFormat": "UNCOMPRESSED",
}


def extraction(text: str = "{tenant: .tenant}") -> dict[str, Any]:
    return processor("MetadataExtraction", MetadataExtractionQuery=text, JsonParsingEngine="JQ-1.6")


def deaggregation(**parameters: str) -> dict[str, Any]:
    return processor("RecordDeAggregation", **parameters)


def partitioned(*processors: dict[str, Any], **changes: Any) -> DeliveryStream:
    return to_s3(extraction(), *processors, **PARTITIONED | changes)


def of(tenant: str, name: str, padding: int = 0) -> Record:
    return record(name, b'{"tenant":"%s","p":"%s"}' % (tenant.encode(), b"x" * padding))


def tenants(run: Run) -> list[str]:
    """Folders objects were written to, in their order."""
    return [key.split("/")[0] for key, _ in run.objects]


class TestKeys:
    def test_the_documented_queries_give_the_documented_prefix(self) -> None:
        # GIVEN the record, the queries and the prefix of "Understand partitioning keys"
        data = b'{"type":{"device":"mobile","event":"click"},"customer_id":"1234567890","event_timestamp":1565382027}'
        times = ", ".join(f'{name}: (.event_timestamp|strftime("%{letter}"))' for name, letter in
                          (("year", "Y"), ("month", "m"), ("day", "d"), ("hour", "H")))  # fmt: skip
        found = query("{customer_id: .customer_id, device: .type.device, " + times + "}")(data)
        assert found == {
            "customer_id": "1234567890",
            "device": "mobile",
            "year": "2019",
            "month": "08",
            "day": "09",
            "hour": "20",
        }
        prefix = "customer_id=!{partitionKeyFromQuery:customer_id}/year=!{partitionKeyFromQuery:year}/"
        assert isinstance(found, dict)
        assert partition_keys(prefix) == [("partitionKeyFromQuery", "customer_id"), ("partitionKeyFromQuery", "year")]
        when = datetime(2018, 8, 27, 10, tzinfo=UTC)
        assert data_prefix(prefix, when, ["1234567890", "2019"]) == "customer_id=1234567890/year=2019/"

    def test_a_timestamp_may_stand_beside_the_keys(self) -> None:
        prefix = "!{partitionKeyFromLambda:tenant}/!{timestamp:yyyy/MM}/"
        assert data_prefix(prefix, datetime(2018, 8, 27, tzinfo=UTC), ["!{x}"]) == "!{x}/2018/08/"

    @pytest.mark.parametrize(
        ("found", "keys"),
        [
            ({"a": "x", "b": 1, "c": True}, {"a": "x", "b": "1", "c": "true"}),
            ({"a": None}, EMPTY_KEY),
            ({"a": ""}, EMPTY_KEY),
            ({"a": {"b": 1}}, EMPTY_KEY),
        ],
    )
    def test_a_key_is_text_and_never_empty(self, found: Any, keys: Any) -> None:
        assert given(found) == keys

    @pytest.mark.parametrize("data", [b"plain text", b"", b"\xff", b'{"tenant":"a"}{"tenant":"b"}'])
    def test_what_is_not_one_json_value_has_no_keys(self, data: bytes) -> None:
        assert query("{tenant: .tenant}")(data) == NOT_JSON

    def test_a_query_that_fails_on_the_record_says_why(self) -> None:
        found = query("{tenant: .tenant.name}")(b'{"tenant":"a"}')
        assert isinstance(found, Failure)
        assert found.code == "DynamicPartitioning.MetadataExtractionFailed"
        assert "Cannot index string" in found.message

    def test_a_query_that_does_not_compile_is_refused(self) -> None:
        with pytest.raises(BadQuery, match=r"MetadataExtractionQuery \{tenant:"):
            query("{tenant:")


class TestPartitions:
    def test_each_partition_is_an_object_of_its_own(self) -> None:
        run = Run(partitioned(DELIMITER))
        run.put(of("a", "1"), of("b", "2"), of("a", "3"))
        run.later(60)
        [(first, body), (second, _)] = run.objects
        assert first.startswith("tenant=a/weir-local-archive-1-2023-11-14-22-13-20-")
        assert body == b'{"tenant":"a","p":""}\n{"tenant":"a","p":""}\n'
        assert second.startswith("tenant=b/weir-local-archive-")
        assert run.source.done == ["1", "2", "3"]
        assert run.status.snapshot()["counts"]["delivered"] == 3

    def test_each_has_its_own_time(self) -> None:
        run = Run(partitioned())
        run.put(of("a", "1"))
        run.later(30)
        run.put(of("b", "2"))
        run.later(30)
        assert tenants(run) == ["tenant=a"]
        run.later(29)
        assert tenants(run) == ["tenant=a"]
        assert run.worker.step() == pytest.approx(1)
        run.later(1)
        assert tenants(run) == ["tenant=a", "tenant=b"]

    def test_and_its_own_size(self) -> None:
        run = Run(partitioned())
        run.put(of("a", "1", MIB // 2), of("b", "2", MIB // 2), of("b", "3", MIB // 2))
        assert tenants(run) == ["tenant=b"]

    def test_nothing_behind_an_undelivered_record_is_told_delivered(self) -> None:
        # GIVEN a partition that waits, and one behind it that is full
        run = Run(partitioned())
        run.put(of("a", "1"), of("b", "2", MIB), of("b", "3", MIB))
        assert tenants(run) == ["tenant=b", "tenant=b"]
        assert run.source.done == []
        # WHEN the first is delivered THEN all are told, in their order
        run.later(60)
        assert run.source.done == ["1", "2", "3"]

    def test_another_shard_does_not_wait(self) -> None:
        run = Run(partitioned())
        run.put(of("a", "1")._replace(shard="shard-0"), of("b", "2", MIB)._replace(shard="shard-1"))
        assert run.source.done == ["2"]

    def test_stopped_while_a_partition_cannot_be_written_nothing_behind_it_is_told_delivered(self) -> None:
        run = Run(partitioned(), stop_after=3)
        run.s3.failures = [denied("s3:PutObject")] * 99
        run.put(of("a", "1", MIB), of("b", "2"))
        run.s3.failures = []
        run.worker.finish()
        assert run.source.done == []

    def test_a_stop_delivers_every_partition(self) -> None:
        run = Run(partitioned())
        run.put(of("a", "1"), of("b", "2"))
        run.clock.stop()
        run.worker.finish()
        assert tenants(run) == ["tenant=a", "tenant=b"]
        assert run.source.done == ["1", "2"]

    def test_beyond_500_active_partitions_records_are_in_the_error_output(self) -> None:
        run = Run(partitioned())
        run.put(*(of(f"t{at}", str(at)) for at in range(502)), of("t0", "known"))
        run.later(60)
        lines = run.lines("errors/activePartitionExceeded/")
        assert [b64decode(line["rawData"])[:16] for line in lines] == [b'{"tenant":"t500"', b'{"tenant":"t501"']
        assert {line["errorCode"] for line in lines} == {"DynamicPartitioning.ActivePartitionsLimitExceeded"}
        assert len([key for key, _ in run.objects if key.startswith("tenant=")]) == 500
        assert len(run.source.done) == 503

    def test_a_delivered_partition_is_no_longer_active(self) -> None:
        run = Run(partitioned())
        run.put(*(of(f"t{at}", str(at)) for at in range(500)))
        run.later(60)
        run.put(of("new", "500"))
        run.later(60)
        assert tenants(run)[-1] == "tenant=new"
        assert run.lines("errors/") == []

    def test_what_is_held_is_bounded_and_the_oldest_goes_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "HELD_BYTES", MIB)
        run = Run(partitioned())
        run.put(*(of(tenant, tenant, MIB // 3) for tenant in "abcd"))
        assert tenants(run) == ["tenant=a", "tenant=b"]
        assert run.source.done == ["a", "b"]

    def test_so_is_the_number_of_records_that_wait_for_one_before_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(worker, "HELD_RECORDS", 2)
        run = Run(partitioned())
        run.put(of("a", "1"), of("b", "2"), of("b", "3"))
        assert tenants(run) == ["tenant=a"]
        assert run.source.done == ["1"]


class TestFailures:
    @pytest.mark.parametrize(
        ("data", "message"),
        [
            (b'{"other":1}', "partitionKeys values must not be null or empty"),
            (b"text", "Non JSON record provided for metadata extraction"),
            (b'{"tenant":"%s"}' % (b"x" * 600), "The evaluated prefix is longer than 512 characters"),
        ],
    )
    def test_a_record_without_its_keys_is_in_the_error_output_and_the_others_are_delivered(
        self, data: bytes, message: str
    ) -> None:
        run = Run(partitioned())
        run.put(record("1", data), of("a", "2"))
        run.later(60)
        assert run.lines("errors/processing-failed/") == [
            {
                "attemptsMade": 1,
                "arrivalTimestamp": NOW_MS,
                "errorCode": "DynamicPartitioning.MetadataExtractionFailed",
                "errorMessage": message,
                "attemptEndingTimestamp": NOW_MS,
                "rawData": b64encode(data).decode(),
            }
        ]
        assert [key for key in tenants(run) if key != "errors"] == ["tenant=a"]
        assert run.source.done == ["1", "2"]
        assert run.status.snapshot()["counts"]["processing_failed"] == 1


class TestKeysOfTheFunction:
    def run(self, keys: Any) -> Run:
        """After one record, for which the function returned these."""

        def behaviour(event: dict[str, Any]) -> dict[str, Any]:
            [sent] = event["records"]
            answer = {"recordId": sent["recordId"], "result": "Ok", "data": b64encode(b"new").decode()}
            return {"records": [answer | keys]}

        prefix = "!{partitionKeyFromLambda:tenant}/!{partitionKeyFromLambda:day}/"
        run = Run(to_s3(lambda_processor(), **PARTITIONED | {"Prefix": prefix}), FakeProcessor(behaviour))
        run.put(record("1", b"not JSON"))
        run.later(60)
        run.later(60)
        return run

    def test_what_the_function_gave_is_in_the_prefix(self) -> None:
        run = self.run({"metadata": {"partitionKeys": {"tenant": "a", "day": 14}}})
        [(key, body)] = run.objects
        assert key.startswith("a/14/weir-local-archive-")
        assert body == b"new"

    @pytest.mark.parametrize("keys", [{}, {"metadata": {}}, {"metadata": {"partitionKeys": {"tenant": "a"}}}, {"metadata": "a"}])
    def test_without_a_key_the_record_is_in_the_error_output(self, keys: Any) -> None:
        [line] = self.run(keys).lines("errors/processing-failed/")
        assert line["errorMessage"] == "partitionKeys values must not be null or empty"
        assert b64decode(line["rawData"]) == b"new"


class TestDeaggregation:
    def test_json_objects_are_told_apart_by_themselves(self) -> None:
        run = Run(partitioned(deaggregation(SubRecordType="JSON"), DELIMITER))
        run.put(record("1", b'{"tenant":"a"}{"tenant": "b"}\n{"tenant":"a","n":1.50}\n'))
        run.later(60)
        assert [body for _, body in run.objects] == [b'{"tenant":"a"}\n{"tenant":"a","n":1.50}\n', b'{"tenant": "b"}\n']
        assert run.source.done == ["1.0", "1.1", "1.2"]

    def test_delimited_records_by_their_delimiter(self) -> None:
        how = deaggregation(SubRecordType="DELIMITED", Delimiter="IyMjIw==")
        run = Run(partitioned(how))
        run.put(record("1", b'{"tenant":"a"}####{"tenant":"b"}####'))
        run.later(60)
        assert [body for _, body in run.objects] == [b'{"tenant":"a"}', b'{"tenant":"b"}']

    @pytest.mark.parametrize(
        ("data", "words"),
        [
            (b'[{"a":1},{"a":2}]', "not JSON objects one after the other: list at character 0"),
            (b'{"a":1}{"a"', "not JSON objects"),
            (b" ", "The record is empty"),
            (b'{"a":1}' * 501, "501 records in it, at most 500"),
        ],
    )
    def test_what_cannot_be_taken_apart_is_whole_in_the_error_output(self, data: bytes, words: str) -> None:
        run = Run(partitioned(deaggregation(SubRecordType="JSON")))
        run.put(record("1", data))
        run.later(60)
        [line] = run.lines("errors/processing-failed/")
        assert words in line["errorMessage"]
        assert b64decode(line["rawData"]) == data
        assert run.source.done == ["1"]

    def test_only_the_last_part_lets_the_checkpoint_pass(self) -> None:
        parts = Deaggregation(b"|").split(record("1", b"a|b"))
        assert isinstance(parts, list)
        assert [(part.id, part.data, part.last) for part in parts] == [("1.0", b"a", False), ("1.1", b"b", True)]

    def test_a_record_put_directly_is_one_record_of_the_spool_whatever_its_parts(self, tmp_path: Path) -> None:
        spool = Spool(tmp_path / "spool.jsonl")
        source = DirectPut(Server("http://127.0.0.1:1"), "archive", spool, Part("archive", {}), FakeClock())
        spool.append([record("1"), record("2")])
        source.delivered([record("1.0")._replace(last=False), record("1.1")])
        assert [left.id for left in Spool(tmp_path / "spool.jsonl").load()] == ["2"]


class TestConfiguration:
    @pytest.mark.parametrize(
        ("processors", "changes", "words"),
        [
            ([], {}, "needs a MetadataExtraction processor"),
            ([extraction()], {"Prefix": "raw/"}, "Prefix must have"),
            ([extraction()], {"ErrorOutputPrefix": None}, "ErrorOutputPrefix must be given"),
            ([extraction()], {"Prefix": "!{partitionKeyFromLambda:a}/"}, "needs a Lambda processor"),
            ([extraction("{")], {}, "MetadataExtractionQuery {"),
            (
                [extraction()],
                {"DynamicPartitioningConfiguration": {"Enabled": False}, "Prefix": ""},
                "without dynamic partitioning",
            ),
            ([extraction(), deaggregation(SubRecordType="XML")], {}, "needs SubRecordType JSON"),
            ([extraction(), deaggregation(SubRecordType="DELIMITED", Delimiter="####")], {}, "in base64"),
        ],
    )
    def test_what_firehose_would_refuse_is_refused(
        self, processors: list[dict[str, Any]], changes: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(Unsupported, match="delivery stream weir-local-archive") as refused:
            to_s3(*processors, **PARTITIONED | changes)
        assert words in str(refused.value)
