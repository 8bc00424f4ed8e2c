"""References of a template become the names and ARNs they stand for; what is not understood is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from topology.assembly import Assembly, AssemblyError, Stack, load


def assembly(**templates: dict[str, Any]) -> Assembly:
    """Stacks `weir-test-<step>` of account 000000000000 in eu-west-1."""
    stacks = [Stack(f"weir-test-{step}", step, "000000000000", "eu-west-1", template) for step, template in templates.items()]
    return Assembly({stack.name: stack for stack in stacks})


def resolved(value: Any, **resources: dict[str, Any]) -> Any:
    probe = {"Type": "Custom::Probe", "Properties": {"Value": value}}
    read = assembly(search={"Resources": {**resources, "Probe": probe}})
    return read.properties(read.resources["weir-test-search", "Probe"])["Value"]


STREAM = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "weir-test-raw"}}
DOMAIN = {"Type": "AWS::OpenSearchService::Domain"}
TOPIC = {"Type": "AWS::SNS::Topic"}
BUCKET = {"Type": "AWS::S3::Bucket"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Stream"}, "weir-test-raw"),
        ({"Fn::GetAtt": ["Stream", "Arn"]}, "arn:aws:kinesis:eu-west-1:000000000000:stream/weir-test-raw"),
        ({"Fn::GetAtt": "Stream.Arn"}, "arn:aws:kinesis:eu-west-1:000000000000:stream/weir-test-raw"),
        ({"Ref": "Bucket"}, "weir-test-search-Bucket"),
        ({"Fn::GetAtt": ["Bucket", "Arn"]}, "arn:aws:s3:::weir-test-search-Bucket"),
        ({"Ref": "Topic"}, "arn:aws:sns:eu-west-1:000000000000:weir-test-search-Topic"),
        ({"Fn::GetAtt": ["Domain", "DomainEndpoint"]}, "search-weir-test-search-Domain.eu-west-1.es.amazonaws.com"),
        ({"Fn::Join": ["", [{"Fn::GetAtt": ["Bucket", "Arn"]}, "/raw/*"]]}, "arn:aws:s3:::weir-test-search-Bucket/raw/*"),
        ({"Fn::Sub": "${Stream}@${AWS::Region}${!literal}"}, "weir-test-raw@eu-west-1${literal}"),
        (
            {"Fn::Sub": ["${Stream.Arn}/${name}", {"name": {"Ref": "AWS::AccountId"}}]},
            "arn:aws:kinesis:eu-west-1:000000000000:stream/weir-test-raw/000000000000",
        ),
        ({"Fn::Select": [1, {"Fn::Split": ["-", {"Ref": "Stream"}]}]}, "test"),
        (["a", {"Ref": "AWS::NoValue"}], ["a"]),
        ({"kept": 1, "dropped": {"Ref": "AWS::NoValue"}}, {"kept": 1}),
    ],
)
def test_references_are_resolved(value: Any, expected: Any) -> None:
    assert resolved(value, Stream=STREAM, Domain=DOMAIN, Topic=TOPIC, Bucket=BUCKET) == expected


def test_imports_are_resolved_across_stacks() -> None:
    exporting = {
        "Resources": {"Stream": STREAM},
        "Outputs": {"O": {"Value": {"Fn::GetAtt": ["Stream", "Arn"]}, "Export": {"Name": {"Fn::Sub": "${AWS::StackName}:arn"}}}},
    }
    importing = {"Resources": {"R": {"Type": "Custom::R", "Properties": {"Arn": {"Fn::ImportValue": "weir-test-ingestion:arn"}}}}}
    read = assembly(ingestion=exporting, search=importing)
    arn = read.properties(read.resources["weir-test-search", "R"])["Arn"]
    found = read.find(arn)
    assert found is not None
    assert (found.stack, found.id) == ("weir-test-ingestion", "Stream")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"Fn::ImportValue": "elsewhere"}, "imports 'elsewhere', which no stack of the assembly exports"),
        ({"Ref": "Nothing"}, "refers to Nothing, which the stack does not have"),
        ({"Fn::If": ["A", 1, 2]}, "Fn::If is not understood by the topology reader"),
    ],
)
def test_what_is_not_understood_is_refused(value: Any, words: str) -> None:
    with pytest.raises(AssemblyError, match=r"weir-test-search/Probe: ") as raised:
        resolved(value)
    assert words in str(raised.value)


def test_a_parameter_without_default_is_refused() -> None:
    probe = {"Type": "Custom::R", "Properties": {"V": {"Ref": "P"}}}
    read = assembly(search={"Parameters": {"P": {"Type": "String"}}, "Resources": {"R": probe}})
    with pytest.raises(AssemblyError, match="parameter P has no default"):
        read.properties(read.resources["weir-test-search", "R"])


def test_a_folder_that_is_no_assembly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssemblyError, match="not a cloud assembly"):
        load(tmp_path)


def test_an_assembly_without_stacks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {}}))
    with pytest.raises(AssemblyError, match="has no stack"):
        load(tmp_path)


def test_an_account_that_is_not_known_is_the_example_account(tmp_path: Path) -> None:
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "displayName": "weir-test/search",
        "properties": {"templateFile": "t.json", "stackName": "weir-test-search"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"a": stack}}))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"Topic": TOPIC}}))
    (topic,) = load(tmp_path).of_type("AWS::SNS::Topic")
    assert topic.arn == "arn:aws:sns:us-east-1:111122223333:weir-test-search-Topic"
