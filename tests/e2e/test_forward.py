"""Findings are copied to a stream there is already, by the function that `analytics.outputs` adds to the templates."""

from __future__ import annotations

import json
import zipfile
from io import BytesIO
from pathlib import Path
from typing import Any

import topology
from app import build_app
from config.loader import load_environment
from config.model import Environment
from localrun.aws import ACCOUNT, REGION, session
from localrun.paths import run_dir
from localrun.state import State
from tests.e2e.index import wait_for
from tests.e2e.stacks import template
from topology.assembly import Assembly, load

STACK, FUNCTION, STREAM = "weir-local-analytics", "weir-local-forward-siem", "siem"


def test_findings_arrive_on_another_stream_as_they_are_and_in_order(pipeline: State, tmp_path: Path) -> None:
    aws = session(pipeline.endpoints.aws)
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=STREAM, ShardCount=2)
    deployed = topology.read(run_dir() / "cdk.out").assembly
    with template(pipeline, STACK, with_forward(aws, deployed, tmp_path), deployed):
        keys = ("user-1", "user-2", "größe")
        sent = [(keys[number % 3], finding(number)) for number in range(60)]
        kinesis.put_records(
            StreamName=pipeline.outputs["analytics"]["FindingsStream"],
            Records=[{"PartitionKey": key, "Data": data} for key, data in sent],
        )

        def copied() -> list[tuple[str, bytes]]:
            return [(key, data) for key, data in records(kinesis) if key in keys]

        found = wait_for(copied, lambda found: len(found) >= len(sent))
    kinesis.delete_stream(StreamName=STREAM)
    assert {key: [data for other, data in found if other == key] for key in keys} == {
        key: [data for other, data in sent if other == key] for key in keys
    }


def finding(number: int) -> bytes:
    at = f"2026-03-01T10:00:{number:02}.000Z"
    event = {"id": f"copied-{number}", "dataset": "weir.finding", "kind": "alert", "ingested": at}
    return json.dumps({"@timestamp": at, "event": event, "tenant": "copied", "message": "ü"}, ensure_ascii=False).encode()


def with_forward(aws: Any, deployed: Assembly, directory: Path) -> Assembly:
    """What is deployed, with an output to the stream added, whose code is where it is deployed from."""
    values = load_environment("local").model_dump()
    arn = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{STREAM}"
    values["analytics"] |= {"outputs": [{"name": STREAM, "stream": "findings", "data_stream": {"arn": arn}}]}
    # Without bundling, which all that is deployed has had: a function's own code has none.
    build_app(
        Environment.model_validate(values), outdir=str(directory / "cdk.out"), context={"aws:cdk:bundling-stacks": []}
    ).synth()
    wanted = load(directory / "cdk.out")
    function = wanted.find(FUNCTION, "AWS::Lambda::Function")
    assert function is not None
    code = wanted.properties(function)["Code"]
    (asset,) = directory.rglob(f"asset.{code['S3Key'].removesuffix('.zip')}")
    aws.client("s3").put_object(Bucket=code["S3Bucket"], Key=code["S3Key"], Body=zipped(asset))
    own, more = deployed.stacks[STACK].template, wanted.stacks[STACK].template
    return deployed.with_template(STACK, {**own, "Resources": {**more["Resources"], **own["Resources"]}})


def zipped(folder: Path) -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            archive.write(file, file.relative_to(folder))
    return held.getvalue()


def records(kinesis: Any) -> list[tuple[str, bytes]]:
    """(partition key, data) of everything on the stream so far."""
    found: list[tuple[str, bytes]] = []
    for shard in kinesis.list_shards(StreamName=STREAM)["Shards"]:
        where = {"StreamName": STREAM, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = kinesis.get_shard_iterator(**where)["ShardIterator"]
        while held := (answer := kinesis.get_records(ShardIterator=iterator))["Records"]:
            found += ((record["PartitionKey"], record["Data"]) for record in held)
            iterator = answer["NextShardIterator"]
    return found
