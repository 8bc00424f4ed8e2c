"""Shards are read from the right place and in the right order."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from localrun.event_sources.shards import READ_RECORDS, Shard, ShardReader, Start, list_shards, readable
from tests.unit.event_sources.fakes import START, STREAM_ARN, FakeKinesis, denied


def reader(kinesis: FakeKinesis, start: Start | None = None) -> ShardReader:
    return ShardReader(lambda: kinesis, STREAM_ARN, "shard-0", start or Start())


def sequences(kinesis: FakeKinesis, start: Start | None = None) -> list[str]:
    return [record.sequence for record in reader(kinesis, start).read().records]


@pytest.fixture
def kinesis() -> FakeKinesis:
    fake = FakeKinesis()
    for at in range(1, 5):
        fake.put("shard-0", str(at), arrival=START + at)
    return fake


def test_trim_horizon_begins_with_the_oldest_record(kinesis: FakeKinesis) -> None:
    assert sequences(kinesis) == ["1", "2", "3", "4"]


def test_a_checkpoint_begins_after_its_record(kinesis: FakeKinesis) -> None:
    assert sequences(kinesis, Start(after_sequence="2")) == ["3", "4"]


def test_a_timestamp_begins_with_the_first_record_not_before_it(kinesis: FakeKinesis) -> None:
    assert sequences(kinesis, Start(at_timestamp=START + 3)) == ["3", "4"]


def test_reading_on_repeats_and_skips_nothing_when_the_iterator_expires(kinesis: FakeKinesis) -> None:
    shard = reader(kinesis)
    assert [record.sequence for record in shard.read(most=2).records] == ["1", "2"]
    kinesis.failures = [ClientError({"Error": {"Code": "ExpiredIteratorException", "Message": "expired"}}, "GetRecords")]
    assert [record.sequence for record in shard.read().records] == ["3", "4"]
    assert kinesis.iterators[-1]["StartingSequenceNumber"] == "2"


def test_reading_on_repeats_and_skips_nothing_after_an_error(kinesis: FakeKinesis) -> None:
    shard = reader(kinesis)
    shard.read(most=1)
    kinesis.failures = [denied("kinesis:GetRecords")]
    with pytest.raises(ClientError, match="not authorized"):
        shard.read()
    assert [record.sequence for record in shard.read().records] == ["2", "3", "4"]


def test_the_stream_is_named_in_every_call_so_that_a_scoped_grant_applies(kinesis: FakeKinesis) -> None:
    reader(kinesis).read()
    assert kinesis.iterators[0]["StreamARN"] == STREAM_ARN


def test_no_more_is_asked_for_than_one_answer_of_aws_may_hold(kinesis: FakeKinesis) -> None:
    shard = reader(kinesis)
    shard.read()
    shard.read(2)
    shard.read(2 * READ_RECORDS)
    assert kinesis.limits == [READ_RECORDS, 2, READ_RECORDS]


def test_how_far_behind_and_whether_it_ended_are_told(kinesis: FakeKinesis) -> None:
    kinesis.closed.add("shard-0")
    shard = reader(kinesis)
    first, last = shard.read(most=3), shard.read()
    assert (first.behind_seconds, first.ended) == (1.0, False)
    assert (last.behind_seconds, last.ended) == (0.0, True)


def test_children_wait_for_their_parent_after_a_split() -> None:
    shards = [Shard("parent", ()), Shard("left", ("parent",)), Shard("right", ("parent",))]
    assert [shard.id for shard in readable(shards, closed=set())] == ["parent"]
    assert [shard.id for shard in readable(shards, closed={"parent"})] == ["left", "right"]


def test_a_child_waits_for_both_parents_after_a_merge() -> None:
    shards = [Shard("one", ()), Shard("two", ()), Shard("child", ("one", "two"))]
    assert [shard.id for shard in readable(shards, closed={"one"})] == ["two"]
    assert [shard.id for shard in readable(shards, closed={"one", "two"})] == ["child"]


def test_a_parent_that_is_no_longer_listed_holds_nobody_back() -> None:
    assert [shard.id for shard in readable([Shard("child", ("gone",))], closed=set())] == ["child"]


def test_listing_follows_every_page() -> None:
    class Paged:
        def list_shards(self, **wanted: str) -> dict[str, object]:
            if wanted == {"StreamARN": STREAM_ARN}:
                return {"Shards": [{"ShardId": "a"}], "NextToken": "more"}
            assert wanted == {"NextToken": "more"}
            return {"Shards": [{"ShardId": "c", "ParentShardId": "a", "AdjacentParentShardId": "b"}]}

    assert list_shards(Paged(), STREAM_ARN) == [Shard("a", ()), Shard("c", ("a", "b"))]
