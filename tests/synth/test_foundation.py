"""The key, the buckets, the table and the network."""

from __future__ import annotations

import itertools

import pytest

from tests.synth.synthesized import Pipeline, Synthesize

BUCKETS = ("AccessLogs/Bucket", "Archive/Bucket", "Quarantine/Bucket", "Logs/Bucket")


def test_the_key_turns_every_year(pipeline: Pipeline) -> None:
    assert pipeline.one("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_the_key_lets_in_the_account_its_logs_its_alarms_and_its_buckets_only(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    every = pipeline.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    # Those of Managed Service for Apache Flink are in test_analytics.py.
    statements = [each for each in every if "kinesisanalytics" not in str(each["Principal"])]
    assert [each["Principal"] for each in statements] == [
        {"AWS": f"arn:aws:iam::{key.account}:root"},
        {"Service": f"logs.{key.region}.amazonaws.com"},
        {"Service": "cloudwatch.amazonaws.com"},
        {"Service": "s3.amazonaws.com"},
    ]
    assert statements[1]["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{key.region}:{key.account}:log-group:*"}
    }
    assert statements[2]["Condition"] == {
        "StringEquals": {"aws:SourceAccount": key.account},
        "ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{key.region}:{key.account}:alarm:*"},
    }
    assert statements[3]["Condition"] == {"StringEquals": {"aws:SourceAccount": key.account}}


def test_a_role_may_use_the_key_through_one_service_a_grant(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    grants = [
        statement
        for policy in pipeline.all("AWS::IAM::Policy")
        for statement in pipeline.assembly.properties(policy)["PolicyDocument"]["Statement"]
        if "kms:" in str(statement["Action"])
    ]
    assert grants
    for grant in grants:
        assert grant["Resource"] == key.arn
        assert grant["Condition"]["StringEquals"]["kms:ViaService"] in (
            f"kinesis.{key.region}.amazonaws.com",
            f"s3.{key.region}.amazonaws.com",
            f"sqs.{key.region}.amazonaws.com",
            f"dynamodb.{key.region}.amazonaws.com",
            f"kinesisanalytics.{key.region}.amazonaws.com",
        )


@pytest.mark.parametrize("path", BUCKETS)
def test_a_bucket_is_private_and_versioned(pipeline: Pipeline, path: str) -> None:
    bucket = pipeline.one("AWS::S3::Bucket", path)
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}


@pytest.mark.parametrize("path", BUCKETS)
def test_a_bucket_refuses_what_is_not_tls_1_2(pipeline: Pipeline, path: str) -> None:
    (bucket,) = [each for each in pipeline.all("AWS::S3::Bucket") if each.path == path]
    statements = pipeline.one("AWS::S3::BucketPolicy", f"{path}/Policy")["PolicyDocument"]["Statement"]
    denied = [each for each in statements if each["Effect"] == "Deny"]
    for each in denied:
        assert each["Action"] == "s3:*"
        assert each["Resource"] == [bucket.arn, f"{bucket.arn}/*"]
    assert [each["Condition"] for each in denied] == [
        {"Bool": {"aws:SecureTransport": "false"}},
        {"NumericLessThan": {"s3:TlsVersion": 1.2}},
    ]


@pytest.mark.parametrize("path", ["Archive/Bucket", "Quarantine/Bucket", "Lake/Bucket"])
def test_log_data_is_encrypted_with_the_key_and_its_access_logged(pipeline: Pipeline, path: str) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    bucket = pipeline.one("AWS::S3::Bucket", path)
    (logs,) = [each for each in pipeline.all("AWS::S3::Bucket") if each.path == "AccessLogs/Bucket"]
    assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {
            "BucketKeyEnabled": True,
            "ServerSideEncryptionByDefault": {"KMSMasterKeyID": key.arn, "SSEAlgorithm": "aws:kms"},
        }
    ]
    assert bucket["LoggingConfiguration"] == {
        "DestinationBucketName": logs.name,
        "LogFilePrefix": f"{path.partition('/')[0].lower()}/",
    }


def test_the_archive_ages_as_the_environment_says(pipeline: Pipeline) -> None:
    archive = pipeline.environment.archive
    (rule,) = pipeline.one("AWS::S3::Bucket", "Archive/Bucket")["LifecycleConfiguration"]["Rules"]
    assert rule["Status"] == "Enabled"
    assert rule.get("ExpirationInDays") == archive.expire_after_days
    days = archive.infrequent_access_after_days
    assert rule.get("Transitions") == ([{"StorageClass": "STANDARD_IA", "TransitionInDays": days}] if days else None)
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


def test_the_lake_ages_as_the_environment_says_and_results_of_queries_sooner(pipeline: Pipeline) -> None:
    lake = pipeline.environment.lake
    events, results = pipeline.one("AWS::S3::Bucket", "Lake/Bucket")["LifecycleConfiguration"]["Rules"]
    assert events.get("ExpirationInDays") == lake.expire_after_days
    days = lake.infrequent_access_after_days
    assert events.get("Transitions") == ([{"StorageClass": "STANDARD_IA", "TransitionInDays": days}] if days else None)
    assert (results["Prefix"], results["ExpirationInDays"]) == ("query-results/", lake.results_expire_after_days)


def test_master_data_can_be_restored_and_is_encrypted(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    table = pipeline.one("AWS::DynamoDB::Table")
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"KMSMasterKeyId": key.arn, "SSEEnabled": True, "SSEType": "KMS"}
    assert table["DeletionProtectionEnabled"] is pipeline.environment.removal.deletion_protection
    assert table["KeySchema"] == [
        {"AttributeName": "kind", "KeyType": "HASH"},
        {"AttributeName": "id", "KeyType": "RANGE"},
    ]


STORES = (
    "AWS::KMS::Key",
    "AWS::S3::Bucket",
    "AWS::DynamoDB::Table",
    "AWS::Kinesis::Stream",
    "AWS::OpenSearchService::Domain",
    "AWS::SQS::Queue",
    "AWS::Logs::LogGroup",
)


@pytest.mark.parametrize(("name", "policy"), [("local", "Delete"), ("dev", "Delete"), ("staging", "Retain"), ("prod", "Retain")])
def test_what_holds_data_is_removed_or_kept_by_environment(synthesize: Synthesize, name: str, policy: str) -> None:
    pipeline = synthesize(name)
    stores = list(itertools.chain.from_iterable(pipeline.all(kind) for kind in STORES))
    assert len(stores) >= 1 + 4 + 1 + 3 + 1 + 2 + 11
    for store in stores:
        body = pipeline.body(store)
        assert (body["DeletionPolicy"], body["UpdateReplacePolicy"]) == (policy, policy), store


def test_every_log_group_is_encrypted_and_ends(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    for group in pipeline.all("AWS::Logs::LogGroup"):
        properties = pipeline.assembly.properties(group)
        assert properties["RetentionInDays"] == pipeline.environment.functions.log_retention_days, group.path
        assert properties["KmsKeyId"] == key.arn, group.path


def test_the_alert_topic_is_encrypted_and_takes_alarms_over_tls_only(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    (topic,) = pipeline.all("AWS::SNS::Topic")
    assert pipeline.one("AWS::SNS::Topic")["KmsMasterKeyId"] == key.arn
    deny, allow = pipeline.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allow["Action"], allow["Principal"], allow["Resource"], allow["Condition"]) == (
        "sns:Publish",
        {"Service": "cloudwatch.amazonaws.com"},
        topic.arn,
        {"StringEquals": {"aws:SourceAccount": topic.account}},
    )
