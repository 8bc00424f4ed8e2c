"""A bucket there is already: how the queue hears of its objects, and the right to read them."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_plus

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_wildcard_arn
from components.function import PipelineFunction
from components.queue import FailingQueue
from config.model import LogSource

#: Metadata of what notifies the queue: the key of the objects, which no notification tells.
KEY = "weir:key"


class ExistingLogBucket(Construct):
    """Puts the notifications of a bucket of elsewhere into the queue, and lets the function read its objects.

    Nothing of the bucket is changed: its owner turns on its notifications, to EventBridge or to a topic that this account may
    subscribe to.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, source: LogSource, queue: FailingQueue, function: PipelineFunction
    ) -> None:
        super().__init__(scope, construct_id)
        notifying = self._by_topic(source.topic, source, queue) if source.topic else self._by_rule(source, queue)
        if source.key:
            notifying.add_metadata(KEY, source.key)
        self._let_read(source, function)

    def _by_rule(self, source: LogSource, queue: FailingQueue) -> events.CfnRule:
        """S3 user guide, "Using EventBridge": the bucket's events come to the account's default bus."""
        rule = events.CfnRule(
            self,
            "Created",
            description=f"Objects of {source.bucket} to the collect function",
            event_pattern={
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": _wanted(source.bucket, source.prefix),
            },
            targets=[
                events.CfnRule.TargetProperty(
                    id="collect",
                    arn=queue.queue.queue_arn,
                    # EventBridge tries for a day, and then lets go.
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=queue.dead_letters.queue_arn),
                )
            ],
        )
        conditions = {"ArnEquals": {"aws:SourceArn": rule.attr_arn}}
        queue.let_in(None, "events.amazonaws.com", conditions=conditions)
        queue.let_give_up("events.amazonaws.com", conditions=conditions)
        return rule

    def _by_topic(self, topic: str, source: LogSource, queue: FailingQueue) -> sns.CfnSubscription:
        """SNS developer guide, "Message filtering": by the notification itself, since a topic may carry those of other buckets.
        Its keys are URL-encoded."""
        subscription = sns.CfnSubscription(
            self,
            "Created",
            topic_arn=topic,
            region=topic.split(":")[3],
            protocol="sqs",
            endpoint=queue.queue.queue_arn,
            raw_message_delivery=True,
            filter_policy_scope="MessageBody",
            filter_policy={"Records": {"s3": _wanted(source.bucket, quote_plus(source.prefix, safe="/"))}},
        )
        acknowledge(
            subscription,
            "Serverless-SNSRedrivePolicy",
            reason="To a queue SNS tries for 23 days (SNS developer guide, 'Message delivery retries').",
        )
        queue.let_in(None, "sns.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": topic}})
        return subscription

    def _let_read(self, source: LogSource, function: PipelineFunction) -> None:
        stack = Stack.of(self)
        objects = f"arn:{stack.partition}:s3:::{source.bucket}/{source.prefix}*"
        function.role.add_to_principal_policy(
            iam.PolicyStatement(actions=["s3:GetObject", "s3:GetObjectVersion"], resources=[objects])
        )
        acknowledge_wildcard_arn(
            function.role, objects, reason="Which objects there are the services decide that write to the bucket."
        )
        if source.key:
            function.role.add_to_principal_policy(
                iam.PolicyStatement(
                    actions=["kms:Decrypt"],
                    resources=[source.key],
                    conditions={"StringEquals": {"kms:ViaService": f"s3.{stack.region}.amazonaws.com"}},
                )
            )


def _wanted(bucket: str, prefix: str) -> dict[str, Any]:
    """The part of a pattern that says which objects, as EventBridge and SNS both read it."""
    named: dict[str, Any] = {"bucket": {"name": [bucket]}}
    return named | {"object": {"key": [{"prefix": prefix}]}} if prefix else named
