"""One environment: its stacks in the order the data flows."""

from __future__ import annotations

from aws_cdk import Environment as Target
from aws_cdk import Stage, Tags
from constructs import Construct

from config.model import Environment
from stacks.alerting import AlertingStack
from stacks.analytics import AnalyticsStack
from stacks.collection import CollectionStack
from stacks.foundation import FoundationStack
from stacks.ingestion import IngestionStack
from stacks.lake import LakeStack
from stacks.normalisation import NormalisationStack
from stacks.observability import ObservabilityStack
from stacks.search import SearchStack
from stacks.studio import StudioStack


class PipelineStage(Stage):
    """All stacks of one environment, named `<id>-<step>`."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment) -> None:
        account = environment.account
        super().__init__(scope, construct_id, env=Target(account=account.id, region=account.region) if account else None)
        self.foundation = FoundationStack(self, "foundation", environment=environment)
        at_rest, network = self.foundation.at_rest, self.foundation.network
        self.ingestion = IngestionStack(self, "ingestion", environment=environment, at_rest=at_rest)
        self.normalisation = NormalisationStack(
            self,
            "normalisation",
            environment=environment,
            at_rest=at_rest,
            network=network,
            raw=self.ingestion.raw,
            archive=self.foundation.archive,
            quarantine=self.foundation.quarantine,
            lookups=self.foundation.lookups,
            master_data=self.foundation.master_data,
        )
        self.collection = (
            CollectionStack(
                self,
                "collection",
                environment=environment,
                at_rest=at_rest,
                network=network,
                access_logs=self.foundation.access_logs,
                raw=self.ingestion.raw,
                errors=self.normalisation.errors,
                archive=self.foundation.archive,
            )
            if environment.collection.enabled
            else None
        )
        self.lake = (
            LakeStack(
                self,
                "lake",
                environment=environment,
                at_rest=at_rest,
                events=self.normalisation.events,
                bucket=self.foundation.lake,
            )
            if self.foundation.lake
            else None
        )
        self.analytics = (
            AnalyticsStack(
                self,
                "analytics",
                environment=environment,
                at_rest=at_rest,
                network=network,
                events=self.normalisation.events,
                errors=self.normalisation.errors,
                archive=self.foundation.archive,
                quarantine=self.foundation.quarantine,
                master_data=self.foundation.master_data,
            )
            if environment.analytics.applications
            else None
        )
        written = self.analytics.written if self.analytics else {}
        self.studio = (
            StudioStack(
                self,
                "studio",
                environment=environment,
                at_rest=at_rest,
                streams={"events": self.normalisation.events, **written},
                bucket=self.foundation.studio,
            )
            if self.foundation.studio
            else None
        )
        self.search = SearchStack(
            self,
            "search",
            environment=environment,
            at_rest=at_rest,
            network=network,
            events=self.normalisation.events,
            errors=self.normalisation.errors,
            written=written,
            quarantine=self.foundation.quarantine,
        )
        self.alerting = AlertingStack(self, "alerting", environment=environment, at_rest=at_rest)
        self.observability = ObservabilityStack(
            self,
            "observability",
            environment=environment,
            alerts=self.alerting.alerts,
            ingestion=self.ingestion,
            collection=self.collection,
            normalisation=self.normalisation,
            lake=self.lake,
            analytics=self.analytics,
            search=self.search,
        )
        for name, value in {"weir:environment": environment.name, **environment.tags}.items():
            Tags.of(self).add(name, value)
