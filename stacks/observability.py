"""What is watched, and the dashboard."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from components.flink_monitoring import monitor_application
from components.monitoring import PipelineMonitoring
from components.search_monitoring import monitor_domain
from components.topic import AlertTopic
from config.model import Environment
from stacks.analytics import AnalyticsStack
from stacks.collection import CollectionStack
from stacks.ingestion import IngestionStack
from stacks.lake import LakeStack
from stacks.normalisation import NormalisationStack
from stacks.search import SearchStack


class ObservabilityStack(Stack):
    """Alarms of every step, in the order of the data, told to the alert topic."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        alerts: AlertTopic,
        ingestion: IngestionStack,
        collection: CollectionStack | None,
        normalisation: NormalisationStack,
        lake: LakeStack | None,
        analytics: AnalyticsStack | None,
        search: SearchStack,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: alarms and the dashboard",
            termination_protection=environment.removal.deletion_protection,
        )
        watch = PipelineMonitoring(
            self, "Monitoring", name=f"weir-{environment.name}", topic=alerts.topic, settings=environment.observability
        )
        watch.header("Ingestion")
        watch.stream(ingestion.raw, name="raw")
        if collection:
            watch.header("Collection")
            watch.function(collection.collect, name="collect")
            watch.queue(collection.queue, environment.collection, name="collect")
        watch.header("Normalisation")
        watch.consumer(normalisation.raw_to_normalise, normalisation.normalise, name="normalise")
        if environment.lookup_files or environment.enrichment.reads_table:
            watch.enrichment(service="normalise")
        watch.stream(normalisation.events, name="events")
        watch.stream(normalisation.errors, name="errors")
        watch.errors(normalisation.errors)
        watch.header("Archive")
        watch.function(normalisation.frame, name="archive")
        watch.delivery(normalisation.raw_archive, name="raw-archive")
        watch.delivery(normalisation.errors_archive, name="errors-archive")
        if lake:
            watch.header("Lake")
            watch.delivery(lake.delivery, name="lake")
            watch.delivery_failures(lake.delivery, name="lake")
        if analytics:
            watch.header("Analytics")
            _watch_analytics(watch, analytics, environment)
        watch.header("Search")
        for stream, consumer in search.to_route.items():
            if stream == "events":
                watch.consumer(consumer, search.route, name="route")
            else:
                watch.mapping(consumer, name=f"{stream}-to-route")
        watch.consumer(search.errors_to_report, search.report, name="report")
        monitor_domain(watch.facade, search.domain, environment.search)
        if search.direct_put and search.transform:
            watch.function(search.transform, name="transform")
            watch.delivery(search.direct_put, name="direct-put")


def _watch_analytics(watch: PipelineMonitoring, analytics: AnalyticsStack, environment: Environment) -> None:
    if prepared := analytics.prepared:
        watch.consumer(prepared.consumer, prepared.function, name="prepare")
        watch.stream(prepared.stream, name="prepared")
    for name, application in analytics.applications.items():
        monitor_application(
            watch.facade,
            application,
            environment.observability,
            name=name,
            kpu_quota=environment.analytics.kpu_quota,
        )
    for name, stream in analytics.written.items():
        watch.stream(stream, name=name)
    for name, consumer in analytics.consumers.items():
        watch.mapping(consumer, name=name)
    for name, forward in analytics.forwards.items():
        watch.consumer(forward.consumer, forward.function, name=f"forward-{name}")
    for name, delivery in analytics.deliveries.items():
        watch.delivery(delivery, name=name)
