"""The engines by themselves: the emulator corrected where it differs from AWS, a real node, and nothing left when they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from localrun import embedded_aws, guard, java, opensearch
from localrun.aws import ACCOUNT, role_session, session
from localrun.paths import PROJECT, PYTHON_PATH, make_directory, run_dir
from localrun.processes import ProcessGroups, free_ports
from localrun.tools import Tools

if TYPE_CHECKING:
    from mypy_boto3_firehose.type_defs import ExtendedS3DestinationConfigurationTypeDef
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef, ShardTypeDef

MIB = 1_024 * 1_024
THROTTLED = "ProvisionedThroughputExceededException"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/reader"


@dataclass(frozen=True)
class Engines:
    groups: ProcessGroups
    aws: str
    search: str
    python: Path

    @property
    def session(self) -> boto3.Session:
        return session(self.aws)

    def get(self, path: str, method: str = "GET") -> Any:
        with urllib.request.urlopen(urllib.request.Request(self.aws + path, method=method), timeout=10) as answer:
            return json.load(answer)


def start_engines(groups: ProcessGroups, directory: Path) -> Engines:
    tools = Tools(groups, make_directory(directory), print)
    runtime = java.find_java(tools)
    aws_port, http_port, transport_port = free_ports(3)
    node = opensearch.Node(opensearch.prepare(runtime, tools), directory / "opensearch", http_port, transport_port)
    starting = opensearch.start(node, runtime, groups, directory / "opensearch.log")
    python = embedded_aws.prepare(tools)
    emulator = embedded_aws.Emulator(python, aws_port, directory / "emulator", node.endpoint)
    embedded_aws.start(emulator, groups, directory / "emulator.log")
    opensearch.wait(starting, node)
    return Engines(groups, emulator.endpoint, node.endpoint, python)


@pytest.fixture(scope="module")
def engines() -> Iterator[Engines]:
    with ProcessGroups() as groups:
        yield start_engines(groups, run_dir() / "test-engines")


def deploy(engines: Engines, name: str, resources: dict[str, Any]) -> None:
    cloudformation = engines.session.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def test_a_stream_takes_records_of_its_own_size(engines: Engines) -> None:
    large = {"Name": "large", "ShardCount": 1, "MaxRecordSizeInKiB": 4_096}
    deploy(engines, "large", {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": large}})
    kinesis = engines.session.client("kinesis")
    kinesis.put_record(StreamName="large", Data=b"x" * 2 * MIB, PartitionKey="k")
    kinesis.put_records(StreamName="large", Records=[{"Data": b"y" * 3 * MIB, "PartitionKey": "k"}] * 3)
    with pytest.raises(ClientError, match="the stream takes 4096 KiB"):
        kinesis.put_record(StreamName="large", Data=b"x" * 4 * MIB, PartitionKey="k")
    with pytest.raises(ClientError, match="a request takes 10485760"):
        kinesis.put_records(StreamName="large", Records=[{"Data": b"y" * 3 * MIB, "PartitionKey": "k"}] * 4)


def test_a_plain_stream_takes_one_mebibyte_and_500_records(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
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
    assert engines.get("/_weir/streams")["plain"] == 1


def test_a_read_gives_ten_mebibytes_at_most_and_one_record_at_least(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
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


def test_encryption_of_a_template_is_kept(engines: Engines) -> None:
    encrypted = {"Name": "encrypted", "ShardCount": 1, "StreamEncryption": {"EncryptionType": "KMS", "KeyId": "alias/data"}}
    deploy(engines, "encrypted", {"Stream": {"Type": "AWS::Kinesis::Stream", "Properties": encrypted}})
    summary = engines.session.client("kinesis").describe_stream_summary(StreamName="encrypted")["StreamDescriptionSummary"]
    assert (summary["EncryptionType"], summary["KeyId"]) == ("KMS", "alias/data")


def oldest(kinesis: KinesisClient, stream: str) -> str:
    """An iterator at the oldest record of a stream of one shard."""
    position = kinesis.get_shard_iterator(StreamName=stream, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON")
    return position["ShardIterator"]


def test_a_grant_on_one_stream_reads_that_stream_and_no_other(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
    for name in ("mine", "theirs"):
        kinesis.create_stream(StreamName=name, ShardCount=1)
        kinesis.put_record(StreamName=name, Data=name.encode(), PartitionKey="k")
    iam = engines.session.client("iam")
    trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    grant = {
        "Effect": "Allow",
        "Action": ["kinesis:GetShardIterator", "kinesis:GetRecords"],
        "Resource": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/mine",
    }
    iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}))
    policy = json.dumps({"Version": "2012-10-17", "Statement": [grant]})
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=policy)
    reader = role_session(engines.aws, ROLE, "test").client("kinesis")
    # The call names its stream through the iterator alone.
    mine = oldest(reader, "mine")
    assert [record["Data"] for record in reader.get_records(ShardIterator=mine)["Records"]] == [b"mine"]
    with pytest.raises(ClientError, match="AccessDenied"):
        oldest(reader, "theirs")
    theirs = oldest(kinesis, "theirs")
    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_records(ShardIterator=theirs)


def test_direct_put_records_wait_until_they_are_drained_once(engines: Engines) -> None:
    firehose = engines.session.client("firehose")
    engines.session.client("s3").create_bucket(Bucket="backup")
    destination: ExtendedS3DestinationConfigurationTypeDef = {
        "BucketARN": "arn:aws:s3:::backup",
        "RoleARN": ROLE,
        "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
    }
    firehose.create_delivery_stream(
        DeliveryStreamName="direct", DeliveryStreamType="DirectPut", ExtendedS3DestinationConfiguration=destination
    )
    firehose.put_record(DeliveryStreamName="direct", Record={"Data": b"one"})
    firehose.put_record_batch(DeliveryStreamName="direct", Records=[{"Data": b"two"}])
    assert engines.session.client("s3").list_objects_v2(Bucket="backup")["KeyCount"] == 0
    drained = engines.get("/_weir/drain?name=direct", method="POST")
    assert [record["data"] for record in drained] == [b64encode(data).decode() for data in (b"one", b"two")]
    assert engines.get("/_weir/drain?name=direct", method="POST") == []
    deployed = next(delivery for delivery in engines.get("/_weir/deliveries") if delivery["Name"] == "direct")
    assert deployed["DestinationType"] == "ExtendedS3"
    assert deployed["Destination"] == destination


def test_a_split_closes_its_parent_which_is_still_read(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
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


def test_another_shard_count_keeps_what_the_old_shards_hold(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
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


def test_a_stream_is_throttled_only_while_a_test_asks_for_it(engines: Engines) -> None:
    kinesis = engines.session.client("kinesis")
    kinesis.create_stream(StreamName="busy", ShardCount=1)
    records: list[PutRecordsRequestEntryTypeDef] = [{"Data": b"x", "PartitionKey": "k"}] * 4
    # GIVEN half of the records refused
    engines.get("/_weir/throttle?stream=busy&share=0.5", method="POST")
    answer = kinesis.put_records(StreamName="busy", Records=records)
    assert answer["FailedRecordCount"] == 2
    refused = {"ErrorCode": THROTTLED, "ErrorMessage": "Rate exceeded for shard shardId-000000000000 in stream busy."}
    assert [record for record in answer["Records"] if "ErrorCode" in record] == [refused] * 2
    assert len([record for record in answer["Records"] if "SequenceNumber" in record]) == 2
    # all of them
    engines.get("/_weir/throttle?stream=busy&share=1", method="POST")
    with pytest.raises(ClientError, match=f"{THROTTLED}.*Rate exceeded for stream busy"):
        kinesis.put_records(StreamName="busy", Records=records)
    # and none again
    told = engines.get("/_weir/throttle?stream=busy&share=0", method="POST")
    assert told["refused"] >= 2 + 4
    assert kinesis.put_records(StreamName="busy", Records=records)["FailedRecordCount"] == 0
    assert engines.get("/_weir/streams")["busy"] == 2 + 4


def test_an_alarm_of_metric_math_does_not_fail_the_stack(engines: Engines) -> None:
    alarm = {
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "Metrics": [{"Id": "sum", "Expression": "a + b"}],
    }
    deploy(engines, "alarm", {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm}})


def test_a_function_for_another_python_is_refused(engines: Engines) -> None:
    other = "python3.13" if sys.version_info[:2] != (3, 13) else "python3.12"
    assert "functions: {python: host}" in in_emulator(
        engines,
        "from localrun.emulator import functions\nfrom ministack.core import lambda_runtime\n"
        f"functions.correct({sys.executable!r}, 'python{sys.version_info.major}.{sys.version_info.minor}')\n"
        f"try: lambda_runtime._detect_runtime_binary({other!r})\nexcept RuntimeError as error: print(error)",
    )


#: A stream `s` of one shard that holds ten records, and four that were read; `read(token, limit)` gives the next token.
HOLDS_TEN = """
import json
from localrun.emulator import kinesis as corrected, retention
from localrun.emulator.records import get_records
from ministack.services import kinesis
corrected.correct()
retention.MOST_KEPT, retention.READ_KEPT, retention.HOUSEKEEPING_SECONDS = 10, 4, 0
kinesis._create_stream({'StreamName': 's', 'ShardCount': 1})
stream = kinesis._streams['s']
stream['StreamStatus'] = 'ACTIVE'
def put(*numbers):
    records = [{'PartitionKey': 'k', 'Data': f'{number:04}'} for number in numbers]
    return json.loads(corrected.put_records({'StreamName': 's', 'Records': records})[2])['FailedRecordCount']
