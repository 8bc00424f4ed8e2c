"""How a Flink application is told of its streams and its table, and let read and write them: its property groups.

Keys of a stream: Apache Flink documentation, "Amazon Kinesis Data Streams Connector", options of the source.
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from components.at_rest import AtRest
from components.key import allow_key
from components.stream import RecordStream
from config.model import FlinkApplication as Settings


@dataclass(frozen=True, kw_only=True)
class MasterData:
    """The table of reference data, and how often an application looks at it again."""

    table: dynamodb.ITable
    refresh_seconds: int


def source_group(
    scope: Construct, name: str, stream: RecordStream, role: iam.Role, *, application: str, settings: Settings
) -> dict[str, str]:
    """Of a stream that is read from where the settings say, and as they say; `name` is the group's."""
    group = _stream_group(scope, stream)
    group["source.init.position"] = settings.position
    group["source.reader.type"] = settings.reader
    if settings.reader == "POLLING":
        stream.grant_read(role)
        return group
    # The stack's own, so that the application need not register one each time it starts.
    consumer = kinesis.CfnStreamConsumer(scope, f"{name.capitalize()}Consumer", consumer_name=application, stream_arn=stream.arn)
    stream.grant_subscribe(role, consumer)
    return group | {"source.efo.consumer.name": consumer.consumer_name, "source.efo.lifecycle": "SELF_MANAGED"}


def sink_group(scope: Construct, stream: RecordStream, role: iam.Role) -> dict[str, str]:
    """Of a stream that is written."""
    stream.grant_write(role)
    return _stream_group(scope, stream)


def master_group(scope: Construct, master_data: MasterData, role: iam.Role, at_rest: AtRest) -> dict[str, str]:
    """Of the table, which is queried by kind."""
    table = master_data.table
    role.add_to_policy(iam.PolicyStatement(actions=["dynamodb:Query"], resources=[table.table_arn]))
    allow_key(role, at_rest.key, through="dynamodb", actions=["kms:Decrypt"])
    return {
        "table.name": table.table_name,
        "aws.region": Stack.of(scope).region,
        "refresh.seconds": str(master_data.refresh_seconds),
    }


def _stream_group(scope: Construct, stream: RecordStream) -> dict[str, str]:
    return {"stream.arn": stream.arn, "aws.region": Stack.of(scope).region}
