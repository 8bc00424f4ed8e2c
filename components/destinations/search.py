"""What the two kinds of OpenSearch destination have in common."""

from __future__ import annotations

import re

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from components.acknowledge import acknowledge_any_resource
from components.destinations.destination import Wiring
from components.destinations.rules import Rules
from components.network import PrivateNetwork

#: How long Firehose tries again before a document goes to the backup bucket, its default (API reference,
#: AmazonopensearchserviceRetryOptions).
RETRY_SECONDS = 300

_LONGEST_INDEX = 80
#: Lower case, and none of the characters OpenSearch keeps for itself (OpenSearch documentation, "Create index").
_INDEX = re.compile(r"[a-z0-9.][^A-Z\s,:\"*+/\\|?#><]*")


def check_index(rules: Rules, index: str, page: str) -> None:
    """Raises DestinationError for a name that is too long for Firehose, or not an index's."""
    rules.require(
        len(index) <= _LONGEST_INDEX,
        "index",
        f"the name has {len(index)} characters; shorten it to {_LONGEST_INDEX}",
        page,
    )
    rules.require(
        _INDEX.fullmatch(index) is not None,
        "index",
        f'{index!r} cannot name an index; use lower case, no leading `_` or `-`, and none of `:"*+/\\|?#><,`',
        "https://docs.opensearch.org/latest/api-reference/index-apis/create-index/",
    )


def join_network(
    wiring: Wiring, network: PrivateNetwork, receiver: ec2.IConnectable, *, noun: str
) -> firehose.CfnDeliveryStream.VpcConfigurationProperty:
    """Puts Firehose into the private subnets, with a security group that may call the receiver; lets it make its interfaces
    there (Firehose developer guide, "Grant Firehose access to an OpenSearch Service destination in a VPC", and the same for
    OpenSearch Serverless)."""
    group = ec2.SecurityGroup(
        wiring.scope, "Caller", vpc=network.vpc, description=f"Firehose, to {noun}", allow_all_outbound=False
    )
    group.connections.allow_to(receiver, ec2.Port.tcp(443), "Documents")
    wiring.role.add_to_policy(
        iam.PolicyStatement(
            actions=[
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute",
                "ec2:DescribeVpcs",
            ],
            resources=["*"],
        )
    )
    acknowledge_any_resource(
        wiring.role,
        reason="EC2 knows no narrower resource for a service's network interfaces (service authorization reference).",
    )
    return firehose.CfnDeliveryStream.VpcConfigurationProperty(
        role_arn=wiring.role.role_arn,
        security_group_ids=[group.security_group_id],
        subnet_ids=[subnet.subnet_id for subnet in network.subnets],
    )
