"""The bucket services write to, its queue, and the function that reads it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.synth.synthesized import Pipeline, Synthesize


def queue(pipeline: Pipeline, name: str) -> dict[str, Any]:
    return pipeline.one("AWS::SQS::Queue", f"weir-{pipeline.environment.name}-{name}")


def test_a_queue_hides_a_message_six_times_as_long_as_the_function_may_run(pipeline: Pipeline) -> None:
    settings = pipeline.environment.collection
    found = queue(pipeline, "collect")
    assert found["VisibilityTimeout"] == 6 * settings.timeout_seconds
    function = pipeline.one("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-collect")
    assert (function["Timeout"], function["MemorySize"]) == (settings.timeout_seconds, settings.memory_mib)


def test_what_is_given_up_waits_two_weeks_where_an_alarm_sees_it(pipeline: Pipeline) -> None:
    dead = pipeline.arn("AWS::SQS::Queue", f"weir-{pipeline.environment.name}-collect-dlq")
    assert queue(pipeline, "collect")["RedrivePolicy"] == {"deadLetterTargetArn": dead, "maxReceiveCount": 5}
    assert queue(pipeline, "collect-dlq")["MessageRetentionPeriod"] == 14 * 86_400


def test_queues_are_encrypted_with_the_key_and_take_tls_only(pipeline: Pipeline) -> None:
    for name in ("collect", "collect-dlq"):
        assert queue(pipeline, name)["KmsMasterKeyId"] == pipeline.key()
    for policy in pipeline.all("AWS::SQS::QueuePolicy"):
        denied = [each for each in statements(pipeline, policy.path, "AWS::SQS::QueuePolicy") if each["Effect"] == "Deny"]
        assert [(each["Action"], each["Principal"], each["Condition"]) for each in denied] == [
            ("sqs:*", {"AWS": "*"}, {"Bool": {"aws:SecureTransport": "false"}})
        ]


def statements(pipeline: Pipeline, path: str, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pipeline.one(kind, path)["PolicyDocument"]["Statement"]
    return found


def test_only_buckets_of_the_account_may_notify_the_queue(pipeline: Pipeline) -> None:
    (resource,) = [each for each in pipeline.all("AWS::SQS::Queue") if each.path == "Collect/Queue"]
    allowed = [
        each for each in statements(pipeline, "Collect/Queue/Policy", "AWS::SQS::QueuePolicy") if each["Effect"] == "Allow"
    ]
    assert [(each["Principal"], each["Action"], each["Resource"], each["Condition"]) for each in allowed] == [
        (
            {"Service": "s3.amazonaws.com"},
            "sqs:SendMessage",
            resource.arn,
            {"StringEquals": {"aws:SourceAccount": resource.account}, "ArnLike": {"aws:SourceArn": "arn:aws:s3:::*"}},
        )
    ]


def test_every_object_is_told_after_the_queue_lets_the_bucket_in(pipeline: Pipeline) -> None:
    (resource,) = [each for each in pipeline.all("AWS::S3::Bucket") if each.path == "Logs/Bucket"]
    assert pipeline.assembly.properties(resource)["NotificationConfiguration"] == {
        "QueueConfigurations": [
            {
                "Event": "s3:ObjectCreated:*",
                "Queue": pipeline.arn("AWS::SQS::Queue", f"weir-{pipeline.environment.name}-collect"),
            }
        ]
    }
    (policy,) = [each.id for each in pipeline.all("AWS::SQS::QueuePolicy") if each.path == "Collect/Queue/Policy"]
    assert policy in pipeline.body(resource)["DependsOn"]


def test_the_bucket_is_one_that_services_can_write_to(pipeline: Pipeline) -> None:
    bucket = pipeline.one("AWS::S3::Bucket", "Logs/Bucket")
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    (logs,) = [each for each in pipeline.all("AWS::S3::Bucket") if each.path == "AccessLogs/Bucket"]
    assert bucket["LoggingConfiguration"] == {"DestinationBucketName": logs.name, "LogFilePrefix": "logs/"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == pipeline.environment.collection.expire_after_days


def test_the_services_that_may_write_and_where(pipeline: Pipeline) -> None:
    (bucket,) = [each for each in pipeline.all("AWS::S3::Bucket") if each.path == "Logs/Bucket"]
    account, region = bucket.account, bucket.region
    own = {"aws:SourceAccount": account}
    owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
    trail = {"aws:SourceArn": f"arn:aws:cloudtrail:{region}:{account}:trail/*"}
    source = {"aws:SourceArn": f"arn:aws:logs:{region}:{account}:*"}
    allowed = {
        each["Sid"]: (each["Principal"]["Service"], each["Action"], each["Resource"], each.get("Condition"))
        for each in statements(pipeline, "Logs/Bucket/Policy", "AWS::S3::BucketPolicy")
        if each["Effect"] == "Allow"
    }
    assert allowed == {
        "S3ServerAccessLogs": ("logging.s3.amazonaws.com", "s3:PutObject", f"{bucket.arn}/*", {"StringEquals": own}),
        "LoadBalancerLogs": (
            "logdelivery.elasticloadbalancing.amazonaws.com",
            "s3:PutObject",
            f"{bucket.arn}/*AWSLogs/{account}/*",
            None,
        ),
        "TrailAclCheck": ("cloudtrail.amazonaws.com", "s3:GetBucketAcl", bucket.arn, {"ArnLike": trail}),
        "Trail": (
            "cloudtrail.amazonaws.com",
            "s3:PutObject",
            f"{bucket.arn}/*AWSLogs/{account}/*",
            {"StringEquals": owned, "ArnLike": trail},
        ),
        "ConfigAclCheck": ("config.amazonaws.com", "s3:GetBucketAcl", bucket.arn, {"StringEquals": own}),
        "ConfigExistenceCheck": ("config.amazonaws.com", "s3:ListBucket", bucket.arn, {"StringEquals": own}),
        "Config": (
            "config.amazonaws.com",
            "s3:PutObject",
            f"{bucket.arn}/*AWSLogs/{account}/*",
            {"StringEquals": own | owned},
        ),
        "VendedLogsAclCheck": (
            "delivery.logs.amazonaws.com",
            "s3:GetBucketAcl",
            bucket.arn,
            {"StringEquals": own, "ArnLike": source},
        ),
        "VendedLogs": (
            "delivery.logs.amazonaws.com",
            "s3:PutObject",
            f"{bucket.arn}/*",
            {"StringEquals": own | owned, "ArnLike": source},
        ),
    }


def test_the_mapping_reports_what_failed_and_bounds_how_many_files_are_read_at_once(pipeline: Pipeline) -> None:
    name = f"weir-{pipeline.environment.name}-collect"
    (mapping,) = [
        properties
        for properties in map(pipeline.assembly.properties, pipeline.all("AWS::Lambda::EventSourceMapping"))
        if properties["FunctionName"] == name
    ]
    assert {key: value for key, value in mapping.items() if key != "Tags"} == {
        "FunctionName": name,
        "EventSourceArn": pipeline.arn("AWS::SQS::Queue", name),
        "BatchSize": 10,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": pipeline.environment.collection.concurrency},
    }


def test_the_function_may_do_what_it_does_and_nothing_else(pipeline: Pipeline) -> None:
    prefix, role = f"weir-{pipeline.environment.name}", "CollectFunction/Role"
    archive, logs = (pipeline.arn("AWS::S3::Bucket", f"{name}/Bucket") for name in ("Archive", "Logs"))
    raw, errors = (pipeline.arn("AWS::Kinesis::Stream", f"{prefix}-{name}") for name in ("raw", "errors"))
    assert sorted(pipeline.grants(role, "s3:")) == [
        (["s3:GetObject", "s3:GetObjectVersion"], [f"{logs}/*"]),
        (["s3:PutObject"], [f"{archive}/oversized/*"]),
    ]
    assert pipeline.grants(role, "kinesis:") == [(["kinesis:PutRecords"], sorted([raw, errors]))]
    assert pipeline.grants(role, "sqs:") == [
        (
            ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage"],
            [pipeline.arn("AWS::SQS::Queue", f"{prefix}-collect")],
        )
    ]


def test_rules_name_the_bucket_they_are_about(synthesize: Synthesize) -> None:
    rules = [{"prefix": "AWSLogs/", "type": "alb", "tenant": "acme"}, {"prefix": "apps/"}]
    pipeline = synthesize("dev", {"collection": {"rules": rules, "timeout_seconds": 900}})
    (bucket,) = [each.name for each in pipeline.all("AWS::S3::Bucket") if each.path == "Logs/Bucket"]
    variables = pipeline.one("AWS::Lambda::Function", "weir-dev-collect")["Environment"]["Variables"]
    assert json.loads(variables["RULES"]) == [
        {"bucket": bucket, "prefix": "AWSLogs/", "type": "alb", "tenant": "acme"},
        {"bucket": bucket, "prefix": "apps/"},
    ]
    assert queue(pipeline, "collect")["VisibilityTimeout"] == 5_400


KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:log-files"


@pytest.fixture(scope="module")
def others(synthesize: Synthesize) -> Pipeline:
    """With buckets there are already."""
    buckets = [
        {"bucket": "acme-logs", "prefix": "AWSLogs/", "key": KEY, "rules": [{"prefix": "AWSLogs/1/", "tenant": "acme"}]},
        {"bucket": "acme-all"},
        {"bucket": "acme.by-topic", "prefix": "year=2026/a_b/", "topic": TOPIC},
    ]
    return synthesize("staging", {"collection": {"buckets": buckets}})


def test_a_bucket_there_is_already_tells_by_a_rule(others: Pipeline) -> None:
    found = {each.path: others.assembly.properties(each) for each in others.all("AWS::Events::Rule")}
    queues = [others.arn("AWS::SQS::Queue", f"weir-staging-{name}") for name in ("collect", "collect-dlq")]
    target = [{"Id": "collect", "Arn": queues[0], "DeadLetterConfig": {"Arn": queues[1]}}]
    assert {path: (each["EventPattern"], each["Targets"]) for path, each in found.items()} == {
        "acme-logs/Created": (
            {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {"bucket": {"name": ["acme-logs"]}, "object": {"key": [{"prefix": "AWSLogs/"}]}},
            },
            target,
        ),
        "acme-all/Created": (
            {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": ["acme-all"]}}},
            target,
        ),
    }


def test_or_by_a_topic_whose_keys_are_encoded(others: Pipeline) -> None:
    (subscription,) = map(others.assembly.properties, others.all("AWS::SNS::Subscription"))
    assert subscription == {
        "TopicArn": TOPIC,
        "Region": "eu-west-1",
        "Protocol": "sqs",
        "Endpoint": others.arn("AWS::SQS::Queue", "weir-staging-collect"),
        "RawMessageDelivery": True,
        "FilterPolicyScope": "MessageBody",
        "FilterPolicy": {
            "Records": {"s3": {"bucket": {"name": ["acme.by-topic"]}, "object": {"key": [{"prefix": "year%3D2026/a_b/"}]}}}
        },
    }


def test_only_these_rules_and_topics_may_tell_the_queue(others: Pipeline) -> None:
    rules = {f"arn:aws:events:us-east-1:111122223333:rule/{each.name}" for each in others.all("AWS::Events::Rule")}
    allowed = [
        (each["Principal"]["Service"], each["Condition"]["ArnEquals"]["aws:SourceArn"])
        for each in statements(others, "Collect/Queue/Policy", "AWS::SQS::QueuePolicy")
        if "ArnEquals" in each.get("Condition", {})
    ]
    assert sorted(allowed) == [*(("events.amazonaws.com", rule) for rule in sorted(rules)), ("sns.amazonaws.com", TOPIC)]
    given_up = [
        (each["Principal"]["Service"], each["Condition"]["ArnEquals"]["aws:SourceArn"])
        for each in statements(others, "Collect/DeadLetters/Policy", "AWS::SQS::QueuePolicy")
        if each["Effect"] == "Allow"
    ]
    assert sorted(given_up) == [("events.amazonaws.com", rule) for rule in sorted(rules)]
    key = {
        each["Principal"].get("Service"): each.get("Condition") for each in others.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    }
    assert key["events.amazonaws.com"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert key["sns.amazonaws.com"] == {"ArnEquals": {"aws:SourceArn": TOPIC}}


def test_the_function_may_read_below_the_prefix_and_use_the_key_through_s3(others: Pipeline) -> None:
    read = {resource for _, resources in others.grants("CollectFunction/Role", "s3:GetObject") for resource in resources}
    own = others.arn("AWS::S3::Bucket", "Logs/Bucket")
    assert read == {
        f"{own}/*",
        "arn:aws:s3:::acme-logs/AWSLogs/*",
        "arn:aws:s3:::acme-all/*",
        "arn:aws:s3:::acme.by-topic/year=2026/a_b/*",
    }
    assert (["kms:Decrypt"], [KEY]) in others.grants("CollectFunction/Role", "kms:Decrypt")
    variables = others.one("AWS::Lambda::Function", "weir-staging-collect")["Environment"]["Variables"]
    assert json.loads(variables["RULES"]) == [{"bucket": "acme-logs", "prefix": "AWSLogs/1/", "tenant": "acme"}]
