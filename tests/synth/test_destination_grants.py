"""What the role of every kind of Firehose destination may do: just what the developer guide lists, narrowed to the one target."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.destinations import FROM_RAW, PROCESSED, STREAMS
from tests.synth.synthesized import Pipeline

BUCKET_ACTIONS = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]


def bucket(deployed: Pipeline, name: str) -> str:
    return deployed.arn("AWS::S3::Bucket", f"{name}/Bucket")


#: Actions, resources, and the service it is tied to (`kms:ViaService`; empty when to none).
Grant = tuple[list[str], list[str], str]


def policy(deployed: Pipeline, construct_id: str) -> list[Grant]:
    """All a role may do, sorted."""
    document = deployed.one("AWS::IAM::Policy", f"{construct_id}/Access/Role/DefaultPolicy")["PolicyDocument"]
    assert {each["Effect"] for each in document["Statement"]} == {"Allow"}
    return sorted(map(_grant, document["Statement"]))


def _grant(statement: dict[str, Any]) -> Grant:
    via = statement.get("Condition", {"StringEquals": {"kms:ViaService": ""}})
    assert list(via) == ["StringEquals"]
    assert list(via["StringEquals"]) == ["kms:ViaService"]
    return _listed(statement["Action"]), _listed(statement["Resource"]), via["StringEquals"]["kms:ViaService"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else sorted(value)


def expected_grants(deployed: Pipeline, construct_id: str) -> list[Grant]:
    """The table of grants, one entry a destination; what all have is added to each."""
    (secret,) = deployed.all("AWS::SecretsManager::Secret")
    (database,) = deployed.all("AWS::Glue::Database")
    tables = {each.path: each.ref for each in deployed.all("AWS::Glue::Table")}
    glue_arn = "arn:aws:glue:us-east-1:111122223333"
    archive, quarantine = bucket(deployed, "Archive"), bucket(deployed, "Quarantine")
    stage, warehouse = bucket(deployed, "Stage"), bucket(deployed, "Warehouse")
    domain = deployed.arn("AWS::OpenSearchService::Domain", "weir-test")
    add = ["s3:AbortMultipartUpload", "s3:PutObject"]
    interfaces = [
        "ec2:CreateNetworkInterface",
        "ec2:CreateNetworkInterfacePermission",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "ec2:DescribeVpcAttribute",
        "ec2:DescribeVpcs",
    ]

    def in_catalog(*names: str) -> list[str]:
        own = [f"{glue_arn}:table/{database.ref}/{tables[name]}" for name in names]
        return sorted([f"{glue_arn}:catalog", f"{glue_arn}:database/{database.ref}", *own])

    def kept(folder: str) -> list[Grant]:
        return [(BUCKET_ACTIONS, [quarantine], ""), (add, [f"{quarantine}/{folder}/*"], "")]

    read_secret: Grant = (["secretsmanager:GetSecretValue"], [secret.arn], "")
    own: dict[str, list[Grant]] = {
        "S3": [
            (BUCKET_ACTIONS, [archive], ""),
            (add, [f"{archive}/by-tenant-failed/*", f"{archive}/by-tenant/*"], ""),
        ],
        "Parquet": [
            (BUCKET_ACTIONS, [archive], ""),
            (add, [f"{archive}/lake-failed/*", f"{archive}/lake/*"], ""),
            (["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"], in_catalog("Events"), ""),
        ],
        "SearchDomain": [
            *kept("search-domain"),
            (["es:DescribeDomain", "es:DescribeDomainConfig", "es:DescribeDomains"], [domain], ""),
            (["es:ESHttpPost", "es:ESHttpPut"], [f"{domain}/*"], ""),
            (
                ["es:ESHttpGet"],
                sorted(
                    f"{domain}/{path}"
                    for path in (
                        *("_all/_settings", "_cluster/stats", "logs-test*/_mapping/*", "_nodes", "_nodes/stats"),
                        *("_nodes/*/stats", "_stats", "logs-test*/_stats"),
                    )
                ),
                "",
            ),
            (interfaces, ["*"], ""),
        ],
        "SearchCollection": [
            *kept("search-collection"),
            (["aoss:APIAccessAll"], [deployed.arn("AWS::OpenSearchServerless::Collection", "weir-test")], ""),
            (interfaces, ["*"], ""),
        ],
        "Redshift": [
            (BUCKET_ACTIONS, sorted([quarantine, stage]), ""),
            (["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [f"{stage}/*"], ""),
            (add, [f"{quarantine}/redshift/*"], ""),
            read_secret,
        ],
        "Iceberg": [
            (BUCKET_ACTIONS, sorted([quarantine, warehouse]), ""),
            (["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"], [f"{warehouse}/tables/*"], ""),
            (add, [f"{quarantine}/iceberg/*"], ""),
            (["glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"], in_catalog("Users", "Logins"), ""),
        ],
        "HttpEndpoint": [*kept("http-endpoint"), read_secret],
        "Splunk": [*kept("splunk"), read_secret],
    }
    return sorted([*own[construct_id], *_common_grants(deployed, construct_id)])


def _common_grants(deployed: Pipeline, construct_id: str) -> list[Grant]:
    group = deployed.arn("AWS::Logs::LogGroup", f"{construct_id}/Access/Logs")
    found: list[Grant] = [(["logs:PutLogEvents"], [group], ""), _key(deployed, "s3", ["kms:Decrypt", "kms:GenerateDataKey"])]
    if construct_id in FROM_RAW:
        found += [
            (
                [
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                [deployed.arn("AWS::Kinesis::Stream", "weir-prod-raw")],
                "",
            ),
            _key(deployed, "kinesis", ["kms:Decrypt"]),
        ]
    if construct_id in PROCESSED:
        function = deployed.arn("AWS::Lambda::Function", "weir-test-transform")
        found.append((["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"], [function], ""))
    if construct_id in ("Redshift", "HttpEndpoint", "Splunk"):
        found.append(_key(deployed, "secretsmanager", ["kms:Decrypt"]))
    return found


def _key(deployed: Pipeline, service: str, actions: list[str]) -> Grant:
    return (actions, [deployed.key()], f"{service}.us-east-1.amazonaws.com")


@pytest.mark.parametrize("construct_id", STREAMS)
def test_a_role_may_do_what_its_destination_needs_and_nothing_else(deployed: Pipeline, construct_id: str) -> None:
    assert policy(deployed, construct_id) == expected_grants(deployed, construct_id)
