"""The private network: used where an environment keeps everything inside a VPC."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_inline_policy
from components.at_rest import AtRest
from config.model import Network

#: A private subnet in each of three zones, which is what a search domain over three zones needs.
ZONES = 3


class PrivateNetwork(Construct):
    """A VPC whose functions reach AWS through endpoints, so that no route to the internet is needed.

    Two endpoints are enough where no log files are collected: functions put records to Kinesis, and the content function answers
    CloudFormation through S3. The collect function says to its queue where to go on. Lambda's poller, Firehose and log delivery
    run outside of the VPC, and the search domain is inside.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Network, queues: bool, reads_table: bool, at_rest: AtRest
    ) -> None:
        """`queues`: whether functions send messages to queues; `reads_table`: whether one reads a DynamoDB table."""
        super().__init__(scope, construct_id)
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(settings.cidr),
            max_azs=ZONES,
            nat_gateways=settings.nat_gateways,
            subnet_configuration=_subnets(settings.nat_gateways),
            restrict_default_security_group=False,
        )
        acknowledge(
            self.vpc,
            "NIST.800.53.R5-VPCDefaultSecurityGroupClosed",
            reason="Nothing is in the default group, each function and endpoint names its own; emptying it takes a function "
            "that may change security groups.",
        )
        for subnet in self.vpc.public_subnets:
            acknowledge(
                subnet,
                "NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW",
                reason="The environment says `network.nat_gateways`: the subnet holds a NAT gateway and nothing else.",
            )
        self._record_flows(at_rest)
        self.function_security_group = ec2.SecurityGroup(
            self, "Functions", vpc=self.vpc, description="Functions of the pipeline", allow_all_outbound=False
        )
        self.function_security_group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "AWS and the search domain, TLS")
        self.vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        if reads_table:
            self.vpc.add_gateway_endpoint("DynamoDB", service=ec2.GatewayVpcEndpointAwsService.DYNAMODB)
        kinesis, sqs = ec2.InterfaceVpcEndpointAwsService.KINESIS_STREAMS, ec2.InterfaceVpcEndpointAwsService.SQS
        self._add_endpoint("Kinesis", kinesis, "Endpoint of Kinesis Data Streams")
        if queues:
            self._add_endpoint("Sqs", sqs, "Endpoint of SQS")

    @property
    def subnets(self) -> Sequence[ec2.ISubnet]:
        """The private subnets, one a zone."""
        return self.vpc.select_subnets(subnet_group_name="pipeline").subnets

    def _record_flows(self, at_rest: AtRest) -> None:
        group = at_rest.log_group(self, "FlowLogs")
        flow_log = self.vpc.add_flow_log("FlowLog", destination=ec2.FlowLogDestination.to_cloud_watch_logs(group))
        acknowledge_inline_policy(flow_log)

    def _add_endpoint(self, name: str, service: ec2.InterfaceVpcEndpointAwsService, description: str) -> None:
        group = ec2.SecurityGroup(self, f"{name}Endpoint", vpc=self.vpc, description=description, allow_all_outbound=False)
        group.add_ingress_rule(self.function_security_group, ec2.Port.tcp(443), "Functions of the pipeline")
        self.vpc.add_interface_endpoint(
            name,
            service=service,
            subnets=ec2.SubnetSelection(subnet_group_name="pipeline"),
            security_groups=[group],
            open=False,
        )


def _subnets(nat_gateways: int) -> list[ec2.SubnetConfiguration]:
    if nat_gateways == 0:
        return [ec2.SubnetConfiguration(name="pipeline", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
    return [
        ec2.SubnetConfiguration(name="nat", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=28, map_public_ip_on_launch=False),
        ec2.SubnetConfiguration(name="pipeline", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
    ]
