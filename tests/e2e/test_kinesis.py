"""Kinesis in the embedded AWS: what a stream takes, gives, keeps and refuses, and to whom."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from localrun.aws import ACCOUNT, role_session
from localrun.paths import run_dir
from localrun.processes import ProcessGroups
from tests.e2e import emulator
from tests.e2e.emulator import Emulator

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef, ShardTypeDef

MIB = 1_024 * 1_024
THROTTLED = "ProvisionedThroughputExceededException"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"


@pytest.fixture(scope="module")
def aws() -> Iterator[Emulator]:
    with ProcessGroups() as groups:
        yield emulator.start(groups, run_dir() / "test-kinesis")


def test_a_stream_takes_records_of_its_own_size(aws: Emulator) -> None:
    large = {"Name": "large", "ShardCount": 1, "MaxRecordSizeInKiB": 4_096}
    aws.deploy("large", {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": large}})
    kinesis = aws.session.client("kinesis")
    kinesis.put_record(StreamName="large", Data=b"x" * 2 * MIB, PartitionKey="k")
    kinesis.put_records(StreamName="large", Records=[{"Data": b"y" * 3 * MIB, "PartitionKey": "k"}] * 3)
    with pytest.raises(ClientError, match="the stream takes 4096 KiB"):
        kinesis.put_record(StreamName="large", Data=b"x" * 4 * MIB, PartitionKey="k")
    with pytest.raises(ClientError, match="a request takes 10485760"):
        kinesis.put_records(StreamName="large", Records=[{"Data": b"y" * 3 * MIB, "PartitionKey": "k"}] * 4)


def test_a_plain_stream_takes_one_mebibyte_and_500_records(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    kinesis.create_stream(StreamName="plain", ShardCount=1)
    kinesis.put_record(StreamName="plain", Data=b"x" * (MIB - 1), PartitionKey="k")
    with pytest.raises(ClientError, match="1048577 bytes with the partition key, the stream takes 1024 KiB"):
        kinesis.put_record(StreamName="plain", Data=b"x" * MIB, PartitionKey="k")
    with pytest.raises(ClientError, match="501 of them, a request takes 1 to 500"):
        kinesis.put_records(StreamName="plain", Records=[{"Data": b"", "PartitionKey": "k"}] * 501)
    no_base64 = b'{"StreamName": "plain", "PartitionKey": "k", "Data": "no base64"}'
    kinesis.meta.events.register("before-call.kinesis.PutRecord", lambda params, **_: params.update(body=no_base64))
    with pytest.raises(ClientError, match="SerializationException"):
        kinesis.put_record(StreamName="plain", Data=b"", PartitionKey="k")
    assert aws.get("/_weir/streams")["plain"] == 1


def test_a_read_gives_ten_mebibytes_at_most_and_one_record_at_least(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    kinesis.create_stream(StreamName="megabytes", ShardCount=1)
    for number in range(11):
        kinesis.put_record(StreamName="megabytes", Data=bytes([number]) * (MIB - 1), PartitionKey="k")
    begin = kinesis.get_shard_iterator(StreamName="megabytes", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    first = kinesis.get_records(ShardIterator=begin)
    rest = kinesis.get_records(ShardIterator=first["NextShardIterator"])
    assert [[record["Data"][0] for record in answer["Records"]] for answer in (first, rest)] == [list(range(10)), [10]]
    assert first["MillisBehindLatest"] > 0
    assert {len(record["Data"]) for record in first["Records"]} == {MIB - 1}


def test_encryption_of_a_template_is_kept(aws: Emulator) -> None:
    encrypted = {"Name": "encrypted", "ShardCount": 1, "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/data"}}
    aws.deploy("encrypted", {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": encrypted}})
    summary = aws.session.client("kinesis").describe_stream_summary(StreamName="encrypted")["StreamDescriptionSummary"]
    assert (summary["EncryptionType"], summary["KeyId"]) == ("KMS", "alias/data")


def oldest(kinesis: KinesisClient, stream: str) -> str:
    """An iterator at the oldest record of a stream of one shard."""
    position = kinesis.get_shard_iterator(StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
    return position["ShardIterator"]


def test_a_grant_on_one_stream_reads_that_stream_and_no_other(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    for name in ("mine", "theirs"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.put_record(StreamName=name, Data=name.encode(), PartitionKey="k")
    iam = aws.session.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    grant = {
        "Effect": "Allow",
        "Action": ["kinesis:GetShardIterator", "kinesis:GetRecords"],
        "Resource": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/mine",
    }
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=policy)
    reader = role_session(aws.endpoint, ROLE, "test").client("kinesis")
    # The call names its stream through the iterator alone.
    mine = oldest(reader, "mine")
    assert [record["Data"] for record in reader.get_records(ShardIterator=mine)["Records"]] == [b"mine"]
    with pytest.raises(ClientError, match="AccessDenied"):
        oldest(reader, "theirs")
    theirs = oldest(kinesis, "theirs")
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_records(ShardIterator=theirs)


def test_a_split_closes_its_parent_which_is_still_read(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    kinesis.create_stream(StreamName="split", ShardCount=1)
    kinesis.put_record(StreamName="split", Data=b"before", PartitionKey="k")
    (parent,) = kinesis.list_shards(StreamName="split")["Shards"]
    kinesis.split_shard(StreamName="split", ShardToSplit=parent["ShardId"], NewStartingHashKey=str(2**127))
    kinesis.put_record(StreamName="split", Data=b"after", PartitionKey="k")
    # The parent has an end and is read to it, its children are named there, and what came later is in one of them.
    closed, *children = kinesis.list_shards(StreamName="split")["Shards"]
    assert closed["ShardId"] == parent["ShardId"]
    assert "EndingSequenceNumber" in closed["SequenceNumberRange"]
    assert [child["ParentShardId"] for child in children] == [parent["ShardId"]] * 2
    answer = kinesis.get_records(ShardIterator=oldest(kinesis, "split"))
    assert [record["Data"] for record in answer["Records"]] == [b"before"]
    assert "NextShardIterator" not in answer
    assert [child["ShardId"] for child in answer["ChildShards"]] == [child["ShardId"] for child in children]
    assert in_shards(kinesis, "split", children) == [b"after"]
    assert open_shard_count(kinesis, "split") == 2
    with pytest.raises(ClientError, match=f"Shard {parent['ShardId']} is closed"):
        kinesis.split_shard(StreamName="split", ShardToSplit=parent["ShardId"], NewStartingHashKey=str(2**126))
    # WHEN the children are merged, THEN both are parents of the one that follows
    one, other = [child["ShardId"] for child in children]
    kinesis.merge_shards(StreamName="split", ShardToMerge=one, AdjacentShardToMerge=other)
    merged = kinesis.list_shards(StreamName="split")["Shards"][-1]
    assert (merged["ParentShardId"], merged["AdjacentParentShardId"]) == (one, other)
    assert open_shard_count(kinesis, "split") == 1


def test_another_shard_count_keeps_what_the_old_shards_hold(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    kinesis.create_stream(StreamName="scaled", ShardCount=2)
    records: list[PutRecordsRequestEntryTypeDef] = [{"Data": b"%d" % n, "PartitionKey": str(n)} for n in range(20)]
    kinesis.put_records(StreamName="scaled", Records=records)
    kinesis.update_shard_count(StreamName="scaled", TargetShardCount=3, ScalingType="UNIFORM_SCALING")
    kinesis.put_records(StreamName="scaled", Records=records)
    shards = kinesis.list_shards(StreamName="scaled")["Shards"]
    assert [(shard.get("ParentShardId"), shard.get("AdjacentParentShardId")) for shard in shards] == [
        (None, None),
        (None, None),
        (shards[0]["ShardId"], None),
        (shards[0]["ShardId"], shards[1]["ShardId"]),  # its hash keys were half the one's, half the other's
        (shards[1]["ShardId"], None),
    ]
    sent = sorted(b"%d" % n for n in range(20))
    assert sorted(in_shards(kinesis, "scaled", shards[:2])) == sorted(in_shards(kinesis, "scaled", shards[2:])) == sent
    assert open_shard_count(kinesis, "scaled") == 3
    with pytest.raises(ClientError, match="TargetShardCount 7: from 3 shards to half at least, double at most"):
        kinesis.update_shard_count(StreamName="scaled", TargetShardCount=7, ScalingType="UNIFORM_SCALING")


def in_shards(kinesis: KinesisClient, stream: str, shards: list[ShardTypeDef]) -> list[bytes]:
    """Data of all records of some shards."""
    found: list[bytes] = []
    for shard in shards:
        position = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")
        found += [record["Data"] for record in kinesis.get_records(ShardIterator=position["ShardIterator"])["Records"]]
    return found


def open_shard_count(kinesis: KinesisClient, stream: str) -> int:
    return kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"]["OpenShardCount"]


def test_a_stream_is_throttled_only_while_a_test_asks_for_it(aws: Emulator) -> None:
    kinesis = aws.session.client("kinesis")
    kinesis.create_stream(StreamName="busy", ShardCount=1)
    records: list[PutRecordsRequestEntryTypeDef] = [{"Data": b"x", "PartitionKey": "k"}] * 4
    # GIVEN half of the records refused
    aws.get("/_weir/throttle?stream=busy&share=0.5", method="POST")
    answer = kinesis.put_records(StreamName="busy", Records=records)
    assert answer["FailedRecordCount"] == 2
    refused = {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream busy."}
    assert [record for record in answer["Records"] if "ErrorCode" in record] == [refused] * 2
    assert len([record for record in answer["Records"] if "SequenceNumber" in record]) == 2
    # all of them
    aws.get("/_weir/throttle?stream=busy&share=1", method="POST")
    with pytest.raises(ClientError, match=f"{THROTTLED}.*Rate exceeded for stream busy"):
        kinesis.put_records(StreamName="busy", Records=records)
    # and none again
    told = aws.get("/_weir/throttle?stream=busy&share=0", method="POST")
    assert told["refused"] >= 2 + 4
    assert kinesis.put_records(StreamName="busy", Records=records)["FailedRecordCount"] == 0
    assert aws.get("/_weir/streams")["busy"] == 2 + 4


#: A stream `s` of one shard that holds ten records, and four that were read. `Reader(name)` begins with the oldest.
HOLDS_TEN = """
import json
from localrun.emulator import kinesis as corrected, retention
from ministack.core import iam_evaluator
from ministack.services import kinesis
corrected.correct()
retention.MOST_KEPT, retention.READ_KEPT, retention.HOUSEKEEPING_SECONDS = 10, 4, 0
kinesis._create_stream({'StreamName': 's', 'ShardCount': 1})
stream = kinesis._streams['s']
stream['StreamStatus'] = 'ACTIVE'
def put(*numbers):
    records = [{'PartitionKey': 'k', 'Data': f'{number:04}'} for number in numbers]
    return json.loads(kinesis._put_records({'StreamName': 's', 'Records': records})[2])['FailedRecordCount']
