"""The log of an application of Managed Service for Apache Flink: one stream of a group of its own (developer guide, "Set up
application logging")."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_logs as logs
from constructs import Construct

from components.acknowledge import acknowledge_wildcard_arn
from components.at_rest import AtRest

#: The service writes its log to one stream.
LOG_STREAM = "application"

_OPTION = flink.CfnApplicationCloudWatchLoggingOption


def grant_log(role: iam.Role, group: logs.LogGroup) -> None:
    """Finding the log, and writing to it."""
    groups = Stack.of(role).format_arn(
        service="logs", resource="log-group", resource_name="*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    role.add_to_policy(iam.PolicyStatement(actions=["logs:DescribeLogGroups"], resources=[groups]))
    acknowledge_wildcard_arn(
        role, groups, reason="DescribeLogGroups lists the groups of an account, and knows no narrower resource."
    )
    role.add_to_policy(
        iam.PolicyStatement(actions=["logs:DescribeLogStreams", "logs:PutLogEvents"], resources=[group.log_group_arn])
    )


def let_log(
    scope: Construct, application: flink.CfnApplication, group: logs.LogGroup, at_rest: AtRest
) -> flink.CfnApplicationCloudWatchLoggingOption:
    """Has the application log to the group."""
    stream = logs.LogStream(
        scope, "LogStream", log_group=group, log_stream_name=LOG_STREAM, removal_policy=at_rest.removal_policy
    )
    arn = Stack.of(scope).format_arn(
        service="logs",
        resource="log-group",
        resource_name=f"{group.log_group_name}:log-stream:{LOG_STREAM}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    logging = _OPTION(
        scope,
        "Logging",
        application_name=application.ref,
        cloud_watch_logging_option=_OPTION.CloudWatchLoggingOptionProperty(log_stream_arn=arn),
    )
    logging.node.add_dependency(stream)
    return logging
