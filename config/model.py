"""The typed model of one environment.

Every field says what it decides, its unit, and why its default is what it is. The limits are AWS's own, each with the
page it comes from, so an impossible value is refused before anything is synthesized.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.parts.analytics import Analytics, FlinkApplication, Preparation, Studio
from config.parts.base import Model, TenantName, Text
from config.parts.collection import Collection, CollectionRule, LogSource
from config.parts.delivery import Archive, ArchiveDelivery, Delivery, DirectPut, SearchDelivery
from config.parts.enrichment import Enrichment
from config.parts.functions import Consumer, EventSource, Functions, LogRetentionDays, Normalisation, RouteConsumer
from config.parts.lake import Lake, LakeDelivery
from config.parts.operations import Account, Alerting, Network, Observability, Removal, Tags
from config.parts.outputs import ExistingFunction, ExistingStream, Output
from config.parts.search import Search
from config.parts.shaping import Shaping
from config.parts.streams import ErrorsStream, Stream, Streams
from config.problem import Path, Problem

__all__ = [
    "Account",
    "Alerting",
    "Analytics",
    "Archive",
    "ArchiveDelivery",
    "Collection",
    "CollectionRule",
    "Consumer",
    "Delivery",
    "DirectPut",
    "Enrichment",
    "Environment",
    "ErrorsStream",
    "EventSource",
    "ExistingFunction",
    "ExistingStream",
    "FlinkApplication",
    "Functions",
    "Lake",
    "LakeDelivery",
    "LogRetentionDays",
    "LogSource",
    "Model",
    "Network",
    "Normalisation",
    "Observability",
    "Output",
    "Preparation",
    "Removal",
    "RouteConsumer",
    "Search",
    "SearchDelivery",
    "Shaping",
    "Stream",
    "Streams",
    "Studio",
    "TenantName",
]

#: Firehose may take so many times the buffer's wait for partitions of the records' own (developer guide, "Buffer data for dynamic
#: partitioning").
PARTITIONS_WAIT = 1.5


class Environment(Model):
    """One deployable environment: `config/environments/<name>.yaml`."""

    name: Annotated[str, Text(r"[a-z][a-z0-9]{1,15}", "2 to 16 lower-case letters and digits, a letter first")]
    """The file's name; part of every stack name (`weir-<name>-…`)."""
    account: Account | None = None
    """Where the environment is deployed. Without it, the stacks go to the account and region of whoever deploys."""
    tags: Tags = Field(default_factory=dict)
    """Put on every resource, beside `weir:environment`."""
    removal: Removal = Removal()
    """What happens to data when a stack or a resource is deleted."""
    network: Network = Network()
    """Public endpoints guarded by IAM, or everything inside a VPC."""
    streams: Streams = Streams()
    """The data streams: `raw`, `events`, `errors`, and those of analytics."""
    collection: Collection = Collection()
    """Log files that services write to S3."""
    functions: Functions = Functions()
    """What all functions share."""
    normalisation: Normalisation = Normalisation()
    """Parsing `raw` into `events`."""
    shaping: Shaping = Shaping()
    """Fields, samples, labels and times of events, by log type and tenant."""
    enrichment: Enrichment = Enrichment()
    """What others know of an event's values."""
    archive: Archive = Archive()
    """The S3 archive and its delivery."""
    lake: Lake = Lake()
    """Events as Parquet in S3, and queries over them."""
    analytics: Analytics = Analytics()
    """Flink applications over `events`, and what becomes of what they write."""
    search: Search = Search()
    """The OpenSearch domain, its indices, and the function that fills them."""
    direct_put: DirectPut = DirectPut()
    """The Firehose stream for publishers that need no data stream."""
    alerting: Alerting = Alerting()
    """Who hears of an alarm."""
    observability: Observability = Observability()
    """Thresholds of the alarms."""

    @property
    def lookup_files(self) -> tuple[str, ...]:
        """Objects of the bucket of look-ups, each once; there is such a bucket where there are any."""
        return tuple(dict.fromkeys((*self.shaping.files, *self.enrichment.files)))

    def conflicts(self) -> Iterator[Problem]:
        yield from self._records_expire_before_they_are_kept()
        yield from self._buffers_wait_longer_than_their_alarm()
        yield from self._functions_of_another_account()
        yield from self._copies_to_streams_that_do_not_take_them()
        yield from self._notebook_reads_shards_unevenly()

    def _notebook_reads_shards_unevenly(self) -> Iterator[Problem]:
        """Studio's Flink 1.15 makes watermarks of the rows of a task and not of a shard, so a task must not read two."""
        studio = self.analytics.studio
        for stream in ("events", *self.analytics.written) if studio.enabled else ():
            shards = getattr(self.streams, stream).shards
            if shards is not None and shards > studio.parallelism:
                yield Problem(
                    ("analytics", "studio", "parallelism"),
                    f"{studio.parallelism} is below `streams.{stream}.shards` ({shards}): one task would read several shards, "
                    f"and make events of the slower ones late; set it to {shards} or more",
                )

    def _records_expire_before_they_are_kept(self) -> Iterator[Problem]:
        analytics, route = self.analytics, self.search.route
        consumers: list[tuple[Path, EventSource, str]] = [
            (("normalisation", "consumer"), self.normalisation.consumer, "raw"),
            *((("search", "route"), route, stream) for stream in ("events", *analytics.written)),
            (("search", "report"), self.search.report, "errors"),
            *([(("analytics", "prepare"), analytics.prepare, "events")] if analytics.prepare else []),
            *(
                (("analytics", "outputs", number, end), consumer, output.stream)
                for number, output in enumerate(analytics.outputs)
                for end, consumer in (("function", output.function), ("data_stream", output.data_stream))
                if consumer
            ),
        ]
        for path, consumer, stream in consumers:
            retention = getattr(self.streams, stream).retention_hours
            if consumer.max_record_age_hours >= retention:
                yield Problem(
                    (*path, "max_record_age_hours"),
                    f"{consumer.max_record_age_hours} is not below `streams.{stream}.retention_hours` ({retention}), so a record "
                    f"could expire before it reaches the failure destination; set it to {retention - 1} or less",
                )

    def _buffers_wait_longer_than_their_alarm(self) -> Iterator[Problem]:
        threshold = self.observability.delivery_freshness_seconds
        for path, delivery, longest in (
            (("archive", "delivery"), self.archive.delivery, 1.0),
            (("archive", "errors_delivery"), self.archive.errors_delivery, 1.0),
            # A lake that is not there must not stand in the way of a low threshold.
            *([(("lake", "delivery"), self.lake.delivery, PARTITIONS_WAIT)] if self.lake.enabled else []),
            (("direct_put", "delivery"), self.direct_put.delivery, 1.0),
            *(
                (("analytics", "outputs", number, "delivery"), output.delivery, 1.0)
                for number, output in enumerate(self.analytics.outputs)
                if output.delivery
            ),
        ):
            if delivery.buffer_seconds * longest >= threshold:
                waits = (
                    "" if longest == 1 else f", of which Firehose may make {delivery.buffer_seconds * longest:g} for partitions,"
                )
                yield Problem(
                    (*path, "buffer_seconds"),
                    f"{delivery.buffer_seconds}{waits} is not below `observability.delivery_freshness_seconds` ({threshold}), "
                    "so its alarm would always ring; shorten the wait, or raise the threshold",
                )

    def _functions_of_another_account(self) -> Iterator[Problem]:
        account = self.account
        for number, output in enumerate(self.analytics.outputs):
            function = output.function
            if account is None or function is None:
                continue
            if f":{account.region}:{account.id}:" not in function.arn or f"::{account.id}:" not in function.role:
                yield Problem(
                    ("analytics", "outputs", number, "function"),
                    f"{function.arn} with {function.role} is not of account {account.id} and {account.region}; "
                    "Lambda reads a stream of its own account and region only: name a function there",
                )

    def _copies_to_streams_that_do_not_take_them(self) -> Iterator[Problem]:
        account = self.account
        own = {f"weir-{self.name}-{role}" for role in Streams.model_fields}
        for number, output in enumerate(self.analytics.outputs):
            stream, path = output.data_stream, ("analytics", "outputs", number, "data_stream")
            if stream is None:
                continue
            if account and f":{account.region}:{account.id}:" not in stream.arn:
                yield Problem(
                    (*path, "arn"),
                    f"{stream.arn} is not of account {account.id} and {account.region}; "
                    "its function puts records in its own account and region only: name a stream there",
                )
            if stream.name in own:
                yield Problem((*path, "arn"), f"{stream.name} is a stream of the pipeline's own; name another")
            largest = getattr(self.streams, output.stream).max_record_kib
            if stream.max_record_kib < largest:
                yield Problem(
                    (*path, "max_record_kib"),
                    f"{stream.max_record_kib} is below `streams.{output.stream}.max_record_kib` ({largest}), so a record could "
                    "be too large for it; let the stream take as much and say so here, or lower the other",
                )
