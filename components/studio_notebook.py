"""A notebook of Managed Service for Apache Flink Studio, with a role that may read its streams and tables, and keep what it
builds.

Properties: CloudFormation template reference, "AWS::KinesisAnalyticsV2::Application". It is created stopped, and people start it
in the console: it costs while it runs. It is outside of a private network: streams and catalog are all it reads, and these have
APIs of their own. State of its queries, which ends with them, is encrypted with the service's own key.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from typing import Any

import jsii
from aws_cdk import ArnFormat, AssetHashType, BundlingOptions, IgnoreMode, ILocalBundling, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisanalyticsv2 as flink
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from components.acknowledge import acknowledge_any_resource, acknowledge_inline_policy, acknowledge_wildcard_arn
from components.at_rest import AtRest
from components.bucket import DataBucket
from components.flink_log import grant_log, let_log
from components.packaging import NO_IMAGE, PROJECT
from components.stream import RecordStream
from components.studio_tables import StudioTables
from config.model import Studio as Settings
from flink import notebook

#: Studio's newest (developer guide, "Upgrade Studio Runtime"): Flink 1.15.
RUNTIME = "ZEPPELIN-FLINK-3_0"
#: What is created by an API has no connector; this is the one for streams (developer guide, "Use connectors and dependencies").
CONNECTOR = flink.CfnApplication.MavenReferenceProperty(
    group_id="org.apache.flink", artifact_id="flink-sql-connector-kinesis", version="1.15.4"
)
#: Below it in the bucket lies what notes are built to, to be deployed as applications.
APPLICATIONS = "applications"

_FLINK = flink.CfnApplication


class StudioNotebook(Construct):
    """The notebook, stopped."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        settings: Settings,
        streams: Mapping[str, RecordStream],
        tables: StudioTables,
        bucket: DataBucket,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; `tables` are over these `streams`; `bucket` takes what is built of notes."""
        super().__init__(scope, construct_id)
        self.log_group = at_rest.log_group(self, "Logs")
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("kinesisanalytics.amazonaws.com"),
            description=f"{name}: reads streams for who asks in the notebook",
        )
        acknowledge_inline_policy(self.role)
        for stream in streams.values():
            stream.grant_read(self.role)
        self._grant_catalog(tables)
        bucket.grant_build(self.role, folder=APPLICATIONS)
        grant_log(self.role, self.log_group)
        self.application = _FLINK(
            self,
            "Application",
            application_name=name,
            application_description="Explores the streams by hand",
            application_mode="INTERACTIVE",
            runtime_environment=RUNTIME,
            service_execution_role=self.role.role_arn,
            application_configuration=self._configuration(settings, tables, bucket),
        )
        # The service looks at the catalog with the role as soon as it is told of it.
        self.application.node.add_dependency(self.role, tables)
        keep = at_rest.removal_policy is RemovalPolicy.RETAIN
        # What people wrote is kept in it.
        self.application.apply_removal_policy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep else RemovalPolicy.DESTROY)
        let_log(self, self.application, self.log_group, at_rest)
        self._notes = _notes(self, "Notes")

    @property
    def notes_url(self) -> str:
        """Of an archive with the notes to import, in the bucket of the deployment's assets."""
        return self._notes.s3_object_url

    def _configuration(
        self, settings: Settings, tables: StudioTables, bucket: DataBucket
    ) -> flink.CfnApplication.ApplicationConfigurationProperty:
        return _FLINK.ApplicationConfigurationProperty(
            flink_application_configuration=_FLINK.FlinkApplicationConfigurationProperty(
                parallelism_configuration=_FLINK.ParallelismConfigurationProperty(
                    configuration_type="CUSTOM",
                    parallelism=settings.parallelism,
                    parallelism_per_kpu=settings.parallelism_per_kpu,
                    auto_scaling_enabled=False,
                ),
            ),
            zeppelin_application_configuration=_FLINK.ZeppelinApplicationConfigurationProperty(
                catalog_configuration=_FLINK.CatalogConfigurationProperty(
                    glue_data_catalog_configuration=_FLINK.GlueDataCatalogConfigurationProperty(database_arn=tables.arn)
                ),
                custom_artifacts_configuration=[
                    _FLINK.CustomArtifactConfigurationProperty(artifact_type="DEPENDENCY_JAR", maven_reference=CONNECTOR)
                ],
                deploy_as_application_configuration=_FLINK.DeployAsApplicationConfigurationProperty(
                    s3_content_location=_FLINK.S3ContentBaseLocationProperty(bucket_arn=bucket.arn, base_path=f"{APPLICATIONS}/")
                ),
                monitoring_configuration=_FLINK.ZeppelinMonitoringConfigurationProperty(log_level=settings.log_level),
            ),
        )

    def _grant_catalog(self, tables: StudioTables) -> None:
        """Finding the streams (developer guide, "Create custom IAM policies for Managed Service for Apache Flink Studio
        notebooks": AWS Glue), but for connections, which no table here has, and changes. Flink asks for functions of the database
        too, and for a database `hive` that need not be there."""
        stack, database = Stack.of(self), tables.name

        def glue(resource: str, name: str | None = None) -> str:
            return stack.format_arn(
                service="glue",
                resource=resource,
                resource_name=name,
                arn_format=ArnFormat.SLASH_RESOURCE_NAME if name else ArnFormat.NO_RESOURCE_NAME,
            )

        catalog, own = glue("catalog"), glue("database", database)
        every_table, functions = glue("table", f"{database}/*"), glue("userDefinedFunction", f"{database}/*")
        for actions, resources in (
            (["glue:GetDatabase"], [catalog, own, glue("database", "hive")]),
            (["glue:GetTable", "glue:GetTables"], [catalog, own, every_table]),
            (["glue:GetUserDefinedFunction"], [catalog, own, functions]),
            (["glue:GetDatabases"], ["*"]),
        ):
            self.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=resources))
        for everything in (every_table, functions):
            acknowledge_wildcard_arn(
                self.role, everything, reason="All that is in the notebook's own database, to list and to find."
            )
        acknowledge_any_resource(
            self.role, reason="GetDatabases lists the databases of an account, and Glue asks for leave to see each of them."
        )


def _notes(scope: Construct, construct_id: str) -> assets.Asset:
    """An archive with the notes, under a name that changes when a notebook or the compiler does."""
    return assets.Asset(
        scope,
        construct_id,
        path=str(PROJECT / "flink"),
        ignore_mode=IgnoreMode.GIT,
        exclude=["/*", "!/notebook.py", "!/notebooks", "README.md"],
        asset_hash_type=AssetHashType.SOURCE,
        bundling=BundlingOptions(image=NO_IMAGE, command=["notes"], local=_Compile()),
    )


# See components/packaging.py about the options.
@jsii.implements(ILocalBundling)
class _Compile:
    def try_bundle(self, output_dir: str, options: BundlingOptions | None = None, **_: Any) -> bool:
        notebook.write(pathlib.Path(output_dir))
        return True
