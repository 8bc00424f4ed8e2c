"""A Kinesis data stream of the pipeline."""

from __future__ import annotations

from typing import cast

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from constructs import Construct

from components.acknowledge import acknowledge
from components.at_rest import AtRest
from components.key import allow_key
from config.model import Stream


class RecordStream(Construct):
    """A stream encrypted with the environment's key, and the exact grants to read it and to write to it."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, settings: Stream, at_rest: AtRest) -> None:
        """`name` is the physical name: producers and people type it."""
        super().__init__(scope, construct_id)
        provisioned = settings.mode == "provisioned"
        self.stream = kinesis.Stream(
            self,
            "Stream",
            stream_name=name,
            stream_mode=kinesis.StreamMode.PROVISIONED if provisioned else kinesis.StreamMode.ON_DEMAND,
            shard_count=settings.shards,
            retention_period=Duration.hours(settings.retention_hours),
            encryption=kinesis.StreamEncryption.KMS,
            encryption_key=at_rest.key,
            removal_policy=at_rest.removal_policy,
        )
        # The construct library has no property for it yet.
        cast(kinesis.CfnStream, self.stream.node.default_child).max_record_size_in_kib = settings.max_record_kib
        acknowledge(
            self.stream,
            "AwsSolutions-KDS3",
            reason="A customer-managed key is wanted: its use is granted role by role, and it can be disabled.",
        )
        self._key = at_rest.key

    @property
    def name(self) -> str:
        return self.stream.stream_name

    @property
    def arn(self) -> str:
        return self.stream.stream_arn

    def grant_read(self, role: iam.IRole) -> None:
        """What Lambda's poller, Firehose and Flink need to read with GetRecords (Lambda developer guide, "Processing Kinesis
        data streams"; Firehose developer guide, "Grant Firehose access to a Kinesis data stream")."""
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=[
                    "kinesis:DescribeStream",
                    "kinesis:DescribeStreamSummary",
                    "kinesis:GetRecords",
                    "kinesis:GetShardIterator",
                    "kinesis:ListShards",
                ],
                resources=[self.arn],
            )
        )
        allow_key(role, self._key, through="kinesis", actions=["kms:Decrypt"])

    def grant_subscribe(self, role: iam.IRole, consumer: kinesis.CfnStreamConsumer) -> None:
        """What it takes to read as this consumer, by enhanced fan-out (Kinesis developer guide, "Develop enhanced fan-out
        consumers"); Flink's connector finds it by stream and name."""
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary", "kinesis:ListShards"],
                resources=[self.arn],
            )
        )
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"], resources=[consumer.attr_consumer_arn]
            )
        )
        allow_key(role, self._key, through="kinesis", actions=["kms:Decrypt"])

    def grant_write(self, role: iam.IRole) -> None:
        """What a function or an application needs to put records in batches."""
        allow_writing(role, self.arn, self._key)


def allow_writing(role: iam.IRole, arn: str, key: kms.IKey | None) -> None:
    """Lets a role put records in batches to a stream, which is encrypted with the key (Kinesis developer guide, "Permissions to
    use user-generated KMS keys")."""
    role.add_to_principal_policy(iam.PolicyStatement(actions=["kinesis:PutRecords"], resources=[arn]))
    if key:
        allow_key(role, key, through="kinesis", actions=["kms:GenerateDataKey"])