class Reader:
    def __init__(self, name, kind='TRIM_HORIZON', **where):
        self.name = name
        where |= {'StreamName': 's', 'ShardId': 'shardId-000000000000', 'ShardIteratorType': kind}
        self.token = self.call(kinesis._get_shard_iterator, where)['ShardIterator']
    def call(self, function, data):
        iam_evaluator._request_caller_arn.set(self.name)
        return json.loads(function(data)[2])
    def read(self, limit):
        answer = self.call(kinesis._get_records, {'ShardIterator': self.token, 'Limit': limit})
        self.token = answer['NextShardIterator']
        self.last = answer['Records'][-1]['SequenceNumber']
        return [int(record['Data']) for record in answer['Records']]
"""


def test_records_that_were_read_make_room_and_iterators_stay_on_theirs(aws: Emulator) -> None:
    said = aws.said(
        f"{HOLDS_TEN}\nreader = Reader('a')\nput(*range(15))\nfirst = reader.read(12)\nput(15)\nrest = reader.read(100)\n"
        "print(first[-1], rest, len(stream['shards']['shardId-000000000000']['records']), retention.records_put())",
    )
    assert said.splitlines()[-1] == "11 [12, 13, 14, 15] 8 {'s': 16}"


def test_records_are_kept_by_their_bytes_too(aws: Emulator) -> None:
    said = aws.said(
        f"{HOLDS_TEN}\nput(*range(3))\nsize = stream['shards']['shardId-000000000000']['put'] // 3\n"
        "retention.READ_KEPT_BYTES, retention.MOST_KEPT_BYTES = 2 * size, 7 * size\n"
        "fast, slow = Reader('fast'), Reader('slow')\nfast.read(3)\nslow.read(3)\nput(*range(3, 6))\n"
        "kept, held = [len(stream['shards']['shardId-000000000000']['records']), put(6, 7, 8)]\n"
        "print(kept, held, put(9), slow.read(100), fast.read(100), put(10))",
    )
    assert said.splitlines()[-1] == "5 0 1 [3, 4, 5, 6, 7, 8] [3, 4, 5, 6, 7, 8] 0"


def test_what_the_emulators_own_services_put_is_counted_and_never_refused(aws: Emulator) -> None:
    said = aws.said(
        f"import base64\n{HOLDS_TEN}\nshard, reader = stream['shards']['shardId-000000000000'], Reader('a')\n"
        "def put_own():\n    return kinesis.put_record_internal(stream['StreamARN'], 'k', base64.b64decode('0099'))\n"
        "put(0, 1)\nput_own()\nput(2)\nretention.READ_KEPT_BYTES = shard['put'] * 3 // 4\n"
        "print(reader.read(100), put(3), len(shard['records']))\n"
        "put(*range(4, 12))\nprint(put(12), put_own(), reader.read(100))",
    )
    assert said.splitlines()[-2:] == ["[0, 1, 99, 2] 0 4", "1 True [3, 4, 5, 6, 7, 8, 9, 10, 11, 99]"]


def test_a_shard_full_of_unread_records_takes_none_until_its_slowest_reader_goes_on(aws: Emulator) -> None:
    done = aws.run(
        f"{HOLDS_TEN}\nfast, slow = Reader('fast'), Reader('slow')\nput(*range(9))\nfast.read(100)\nput(*range(9, 15))\n"
        "refused, first, taken = put(15, 16), slow.read(9), put(17)\nprint(refused, first[0], taken, slow.read(100))",
    )
    assert done.stdout.splitlines()[-1] == "2 0 0 [9, 10, 11, 12, 13, 14, 17]"
    assert "shardId-000000000000 of s takes no more for now: slow has still to read 15 records\n" in done.stderr


def test_a_reader_that_begins_again_is_waited_for_where_it_is_now(aws: Emulator) -> None:
    said = aws.said(
        f"{HOLDS_TEN}\nkilled = Reader('a')\nput(*range(12))\nkilled.read(9)\n"
        "again = Reader('a', 'AFTER_SEQUENCE_NUMBER', StartingSequenceNumber=killed.last)\n"
        "print(again.read(100), put(12), len(stream['shards']['shardId-000000000000']['records']))",
    )
    assert said.splitlines()[-1] == "[9, 10, 11] 0 5"


def test_a_reader_that_has_gone_holds_no_shard(aws: Emulator) -> None:
    said = aws.said(
        f"{HOLDS_TEN}\nReader('a')\nput(*range(15))\nretention.READER_SECONDS = -1\nprint(put(15), retention.records_put())",
    )
    assert said.splitlines()[-1] == "0 {'s': 16}"
