"""The OpenSearch domain."""

from __future__ import annotations

from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_opensearchservice as opensearch
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_wildcard
from components.at_rest import AtRest
from components.network import PrivateNetwork
from config.model import Search


class SearchDomain(Construct):
    """A domain only named roles can call, encrypted at rest, between nodes and on the wire.

    `allow` adds a role to the domain's access policy and to the role's own: without an entry nobody is let in.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: Search,
        network: PrivateNetwork | None,
        administrator: iam.IRole,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name: the access policy must name the domain it stands in. `administrator` is the master
        user under fine-grained access, and has no more than others without it."""
        super().__init__(scope, construct_id)
        self.name = name
        self.security_group = self._security_group(network) if network else None
        self.domain = opensearch.Domain(
            self,
            "Domain",
            domain_name=name,
            version=opensearch.EngineVersion.open_search(settings.version.removeprefix("OpenSearch_")),
            capacity=_capacity(settings),
            zone_awareness=opensearch.ZoneAwarenessConfig(
                enabled=settings.availability_zones > 1,
                availability_zone_count=settings.availability_zones if settings.availability_zones > 1 else None,
            ),
            ebs=opensearch.EbsOptions(volume_size=settings.volume_gib, volume_type=ec2.EbsDeviceVolumeType.GP3),
            encryption_at_rest=opensearch.EncryptionAtRestOptions(enabled=True, kms_key=at_rest.key),
            node_to_node_encryption=True,
            enforce_https=True,
            tls_security_policy=opensearch.TLSSecurityPolicy.TLS_1_2_PFS,
            fine_grained_access_control=(
                opensearch.AdvancedSecurityOptions(master_user_arn=administrator.role_arn)
                if settings.fine_grained_access
                else None
            ),
            logging=self._logging(settings, at_rest),
            # The library's own policy is written by a function of its own; ours is a plain resource.
            suppress_logs_resource_policy=True,
            enable_auto_software_update=True,
            off_peak_window_enabled=True,
            # Changes what can be changed in place, a new version included, instead of replacing the data.
            enable_version_upgrade=True,
            vpc=network.vpc if network else None,
            vpc_subnets=([ec2.SubnetSelection(subnets=network.subnets[: settings.availability_zones])] if network else None),
            security_groups=[self.security_group] if self.security_group else None,
            removal_policy=at_rest.removal_policy,
        )
        self._access = iam.PolicyDocument()
        # Set on the resource itself: the library would have a function change the policy after the domain is made.
        cast(opensearch.CfnDomain, self.domain.node.default_child).access_policies = self._access
        self._let_domain_log()
        self._acknowledge(settings, in_network=network is not None)

    @property
    def arn(self) -> str:
        return self.domain.domain_arn

    @property
    def endpoint(self) -> str:
        """Host name, without scheme."""
        return self.domain.domain_endpoint

    def allow(self, role: iam.IRole, *, actions: list[str], paths: list[str]) -> None:
        """Lets a role call the domain: in the domain's policy and in the role's own.

        `actions` are `es:ESHttp…`; `paths` are those of the requests, without the leading slash.
        """
        named = Stack.of(self).format_arn(service="es", resource="domain", resource_name=self.name)
        self._access.add_statements(
            iam.PolicyStatement(principals=[role], actions=actions, resources=[f"{named}/{path}" for path in paths])
        )
        role.add_to_principal_policy(iam.PolicyStatement(actions=actions, resources=[f"{self.arn}/{path}" for path in paths]))
        wildcards = [f"/{path}" for path in paths if "*" in path]
        if wildcards:
            acknowledge_wildcard(
                role,
                self.domain,
                self.arn,
                *wildcards,
                reason="Paths of one domain: index names carry the type and the day, and the role calls the APIs below them.",
            )

    def _acknowledge(self, settings: Search, *, in_network: bool) -> None:
        acknowledge(
            self.domain,
            "AwsSolutions-OS3",
            reason="Callers are told apart by signed requests of named roles; Lambda's and Firehose's addresses are not fixed.",
        )
        if not in_network:
            acknowledge(
                self.domain,
                "AwsSolutions-OS1",
                "NIST.800.53.R5-OpenSearchInVPCOnly",
                reason="The environment says `network.vpc: false`: a public endpoint that answers signed requests of named roles "
                "only.",
            )
        if settings.manager_nodes == 0:
            acknowledge(
                self.domain,
                "AwsSolutions-OS4",
                reason="The environment says `search.manager_nodes: 0`: an outage of minutes is acceptable there.",
            )
        if settings.availability_zones == 1:
            acknowledge(
                self.domain,
                "AwsSolutions-OS7",
                reason="The environment says `search.availability_zones: 1`: the archive can fill the index again.",
            )

    def _security_group(self, network: PrivateNetwork) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, "Access", vpc=network.vpc, description="Callers of the search domain", allow_all_outbound=False
        )
        group.add_ingress_rule(network.function_security_group, ec2.Port.tcp(443), "Functions of the pipeline")
        return group

    def _logging(self, settings: Search, at_rest: AtRest) -> opensearch.LoggingOptions:
        application = at_rest.log_group(self, "ApplicationLogs")
        slow_search = at_rest.log_group(self, "SlowSearchLogs")
        slow_index = at_rest.log_group(self, "SlowIndexLogs")
        # Audit logs are the security plugin's: there are none without fine-grained access.
        audit = at_rest.log_group(self, "AuditLogs") if settings.fine_grained_access else None
        self.log_groups = [group for group in (application, slow_search, slow_index, audit) if group]
        return opensearch.LoggingOptions(
            app_log_enabled=True,
            app_log_group=application,
            slow_search_log_enabled=True,
            slow_search_log_group=slow_search,
            slow_index_log_enabled=True,
            slow_index_log_group=slow_index,
            audit_log_enabled=settings.fine_grained_access,
            audit_log_group=audit,
        )

    def _let_domain_log(self) -> None:
        """OpenSearch Service writes its logs in its own name (developer guide, "Monitoring OpenSearch logs")."""
        stack = Stack.of(self)
        policy = logs.ResourcePolicy(
            self,
            "LogPolicy",
            resource_policy_name=f"{self.name}-search",
            policy_statements=[
                iam.PolicyStatement(
                    principals=[iam.ServicePrincipal("es.amazonaws.com")],
                    actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                    resources=[group.log_group_arn for group in self.log_groups],
                    conditions={
                        "StringEquals": {"aws:SourceAccount": stack.account},
                        "ArnLike": {"aws:SourceArn": stack.format_arn(service="es", resource="domain", resource_name=self.name)},
                    },
                )
            ],
        )
        self.domain.node.add_dependency(policy)


def _capacity(settings: Search) -> opensearch.CapacityConfig:
    return opensearch.CapacityConfig(
        data_nodes=settings.data_nodes,
        data_node_instance_type=settings.data_instance,
        master_nodes=settings.manager_nodes or None,
        master_node_instance_type=settings.manager_instance if settings.manager_nodes else None,
        # Standby wants two replicas of every index and an idle third of the nodes; Weir's indices have what the
        # environment says.
        multi_az_with_standby_enabled=False,
    )
