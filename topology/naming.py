"""How CloudFormation resource types are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Naming:
    """How a resource type is named: the property that names it, its ARN, and what ``Ref`` returns.

    ``Ref`` values: CloudFormation template reference, "Return values" of each type. ARNs: service authorization
    reference, "Resource types defined by" of each service.
    """

    property: str | None
    arn: str
    ref: str = "{name}"


NAMING: Mapping[str, Naming] = {
    "AWS::Kinesis::Stream": Naming("Name", "arn:aws:kinesis:{region}:{account}:stream/{name}"),
    # Its stream and the time it was made are in a consumer's ARN; that it is unique is what matters here.
    "AWS::Kinesis::StreamConsumer": Naming(
        "ConsumerName", "arn:aws:kinesis:{region}:{account}:stream/consumer/{name}", ref="{arn}"
    ),
    "AWS::KinesisAnalyticsV2::Application": Naming(
        "ApplicationName", "arn:aws:kinesisanalytics:{region}:{account}:application/{name}"
    ),
    "AWS::KinesisFirehose::DeliveryStream": Naming(
        "DeliveryStreamName", "arn:aws:firehose:{region}:{account}:deliverystream/{name}"
    ),
    "AWS::Lambda::Function": Naming("FunctionName", "arn:aws:lambda:{region}:{account}:function:{name}"),
    "AWS::S3::Bucket": Naming("BucketName", "arn:aws:s3:::{name}"),
    "AWS::KMS::Key": Naming(None, "arn:aws:kms:{region}:{account}:key/{name}"),
    "AWS::DynamoDB::Table": Naming("TableName", "arn:aws:dynamodb:{region}:{account}:table/{name}"),
    "AWS::SNS::Topic": Naming("TopicName", "arn:aws:sns:{region}:{account}:{name}", ref="{arn}"),
    "AWS::Events::Rule": Naming("Name", "arn:aws:events:{region}:{account}:rule/{name}"),
    "AWS::SQS::Queue": Naming(
        "QueueName", "arn:aws:sqs:{region}:{account}:{name}", ref="https://sqs.{region}.amazonaws.com/{account}/{name}"
    ),
    "AWS::OpenSearchService::Domain": Naming("DomainName", "arn:aws:es:{region}:{account}:domain/{name}"),
    "AWS::Glue::Database": Naming("DatabaseName", "arn:aws:glue:{region}:{account}:database/{name}"),
    "AWS::Athena::WorkGroup": Naming("Name", "arn:aws:athena:{region}:{account}:workgroup/{name}"),
    # The id in a collection's ARN is made at deployment; that it is unique is what matters here.
    "AWS::OpenSearchServerless::Collection": Naming("Name", "arn:aws:aoss:{region}:{account}:collection/{name}"),
    # Nor does the random end of a secret's.
    "AWS::SecretsManager::Secret": Naming("Name", "arn:aws:secretsmanager:{region}:{account}:secret:{name}", ref="{arn}"),
    "AWS::Logs::LogGroup": Naming("LogGroupName", "arn:aws:logs:{region}:{account}:log-group:{name}:*"),
    "AWS::IAM::Role": Naming("RoleName", "arn:aws:iam::{account}:role/{name}"),
    "AWS::IAM::ManagedPolicy": Naming("ManagedPolicyName", "arn:aws:iam::{account}:policy/{name}", ref="{arn}"),
}
