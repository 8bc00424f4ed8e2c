"""What every other step stands on: the key, the buckets, the master-data table, and the network where there is one."""

from __future__ import annotations

import jsii
from aws_cdk import CfnOutput, Fn, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from components.acknowledge import acknowledge
from components.at_rest import AtRest
from components.bucket import AccessLogBucket, DataBucket
from components.key import DataKey
from components.lake_queries import RESULTS
from components.log_bucket import ACCESS_LOGS
from components.network import ZONES, PrivateNetwork
from config.model import Collection, Environment


class FoundationStack(Stack):
    """Exposes `at_rest`, `access_logs`, `archive`, `quarantine`, `master_data`, and `lake`, `lookups`, `studio` and `network`
    (None where the environment has none)."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        removal = environment.removal
        super().__init__(
            scope,
            construct_id,
            description="Weir: key, buckets, table, network",
            termination_protection=removal.deletion_protection,
        )
        policy = RemovalPolicy.RETAIN if removal.policy == "retain" else RemovalPolicy.DESTROY
        collects = environment.collection.enabled
        key = DataKey(self, "DataKey", alias=f"weir-{environment.name}", removal_policy=policy)
        if collects:
            self._let_buckets_notify(key, environment.collection)
        if environment.analytics.applications:
            names = f"weir-{environment.name}-*"
            key.let_flink_keep_state(self.format_arn(service="kinesisanalytics", resource="application", resource_name=names))
        self.at_rest = AtRest(
            key=key.key,
            log_retention_days=environment.functions.log_retention_days,
            removal_policy=policy,
            deletion_protection=removal.deletion_protection,
        )
        self.access_logs = access_logs = AccessLogBucket(self, "AccessLogs", removal_policy=policy)
        if collects:
            access_logs.let_in(ACCESS_LOGS)
        self.archive = DataBucket(
            self,
            "Archive",
            access_logs=access_logs,
            at_rest=self.at_rest,
            infrequent_access_after_days=environment.archive.infrequent_access_after_days,
            expire_after_days=environment.archive.expire_after_days,
        )
        # Poison batches wait for a person: they are few, and stay as long as what they came from.
        self.quarantine = DataBucket(
            self,
            "Quarantine",
            access_logs=access_logs,
            at_rest=self.at_rest,
            infrequent_access_after_days=None,
            expire_after_days=environment.archive.expire_after_days,
        )
        # Read by people who need no other bucket, and kept as long as they want it.
        lake = environment.lake
        self.lake = (
            DataBucket(
                self,
                "Lake",
                access_logs=access_logs,
                at_rest=self.at_rest,
                infrequent_access_after_days=lake.infrequent_access_after_days,
                expire_after_days=lake.expire_after_days,
                temporary={RESULTS: lake.results_expire_after_days},
            )
            if lake.enabled
            else None
        )
        # Others put files there that events are enriched by; the last good one stays until it is replaced.
        self.lookups = (
            DataBucket(
                self,
                "Lookups",
                access_logs=access_logs,
                at_rest=self.at_rest,
                infrequent_access_after_days=None,
                expire_after_days=None,
            )
            if environment.lookup_files
            else None
        )
        # What is built of a note is code that runs, for as long as somebody runs it.
        self.studio = (
            DataBucket(
                self,
                "Studio",
                access_logs=access_logs,
                at_rest=self.at_rest,
                infrequent_access_after_days=None,
                expire_after_days=None,
            )
            if environment.analytics.studio.enabled
            else None
        )
        self.master_data = self._master_data()
        self.network = (
            PrivateNetwork(
                self,
                "Network",
                settings=environment.network,
                queues=collects,
                reads_table=environment.enrichment.reads_table or environment.analytics.reads_table,
                at_rest=self.at_rest,
            )
            if environment.network.vpc
            else None
        )
        CfnOutput(self, "ArchiveBucket", value=self.archive.name)
        CfnOutput(self, "QuarantineBucket", value=self.quarantine.name)
        if self.lake:
            CfnOutput(self, "LakeBucket", value=self.lake.name)
        if self.studio:
            CfnOutput(self, "StudioBucket", value=self.studio.name)
        if self.lookups:
            CfnOutput(self, "LookupsBucket", value=self.lookups.name)
        CfnOutput(self, "MasterDataTable", value=self.master_data.table_name)

    @property
    @jsii.member(jsii_name="availabilityZones")
    def availability_zones(self) -> list[str]:
        """The region's first zones by position: names would need a look-up in the account."""
        return [Fn.select(number, Fn.get_azs()) for number in range(ZONES)]

    def _let_buckets_notify(self, key: DataKey, settings: Collection) -> None:
        """Whatever way their notifications take to the queue, which is encrypted. Which buckets, rules and topics they are, the
        queue's own policy says."""
        own = {"StringEquals": {"aws:SourceAccount": self.account}}
        key.let_notify("BucketsOfThisAccount", "s3.amazonaws.com", conditions=own)
        topics = sorted({source.topic for source in settings.buckets if source.topic})
        if any(source.topic is None for source in settings.buckets):
            key.let_notify("EventsOfThisAccount", "events.amazonaws.com", conditions=own)
        for number, topic in enumerate(topics):
            key.let_notify(f"Topic{number}", "sns.amazonaws.com", conditions={"ArnEquals": {"aws:SourceArn": topic}})

    def _master_data(self) -> dynamodb.Table:
        """Reference data events are joined with: `kind` (what it describes) and `id` (the value found in an event)."""
        table = dynamodb.Table(
            self,
            "MasterData",
            partition_key=dynamodb.Attribute(name="kind", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.at_rest.key,
            deletion_protection=self.at_rest.deletion_protection,
            removal_policy=self.at_rest.removal_policy,
        )
        acknowledge(
            table,
            "NIST.800.53.R5-DynamoDBInBackupPlan",
            reason="Point-in-time recovery restores any second of the last 35 days, and the table is loaded from elsewhere.",
        )
        return table
