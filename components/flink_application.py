"""An application of Managed Service for Apache Flink, with a role that may do what its streams, table, code and log need.

The plain resource, because the construct library's own has no rollback, encryption or run configuration. Properties:
CloudFormation template reference, "AWS::KinesisAnalyticsV2::Application", which has no name for the API's enhanced snapshots:
these are the application's own.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components.acknowledge import acknowledge_any_resource, acknowledge_inline_policy
from components.at_rest import AtRest
from components.flink_code import RUN_OPTIONS
from components.flink_log import grant_log, let_log
from components.flink_streams import MasterData, master_group, sink_group, source_group
from components.network import PrivateNetwork
from components.stream import RecordStream
from config.model import FlinkApplication as Settings

RUNTIME = "FLINK-2_2"

_FLINK = flink.CfnApplication
#: Developer guide, "VPC application permissions"; EC2 offers no narrower resource for these.
_NETWORK_ACTIONS = [
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
]


class FlinkApplication(Construct):
    """An application that is there and does not run yet: `components/flink_operation.py` starts it.

    Where an environment keeps its data, an application that is taken out of it stays, stopped, with its snapshots, which go with
    it; one that could not be created does not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        code: assets.Asset,
        run_options: Mapping[str, str],
        settings: Settings,
        properties: Mapping[str, str],
        sources: Mapping[str, RecordStream],
        sinks: Mapping[str, RecordStream],
        master_data: MasterData | None,
        maintenance_start: str | None,
        network: PrivateNetwork | None,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; `run_options` is the property group RUN_OPTIONS, empty where `code` is a jar, and
        `properties` the group `application`; `sources` and `sinks` are streams by the names of their groups; `maintenance_start`
        is a time of day, `hh:mm` in UTC."""
        super().__init__(scope, construct_id)
        self.name = name
        self.settings = settings
        self.sources = dict(sources)
        self.log_group = at_rest.log_group(self, "Logs")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"),
            description=f"{name}: {description}",
        )
        acknowledge_inline_policy(self.role)
        groups: dict[str, Mapping[str, str]] = {
            "application": properties,
            **{
                group: source_group(self, group, stream, self.role, application=name, settings=settings)
                for group, stream in sources.items()
            },
            **{group: sink_group(self, stream, self.role) for group, stream in sinks.items()},
        }
        if run_options:
            groups[RUN_OPTIONS] = run_options
        if master_data:
            groups["master"] = master_group(self, master_data, self.role, at_rest)
        self._grant_code(code)
        grant_log(self.role, self.log_group)
        if network:
            self._grant_network_interfaces()
        self.application = _FLINK(
            self,
            "Application",
            application_name=name,
            application_description=description,
            runtime_environment=RUNTIME,
            service_execution_role=self.role.role_arn,
            application_configuration=self._configuration(code, groups, network, at_rest),
            application_maintenance_configuration=(
                _FLINK.ApplicationMaintenanceConfigurationProperty(application_maintenance_window_start_time=maintenance_start)
                if maintenance_start
                else None
            ),
            # Of a restart by an update; how it is started first says who starts it.
            run_configuration=_FLINK.RunConfigurationProperty(
                application_restore_configuration=_FLINK.ApplicationRestoreConfigurationProperty(
                    application_restore_type="RESTORE_FROM_LATEST_SNAPSHOT"
                ),
                flink_run_configuration=_FLINK.FlinkRunConfigurationProperty(
                    allow_non_restored_state=settings.allow_non_restored_state
                ),
            ),
        )
        # The service looks at code, log and network with the role as soon as it is told of them.
        self.application.node.add_dependency(self.role)
        keep = at_rest.removal_policy is RemovalPolicy.RETAIN
        self.application.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else RemovalPolicy.DESTROY)
        self.logging = let_log(self, self.application, self.log_group, at_rest)

    @property
    def arn(self) -> str:
        return Stack.of(self).format_arn(service="kinesisanalytics", resource="application", resource_name=self.name)

    def digest(self) -> str:
        """Changes with everything that restarts the application: hex."""
        resolved = Stack.of(self).resolve(self.application.application_configuration)
        restarts = [resolved, RUNTIME, self.settings.allow_non_restored_state]
        return hashlib.sha256(json.dumps(restarts, sort_keys=True).encode()).hexdigest()

    def _configuration(
        self, code: assets.Asset, groups: Mapping[str, Mapping[str, str]], network: PrivateNetwork | None, at_rest: AtRest
    ) -> flink.CfnApplication.ApplicationConfigurationProperty:
        settings = self.settings
        return _FLINK.ApplicationConfigurationProperty(
            application_code_configuration=_FLINK.ApplicationCodeConfigurationProperty(
                # A jar too.
                code_content_type="ZIPFILE",
                code_content=_FLINK.CodeContentProperty(
                    s3_content_location=_FLINK.S3ContentLocationProperty(
                        bucket_arn=code.bucket.bucket_arn, file_key=code.s3_object_key
                    )
                ),
            ),
            application_encryption_configuration=_FLINK.ApplicationEncryptionConfigurationProperty(
                key_type="CUSTOMER_MANAGED_KEY", key_id=at_rest.key.key_arn
            ),
            # Without snapshots an update would begin with no state.
            application_snapshot_configuration=_FLINK.ApplicationSnapshotConfigurationProperty(snapshots_enabled=True),
            # An update that does not run is taken back, with the state of before.
            application_system_rollback_configuration=_FLINK.ApplicationSystemRollbackConfigurationProperty(
                rollback_enabled=True
            ),
            environment_properties=_FLINK.EnvironmentPropertiesProperty(
                property_groups=[
                    _FLINK.PropertyGroupProperty(property_group_id=group, property_map=dict(values))
                    for group, values in sorted(groups.items())
                ]
            ),
            flink_application_configuration=_FLINK.FlinkApplicationConfigurationProperty(
                checkpoint_configuration=_FLINK.CheckpointConfigurationProperty(
                    configuration_type="CUSTOM",
                    checkpointing_enabled=True,
                    checkpoint_interval=settings.checkpoint_seconds * 1_000,
                    min_pause_between_checkpoints=settings.checkpoint_pause_seconds * 1_000,
                ),
                monitoring_configuration=_FLINK.MonitoringConfigurationProperty(
                    configuration_type="CUSTOM", log_level=settings.log_level, metrics_level=settings.metrics_level
                ),
                parallelism_configuration=_FLINK.ParallelismConfigurationProperty(
                    configuration_type="CUSTOM",
                    parallelism=settings.parallelism,
                    parallelism_per_kpu=settings.parallelism_per_kpu,
                    auto_scaling_enabled=settings.autoscaling,
                ),
            ),
            vpc_configurations=(
                [
                    _FLINK.VpcConfigurationProperty(
                        security_group_ids=[network.function_security_group.security_group_id],
                        subnet_ids=[subnet.subnet_id for subnet in network.subnets],
                    )
                ]
                if network
                else None
            ),
        )

    def _grant_code(self, code: assets.Asset) -> None:
        """Reading the one object the application is (developer guide, "Service execution role")."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:GetObject", "s3:GetObjectVersion"], resources=[code.bucket.arn_for_objects(code.s3_object_key)]
            )
        )

    def _grant_network_interfaces(self) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=_NETWORK_ACTIONS, resources=["*"]))
        acknowledge_any_resource(
            self.role,
            reason="Network interface actions know no narrower resource (developer guide, 'VPC application permissions').",
        )
