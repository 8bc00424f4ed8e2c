"""A delivery stream for every kind of destination, over the foundation of production: what a team might write."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_opensearchserverless as opensearchserverless
from aws_cdk import aws_secretsmanager as secretsmanager
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks, ServerlessChecks
from constructs import Construct

from components.acknowledge import acknowledge
from components.bucket import AccessLogBucket, DataBucket
from components.destinations.buffering import Buffer
from components.destinations.delivery_stream import DeliveryStream
from components.destinations.destination import Backup, Destination
from components.destinations.http_endpoint import HttpEndpointDestination
from components.destinations.iceberg import IcebergDestination, IcebergRouting, IcebergTable
from components.destinations.objects import DynamicPartitions
from components.destinations.parquet import ParquetDestination
from components.destinations.processing import PROCESSOR_FAILURES, Processor
from components.destinations.redshift import RedshiftDestination
from components.destinations.s3 import S3Destination
from components.destinations.search_domain import SearchDomainDestination
from components.destinations.search_serverless import SearchCollectionDestination
from components.destinations.splunk import SplunkDestination
from components.function import FunctionPlatform, PipelineFunction
from components.monitoring import PipelineMonitoring
from components.packaging import function_code
from components.search_domain import SearchDomain
from config.loader import load_environment
from localrun.paths import PROJECT
from stacks.alerting import AlertingStack
from stacks.foundation import FoundationStack
from stacks.ingestion import IngestionStack
from tests.synth.synthesized import NO_BUNDLING, Pipeline

ENVIRONMENT = load_environment("prod")
#: Construct id of each delivery stream, and the rest of its name after `weir-test-`.
STREAMS = {
    "S3": "s3",
    "Parquet": "parquet",
    "SearchDomain": "search-domain",
    "SearchCollection": "search-collection",
    "Redshift": "redshift",
    "Iceberg": "iceberg",
    "HttpEndpoint": "http-endpoint",
    "Splunk": "splunk",
}
#: Those that read the stream `raw`; publishers put into the others.
FROM_RAW = ("S3", "Parquet", "Redshift", "Splunk")
#: Those with the function `weir-test-transform` in between.
PROCESSED = ("S3", "SearchDomain", "Redshift", "HttpEndpoint")
JDBC_URL = "jdbc:redshift://weir.abc123.us-east-1.redshift.amazonaws.com:5439/logs"
COLUMNS = [
    glue.CfnTable.ColumnProperty(name="tenant", type="string"),
    glue.CfnTable.ColumnProperty(name="message", type="string"),
]


class DestinationsStage(cdk.Stage):
    """The stacks `foundation`, `ingestion`, `alerting` and `destinations`; `streams` are its delivery streams by id."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.foundation = FoundationStack(self, "foundation", environment=ENVIRONMENT)
        self.at_rest = self.foundation.at_rest
        self.ingestion = IngestionStack(self, "ingestion", environment=ENVIRONMENT, at_rest=self.at_rest)
        alerting = AlertingStack(self, "alerting", environment=ENVIRONMENT, at_rest=self.at_rest)
        self.stack = cdk.Stack(self, "destinations", termination_protection=True)
        self.processor = self._processor()
        self.secret = self._secret()
        self.stage = self._bucket("Stage")
        self.warehouse = self._bucket("Warehouse")
        self.database = glue.CfnDatabase(
            self.stack,
            "Database",
            catalog_id=self.stack.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(name="weir_test"),
        )
        self.destinations: dict[str, Destination] = {
            "S3": self._s3(),
            "Parquet": self._parquet(),
            "SearchDomain": self._search_domain(),
            "SearchCollection": self._search_collection(),
            "Redshift": self._redshift(),
            "Iceberg": self._iceberg(),
            "HttpEndpoint": self._http_endpoint(),
            "Splunk": self._splunk(),
        }
        self.streams = {construct_id: self._deliver(construct_id) for construct_id in STREAMS}
        watch = PipelineMonitoring(
            self.stack, "Monitoring", name="weir-test", topic=alerting.alerts.topic, settings=ENVIRONMENT.observability
        )
        for construct_id, stream in self.streams.items():
            watch.delivery(stream, name=STREAMS[construct_id])
            watch.delivery_failures(stream, name=STREAMS[construct_id])

    def _deliver(self, construct_id: str) -> DeliveryStream:
        return DeliveryStream(
            self.stack,
            construct_id,
            name=f"weir-test-{STREAMS[construct_id]}",
            destination=self.destinations[construct_id],
            source=self.ingestion.raw if construct_id in FROM_RAW else None,
            processor=Processor(function=self.processor) if construct_id in PROCESSED else None,
            at_rest=self.at_rest,
        )

    def _backup(self, folder: str) -> Backup:
        return Backup(bucket=self.foundation.quarantine, folder=folder)

    def _processor(self) -> PipelineFunction:
        platform = FunctionPlatform(
            self.stack, "Platform", settings=ENVIRONMENT.functions, network=self.foundation.network, at_rest=self.at_rest
        )
        return PipelineFunction(
            self.stack,
            "Transform",
            name="weir-test-transform",
            package="transform",
            description="Normalises records on their way",
            code=function_code("transform"),
            platform=platform,
            memory_mib=256,
            timeout_seconds=60,
            variables={"DEFAULT_TENANT": "acme"},
            failures_go_to=PROCESSOR_FAILURES,
        )

    def _secret(self) -> secretsmanager.Secret:
        secret = secretsmanager.Secret(self.stack, "Credentials", encryption_key=self.at_rest.key)
        acknowledge(
            secret,
            "AwsSolutions-SMG4",
            "NIST.800.53.R5-SecretsManagerRotationEnabled",
            reason="The other side gives it out, and whoever it belongs to changes it there and here.",
        )
        return secret

    def _bucket(self, construct_id: str) -> DataBucket:
        return DataBucket(
            self.stack,
            construct_id,
            at_rest=self.at_rest,
            access_logs=AccessLogBucket(self.stack, f"{construct_id}Access", removal_policy=self.at_rest.removal_policy),
            infrequent_access_after_days=None,
            expire_after_days=None,
        )

    def table(self, construct_id: str, name: str, *, location: str, iceberg: bool) -> glue.CfnTable:
        """A table with two columns whose files lie at the location."""
        return glue.CfnTable(
            self.stack,
            construct_id,
            catalog_id=self.stack.account,
            database_name=self.database.ref,
            open_table_format_input=(
                glue.CfnTable.OpenTableFormatInputProperty(
                    iceberg_input=glue.CfnTable.IcebergInputProperty(metadata_operation="CREATE", version="2")
                )
                if iceberg
                else None
            ),
            table_input=glue.CfnTable.TableInputProperty(
                name=name,
                table_type="EXTERNAL_TABLE",
                storage_descriptor=glue.CfnTable.StorageDescriptorProperty(columns=COLUMNS, location=location),
            ),
        )

    def _s3(self) -> S3Destination:
        return S3Destination(
            bucket=self.foundation.archive,
            folder="by-tenant",
            keys="tenant=!{partitionKeyFromQuery:tenant}/type=!{partitionKeyFromLambda:dataset}/!{timestamp:yyyy-MM-dd}/",
            partitions=DynamicPartitions(queries={"tenant": ".tenant"}, from_function=("dataset",)),
            compression="ZIP",
            buffer=Buffer(seconds=60, mib=64),
        )

    def _parquet(self) -> ParquetDestination:
        location = f"s3://{self.foundation.archive.name}/lake/"
        return ParquetDestination(
            bucket=self.foundation.archive,
            folder="lake",
            keys="day=!{timestamp:yyyy-MM-dd}/",
            table=self.table("Events", "events", location=location, iceberg=False),
        )

    def _search_domain(self) -> SearchDomainDestination:
        administrator = iam.Role(self.stack, "Administrator", assumed_by=iam.AccountPrincipal(self.stack.account))
        domain = SearchDomain(
            self.stack,
            "Domain",
            name="weir-test",
            settings=ENVIRONMENT.search,
            network=self.foundation.network,
            administrator=administrator,
            at_rest=self.at_rest,
        )
        return SearchDomainDestination(
            domain=domain,
            index="logs-test",
            rotation="OneHour",
            retry_seconds=600,
            network=self.foundation.network,
            buffer=Buffer(seconds=0, mib=100),
            backup=self._backup("search-domain"),
        )

    def _search_collection(self) -> SearchCollectionDestination:
        assert self.foundation.network
        vpc = self.foundation.network.vpc
        group = ec2.SecurityGroup(self.stack, "CollectionEndpoint", vpc=vpc, allow_all_outbound=False)
        return SearchCollectionDestination(
            collection=opensearchserverless.CfnCollection(self.stack, "Collection", name="weir-test", type="TIMESERIES"),
            index="logs-test",
            network=self.foundation.network,
            endpoint_group=group,
            backup=Backup(bucket=self.foundation.quarantine, folder="search-collection", all_records=True),
        )

    def _redshift(self) -> RedshiftDestination:
        return RedshiftDestination(
            jdbc_url=JDBC_URL,
            table="logs.events",
            columns=("tenant", "message"),
            secret=self.secret,
            stage=self.stage,
            folder="events",
            backup=Backup(bucket=self.foundation.quarantine, folder="redshift", all_records=True),
        )

    def _iceberg(self) -> IcebergDestination:
        folder = f"s3://{self.warehouse.name}/tables"
        return IcebergDestination(
            tables=(
                IcebergTable(table=self.table("Users", "users", location=f"{folder}/users", iceberg=True), unique_keys=("id",)),
                IcebergTable(table=self.table("Logins", "logins", location=f"{folder}/logins", iceberg=True)),
            ),
            routing=IcebergRouting(database='"weir_test"', table=".kind"),
            warehouse=self.warehouse,
            folder="tables",
            backup=self._backup("iceberg"),
        )

    def _http_endpoint(self) -> HttpEndpointDestination:
        return HttpEndpointDestination(
            url="https://logs.example.com/firehose",
            endpoint_name="example",
            secret=self.secret,
            attributes={"environment": "test"},
            buffer=Buffer(seconds=60, mib=4),
            backup=self._backup("http-endpoint"),
        )

    def _splunk(self) -> SplunkDestination:
        return SplunkDestination(hec_url="https://splunk.example.com:8088", secret=self.secret, backup=self._backup("splunk"))


def new_app(outdir: str | None = None) -> cdk.App:
    """An app with the feature flags of the project's."""
    flags = json.loads((PROJECT / "cdk.json").read_text(encoding="utf-8"))["context"]
    return cdk.App(outdir=outdir, context={**flags, **NO_BUNDLING})


def synthesize(directory: Path) -> Pipeline:
    """The stage `weir-test`, with all three rule packs watching."""
    app = new_app(str(directory))
    DestinationsStage(app, "weir-test")
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app), NIST80053R5Checks(app))
    app.synth()
    return Pipeline(ENVIRONMENT, directory)


def changed(stage: DestinationsStage, construct_id: str, **changes: Any) -> Destination:
    """The destination of that id, with fields of it changed."""
    return cast(Destination, replace(cast(Any, stage.destinations[construct_id]), **changes))


def changed_backup(stage: DestinationsStage, construct_id: str, **changes: Any) -> Destination:
    """The destination of that id, with fields of its backup changed."""
    return changed(stage, construct_id, backup=replace(cast(Any, stage.destinations[construct_id]).backup, **changes))
