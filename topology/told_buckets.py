"""Buckets outside of the stacks, of whose objects a queue hears by a rule or a topic's subscription.

What notifies says which bucket, and which of its objects, by the pattern its messages must match; the key of the objects is not
in any message, and stands in its metadata.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote_plus

from topology.assembly import Assembly, Resource

#: As components/log_source.py writes it.
_KEY = "weir:key"


@dataclass(frozen=True)
class ToldBucket:
    """One bucket, and how a queue hears of it."""

    bucket: Resource
    """As if it were of the assembly."""
    queue: str
    """ARN."""
    service: str
    """Which puts the messages into the queue."""
    source: str
    """ARN of what does it: the rule, or the topic."""
    dead_letters: str | None
    """ARN of the queue that gets what could not be put into the other."""
    prefix: str
    """Of the objects."""
    key: str | None
    """ARN of their KMS key."""


def told_buckets(assembly: Assembly) -> Iterator[ToldBucket]:
    """All of them. Rules and subscriptions to other ends than queues are none."""
    for rule in assembly.of_type("AWS::Events::Rule"):
        properties = assembly.properties(rule)
        if properties.get("EventPattern", {}).get("source") == ["aws.s3"]:
            for target in properties["Targets"]:
                dead = target.get("DeadLetterConfig", {}).get("Arn")
                told = _told(
                    assembly, rule, target["Arn"], "events.amazonaws.com", rule.arn, properties["EventPattern"]["detail"]
                )
                yield replace(told, dead_letters=dead)
    for subscription in assembly.of_type("AWS::SNS::Subscription"):
        properties = assembly.properties(subscription)
        if properties["Protocol"] == "sqs":
            topic, wanted = properties["TopicArn"], properties["FilterPolicy"]["Records"]["s3"]
            yield _told(assembly, subscription, properties["Endpoint"], "sns.amazonaws.com", topic, wanted)


def _told(
    assembly: Assembly, notifying: Resource, queue: str, service: str, source: str, wanted: Mapping[str, Any]
) -> ToldBucket:
    (name,) = wanted["bucket"]["name"]
    (key,) = wanted.get("object", {}).get("key", [{"prefix": ""}])
    prefix = unquote_plus(key["prefix"]) if service == "sns.amazonaws.com" else key["prefix"]
    bucket = Resource(
        stack="",
        step="",
        id=name,
        type="AWS::S3::Bucket",
        path="",
        name=name,
        arn=f"arn:aws:s3:::{name}",
        ref=name,
        account=notifying.account,
        region=notifying.region,
    )
    metadata = assembly.stacks[notifying.stack].template["Resources"][notifying.id].get("Metadata", {})
    return ToldBucket(bucket, queue, service, source, None, prefix, metadata.get(_KEY))