def begin():
    where = {'StreamName': 's', 'ShardId': 'shardId-000000000000', 'ShardIteratorType': 'TRIM_HORIZON'}
    return json.loads(kinesis._get_shard_iterator(where)[2])['ShardIterator']
def read(token, limit):
    answer = json.loads(get_records({'ShardIterator': token, 'Limit': limit})[2])
    return answer['NextShardIterator'], [int(record['Data']) for record in answer['Records']]
"""


def test_records_that_were_read_make_room_and_iterators_stay_on_theirs(engines: Engines) -> None:
    said = in_emulator(
        engines,
        f"{HOLDS_TEN}\ntoken = begin()\nput(*range(15))\ntoken, first = read(token, 12)\nput(15)\n_, rest = read(token, 100)\n"
        "print(first[-1], rest, len(stream['shards']['shardId-000000000000']['records']), retention.records_put())",
    )
    assert said.splitlines()[-1] == "11 [12, 13, 14, 15] 8 {'s': 16}"


def test_a_shard_full_of_unread_records_takes_none_until_its_slowest_reader_goes_on(engines: Engines) -> None:
    said = in_emulator(
        engines,
        f"{HOLDS_TEN}\nfast, slow = begin(), begin()\nput(*range(15))\nfast, _ = read(fast, 100)\n"
        "refused = put(15, 16)\nslow, first = read(slow, 9)\ntaken = put(17)\n_, rest = read(slow, 100)\n"
        "print(refused, first[0], taken, rest)",
    )
    assert said.splitlines()[-1] == "2 0 0 [9, 10, 11, 12, 13, 14, 17]"


def test_a_reader_that_has_gone_holds_no_shard(engines: Engines) -> None:
    said = in_emulator(
        engines,
        f"{HOLDS_TEN}\nbegin()\nput(*range(15))\nretention.READER_SECONDS = -1\nprint(put(15), retention.records_put())",
    )
    assert said.splitlines()[-1] == "0 {'s': 16}"


def test_the_emulator_ends_when_what_it_corrects_is_gone(engines: Engines) -> None:
    program = (
        "from localrun.emulator.layout import require\nfrom ministack.services import kinesis\nrequire(kinesis, '_no_such_name')"
    )
    done = subprocess.run(
        [engines.python, "-c", program], env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stderr == (
        "this MiniStack has no ministack.services.kinesis._no_such_name, "
        "which localrun/emulator corrects: review it for this version\n"
    )


def in_emulator(engines: Engines, program: str) -> str:
    """What a program prints that runs on the emulator's own interpreter."""
    done = subprocess.run(
        [engines.python, "-c", program], env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_node_indexes_and_finds(engines: Engines) -> None:
    headers = {"content-type": "application/json"}
    document = urllib.request.Request(f"{engines.search}/test/_doc/1?refresh=true", b'{"user": "root"}', headers, method="PUT")
    with urllib.request.urlopen(document, timeout=10) as answer:
        assert answer.status == 201
    with urllib.request.urlopen(f"{engines.search}/test/_search?q=user:root", timeout=10) as answer:
        assert json.load(answer)["hits"]["total"]["value"] == 1


def test_killing_the_supervisor_leaves_no_process() -> None:
    """Starts engines in a process of its own, and kills that."""
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom localrun.processes import ProcessGroups\n"
        "from tests.e2e.test_engines import start_engines\n"
        f"groups = ProcessGroups().__enter__()\nstart_engines(groups, Path({str(run_dir() / 'test-killed')!r}))\n"
        "print('groups', *(process.pid for process in groups.running()), flush=True)\ntime.sleep(600)\n"
    )
    environment = os.environ | {"PYTHONPATH": PYTHON_PATH}
    with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        started = next(line for line in supervisor.stdout if line.startswith("groups"))
        groups = [int(word) for word in started.split()[1:]]
        assert len(groups) == 2
        assert all(guard.send(group, 0) for group in groups)
        supervisor.kill()
    deadline = time.monotonic() + 5
    waiting = threading.Event()
    while any(guard.send(group, 0) for group in groups):
        assert time.monotonic() < deadline, "an engine is still running"
        waiting.wait(0.05)


def test_stopping_takes_at_most_ten_seconds_and_leaves_no_process(engines: Engines) -> None:
    """Last of this file: the others use what it stops."""
    started = [process.pid for process in engines.groups.running()]
    assert len(started) == 2
    begin = time.monotonic()
    engines.groups.stop()
    assert time.monotonic() - begin < 10
    assert not any(guard.send(group, 0) for group in started)
