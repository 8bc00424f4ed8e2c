"""Shaping and enrichment as they are deployed: rules beside the code, and permission on just what they name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from components.finishing import finishing_rules
from components.packaging import PROJECT, _CopyFolders
from tests.synth.synthesized import Pipeline, Synthesize
from topology import build
from topology.checks import check

CHANGES: dict[str, Any] = {
    "shaping": {"rules": [{"types": ["app"], "hash": ["user.name"], "sample": 0.5}], "hash_key": "keys/pseudonyms"},
    "enrichment": {
        "geo": {"files": ["geo/city.mmdb", "geo/asn.mmdb"]},
        "user_agent": {},
        "threats": {"lists": [{"name": "drop", "kind": "ip", "file": "threats/drop.txt"}]},
        "accounts": {"file": "accounts.json", "tags": ["owner"]},
        "master_data": [
            {"name": "shops", "field": "shop.id", "file": "shops.csv", "into": "labels.shop"},
            {"name": "users", "field": "user.id", "kind": "user"},
        ],
    },
}
FILES = ["keys/pseudonyms", "geo/city.mmdb", "geo/asn.mmdb", "threats/drop.txt", "accounts.json", "shops.csv"]


@pytest.fixture(scope="module", params=["dev", "prod"])
def finishing(request: pytest.FixtureRequest, synthesize: Synthesize) -> Pipeline:
    return synthesize(request.param, CHANGES)


def statements(pipeline: Pipeline, action: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in pipeline.all("AWS::IAM::Policy")
        if policy.path.startswith("Normalise/")
        for statement in pipeline.assembly.properties(policy)["PolicyDocument"]["Statement"]
        if action in (statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]])
    ]


def test_the_function_is_told_where_files_and_table_are(finishing: Pipeline) -> None:
    name = f"weir-{finishing.environment.name}-normalise"
    variables = finishing.one("AWS::Lambda::Function", name)["Environment"]["Variables"]
    (bucket,) = [each.name for each in finishing.all("AWS::S3::Bucket") if each.path == "Lookups/Bucket"]
    (table,) = [each.name for each in finishing.all("AWS::DynamoDB::Table")]
    assert (variables["LOOKUPS_BUCKET"], variables["MASTER_DATA_TABLE"]) == (bucket, table)
    assert len(json.dumps(variables)) < 4_096


def test_it_may_read_those_objects_and_query_that_table(finishing: Pipeline) -> None:
    (read,) = statements(finishing, "s3:GetObject")
    bucket = finishing.arn("AWS::S3::Bucket", "Lookups/Bucket")
    assert read["Resource"] == sorted(f"{bucket}/{name}" for name in FILES)
    (query,) = statements(finishing, "dynamodb:Query")
    assert query == {"Action": "dynamodb:Query", "Effect": "Allow", "Resource": finishing.all("AWS::DynamoDB::Table")[0].arn}
    region = finishing.all("AWS::DynamoDB::Table")[0].region
    through = [statement["Condition"]["StringEquals"]["kms:ViaService"] for statement in statements(finishing, "kms:Decrypt")]
    assert {f"s3.{region}.amazonaws.com", f"dynamodb.{region}.amazonaws.com"} <= set(through)


def test_every_transfer_is_permitted_and_nothing_else(finishing: Pipeline) -> None:
    topology = build(finishing.assembly)
    assert [str(finding) for finding in check(topology, finishing.environment)] == []
    reads = {edge.source for edge in topology.edges if edge.target == "function/normalise" and edge.verb == "reads"}
    assert reads == {"stream/raw", "bucket/lookups", "table/master-data"}


def test_a_missing_grant_is_found_with_its_object(finishing: Pipeline) -> None:
    (policy,) = [
        each
        for each in finishing.all("AWS::IAM::Policy")
        if each.path.startswith("Normalise/") and "s3:GetObject" in json.dumps(finishing.body(each))
    ]
    template = json.loads(json.dumps(finishing.assembly.stacks[policy.stack].template))
    for statement in template["Resources"][policy.id]["Properties"]["PolicyDocument"]["Statement"]:
        if statement["Action"] == "s3:GetObject":
            statement["Resource"].pop()
    changed = build(finishing.assembly.with_template(policy.stack, template))
    missing = [finding for finding in check(changed, finishing.environment) if finding.rule == "missing permission"]
    assert [(finding.action, str(finding.resource).rpartition("/")[2]) for finding in missing] == [("s3:GetObject", "drop.txt")]


def test_a_source_that_cannot_be_used_alarms(finishing: Pipeline) -> None:
    alarms = [finishing.assembly.properties(each) for each in finishing.all("AWS::CloudWatch::Alarm")]
    (alarm,) = [alarm for alarm in alarms if "EnrichmentFailures" in json.dumps(alarm)]
    (metric,) = alarm["Metrics"]
    assert metric["MetricStat"]["Metric"] == {
        "Namespace": "Weir",
        "MetricName": "EnrichmentFailures",
        "Dimensions": [{"Name": "service", "Value": "normalise"}],
    }
    assert metric["MetricStat"]["Stat"] == "Sum"
    assert (alarm["Threshold"], alarm["ComparisonOperator"], alarm["TreatMissingData"]) == (
        0,
        "GreaterThanThreshold",
        "notBreaching",
    )
    assert alarm["AlarmActions"] == [finishing.all("AWS::SNS::Topic")[0].arn]


def test_a_vpc_has_a_way_to_the_table_only_where_it_is_read(synthesize: Synthesize, prod: Pipeline) -> None:
    def services(pipeline: Pipeline) -> set[str]:
        found = [pipeline.assembly.properties(each)["ServiceName"] for each in pipeline.all("AWS::EC2::VPCEndpoint")]
        return {name.rpartition(".")[2] for name in found}

    assert services(synthesize("prod", CHANGES)) - services(prod) == {"dynamodb"}


def test_an_environment_that_configures_nothing_has_none_of_it(prod: Pipeline) -> None:
    assert finishing_rules(prod.environment) is None
    assert [each.path for each in prod.all("AWS::S3::Bucket") if "Lookups" in each.path] == []
    variables = prod.one("AWS::Lambda::Function", "weir-prod-normalise")["Environment"]["Variables"]
    assert "LOOKUPS_BUCKET" not in variables
    assert "MASTER_DATA_TABLE" not in variables


def test_the_rules_are_a_file_of_the_functions_code(finishing: Pipeline, tmp_path: Path) -> None:
    rules = finishing_rules(finishing.environment)
    assert rules is not None
    assert json.loads(rules)["enrichment"]["threats"]["lists"][0]["fields"] == ["source.ip", "destination.ip"]
    _CopyFolders({"lambdas/normalise": "normalise"}, {"normalise/rules.json": rules}).try_bundle(str(tmp_path))
    assert (tmp_path / "normalise" / "rules.json").read_text() == rules
    written = {path.name for path in (tmp_path / "normalise").iterdir()}
    assert written == {path.name for path in (PROJECT / "lambdas" / "normalise").glob("*.py")} | {"rules.json"}


def test_other_rules_are_another_asset(synthesize: Synthesize) -> None:
    def code(changes: dict[str, Any]) -> str:
        pipeline = synthesize("dev", changes)
        key: str = pipeline.one("AWS::Lambda::Function", "weir-dev-normalise")["Code"]["S3Key"]
        return key

    assert code(CHANGES) != code({"shaping": {"rules": [{"drop": ["user"]}]}})
