"""What `StreamWriter` promises: every record reaches the stream, within PutRecords' limits, in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from producers.batch import MAX_CALL_BYTES, MAX_CALL_RECORDS, Entry, Place, RecordTooLarge, StreamWriter


class FakeKinesis:
    """Takes every record, but refuses the ones in `refuse` the first time it sees them."""

    def __init__(self, refuse: frozenset[bytes] = frozenset(), failures: Sequence[str] = ()) -> None:
        """The first calls fail as a whole with the codes of `failures`."""
        self.calls: list[list[bytes]] = []
        self.taken: list[bytes] = []
        self.keys: list[str] = []
        self.refuse = set(refuse)
        self.failures = list(failures)

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:
        assert StreamName == "raw"
        self.calls.append([record["Data"] for record in Records])
        if self.failures:
            raise ClientError({"Error": {"Code": self.failures.pop(0), "Message": "no"}}, "PutRecords")
        results: list[dict[str, str]] = []
        for record in Records:
            if record["Data"] in self.refuse:
                self.refuse.remove(record["Data"])
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                self.taken.append(record["Data"])
                self.keys.append(record["PartitionKey"])
                results.append({"SequenceNumber": str(len(self.taken)), "ShardId": "shardId-000000000000"})
        return {"Records": results, "FailedRecordCount": sum("ErrorCode" in result for result in results)}


def writer(kinesis: Any, limit: int = 1_048_576) -> StreamWriter:
    return StreamWriter(kinesis, "raw", limit)


def test_a_call_carries_at_most_500_records_in_order() -> None:
    kinesis = FakeKinesis()
    records = [b"%d" % number for number in range(MAX_CALL_RECORDS + 1)]
    writer(kinesis).put(records)
    assert [len(call) for call in kinesis.calls] == [500, 1]
    assert kinesis.taken == records


def test_a_call_carries_at_most_10_mib_with_its_partition_keys() -> None:
    kinesis = FakeKinesis()
    record = b"x" * 1_048_000
    writer(kinesis).put([record] * 11)
    assert sum(map(len, kinesis.calls)) == 11
    assert max(sum(len(data) + 32 for data in call) for call in kinesis.calls) <= MAX_CALL_BYTES


def test_records_get_keys_of_their_own_so_that_they_spread_over_the_shards() -> None:
    kinesis = FakeKinesis()
    writer(kinesis).put([b"same"] * 100)
    assert len(set(kinesis.keys)) == 100


def test_the_place_of_each_record_is_told_in_the_order_they_were_given() -> None:
    kinesis = FakeKinesis(refuse=frozenset({b"0"}))
    places = writer(kinesis).put_entries([Entry(b"0", "a"), Entry(b"1", "b"), Entry(b"2", "a")])
    # "0" was refused once and so came after the others.
    assert places == [Place("shardId-000000000000", number) for number in "312"]
    assert kinesis.keys == ["b", "a", "a"]


def test_only_the_records_a_call_refused_are_sent_again() -> None:
    kinesis = FakeKinesis(refuse=frozenset({b"1", b"3"}))
    writer(kinesis).put([b"0", b"1", b"2", b"3"])
    assert kinesis.calls == [[b"0", b"1", b"2", b"3"], [b"1", b"3"]]
    assert sorted(kinesis.taken) == [b"0", b"1", b"2", b"3"]


def test_a_record_above_the_limit_stops_the_batch_before_anything_is_sent() -> None:
    kinesis = FakeKinesis()
    with pytest.raises(RecordTooLarge, match="a record of 132 bytes is above the stream's limit of 100"):
        writer(kinesis, limit=100).put([b"ok", b"x" * 100])
    assert kinesis.calls == []


def test_a_call_throttled_as_a_whole_is_repeated_whole() -> None:
    kinesis = FakeKinesis(failures=["ProvisionedThroughputExceededException"] * 2)
    places = writer(kinesis).put([b"a", b"b"])
    assert kinesis.calls == [[b"a", b"b"]] * 3
    assert places == [Place("shardId-000000000000", "1"), Place("shardId-000000000000", "2")]


def test_a_call_refused_for_good_is_not_repeated() -> None:
    kinesis = FakeKinesis(failures=["AccessDeniedException"])
    with pytest.raises(ClientError, match="AccessDeniedException"):
        writer(kinesis).put([b"a"])
    assert len(kinesis.calls) == 1
