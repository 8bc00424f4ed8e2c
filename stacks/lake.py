"""From `events` to the lake, its tables, and how they are asked."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.lake_delivery import LakeDelivery
from components.lake_queries import LakeQueries
from components.lake_tables import LakeTables
from components.stream import RecordStream
from config.model import Environment
from lake.names import database_name, workgroup_name


class LakeStack(Stack):
    """Exposes `delivery`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at_rest: AtRest,
        events: RecordStream,
        bucket: DataBucket,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: events as Parquet, their tables and queries",
            termination_protection=environment.removal.deletion_protection,
        )
        database, settings = database_name(environment.name), environment.lake
        tables = LakeTables(self, "Tables", database=database, bucket=bucket, first_day=settings.first_day)
        self.delivery = LakeDelivery(
            self,
            "EventsToLake",
            name=f"weir-{environment.name}-lake",
            source=events,
            bucket=bucket,
            table=tables.events,
            settings=settings.delivery,
            at_rest=at_rest,
        )
        LakeQueries(
            self,
            "Queries",
            name=workgroup_name(environment.name),
            database=database,
            bucket=bucket,
            scanned_mib=settings.scanned_mib_per_query,
            at_rest=at_rest,
        )
        CfnOutput(self, "LakeDelivery", value=self.delivery.name)
