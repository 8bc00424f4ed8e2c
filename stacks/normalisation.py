"""From `raw` to `events` and `errors`, and both ends of it into the archive."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.delivery import StreamArchive
from components.destinations.processing import PROCESSOR_FAILURES
from components.event_source import CONSUMER_FAILURES, StreamConsumer
from components.finishing import finish_events, finishing_rules
from components.function import FunctionPlatform, PipelineFunction
from components.network import PrivateNetwork
from components.packaging import function_code, normalise_code
from components.stream import RecordStream
from config.model import Environment

#: The archive's processor only frames records; memory buys the CPU share for a megabyte a call.
ARCHIVE_MEMORY_MIB = 512
ARCHIVE_TIMEOUT_SECONDS = 60


class NormalisationStack(Stack):
    """Exposes `events`, `errors`, the function `normalise`, the delivery streams, and what observability watches."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at_rest: AtRest,
        network: PrivateNetwork | None,
        raw: RecordStream,
        archive: DataBucket,
        quarantine: DataBucket,
        lookups: DataBucket | None,
        master_data: dynamodb.ITable,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: raw records to events, errors and the archive",
            termination_protection=environment.removal.deletion_protection,
        )
        prefix = f"weir-{environment.name}"
        streams = environment.streams
        self.events = RecordStream(self, "Events", name=f"{prefix}-events", settings=streams.events, at_rest=at_rest)
        self.errors = RecordStream(self, "Errors", name=f"{prefix}-errors", settings=streams.errors, at_rest=at_rest)
        platform = FunctionPlatform(self, "Platform", settings=environment.functions, network=network, at_rest=at_rest)
        self.normalise = self._normalise(environment, platform, archive)
        finish_events(self.normalise, environment=environment, lookups=lookups, master_data=master_data, at_rest=at_rest)
        self.raw_to_normalise = StreamConsumer(
            self,
            "RawToNormalise",
            stream=raw,
            function=self.normalise,
            settings=environment.normalisation.consumer,
            quarantine=quarantine,
        )
        self.frame = PipelineFunction(
            self,
            "Archive",
            name=f"{prefix}-archive",
            package="archive",
            description="Frames each archived record with its coordinates",
            code=function_code("archive"),
            platform=platform,
            memory_mib=ARCHIVE_MEMORY_MIB,
            timeout_seconds=ARCHIVE_TIMEOUT_SECONDS,
            variables={},
            failures_go_to=PROCESSOR_FAILURES,
        )
        self.raw_archive = StreamArchive(
            self,
            "RawToArchive",
            name=f"{prefix}-archive",
            source=raw,
            bucket=archive,
            prefix="raw",
            settings=environment.archive.delivery,
            processor=self.frame,
            at_rest=at_rest,
        )
        self.errors_archive = StreamArchive(
            self,
            "ErrorsToArchive",
            name=f"{prefix}-errors-archive",
            source=self.errors,
            bucket=archive,
            prefix="errors",
            settings=environment.archive.errors_delivery,
            processor=None,
            at_rest=at_rest,
        )
        CfnOutput(self, "EventsStream", value=self.events.name)
        CfnOutput(self, "ErrorsStream", value=self.errors.name)
        CfnOutput(self, "NormaliseFunction", value=self.normalise.name)
        CfnOutput(self, "ArchiveDelivery", value=self.raw_archive.name)
        CfnOutput(self, "ErrorsDelivery", value=self.errors_archive.name)

    def _normalise(self, environment: Environment, platform: FunctionPlatform, archive: DataBucket) -> PipelineFunction:
        settings, streams = environment.normalisation, environment.streams
        function = PipelineFunction(
            self,
            "Normalise",
            name=f"weir-{environment.name}-normalise",
            package="normalise",
            description="Recognises and parses raw records",
            code=normalise_code(finishing_rules(environment)),
            platform=platform,
            memory_mib=settings.consumer.memory_mib,
            timeout_seconds=settings.consumer.timeout_seconds,
            variables={
                "EVENTS_STREAM": self.events.name,
                "EVENTS_RECORD_KIB": str(streams.events.max_record_kib),
                "EVENTS_BUCKETS": str(streams.events.buckets),
                "ERRORS_STREAM": self.errors.name,
                "ERRORS_RECORD_KIB": str(streams.errors.max_record_kib),
                "OVERSIZED_BUCKET": archive.name,
                "DEFAULT_TENANT": settings.default_tenant,
                "DEFAULT_TYPE": settings.default_type or "",
                "VPC_FLOW_FORMATS": ",".join(settings.flow_formats),
            },
            failures_go_to=CONSUMER_FAILURES,
        )
        self.events.grant_write(function.role)
        self.errors.grant_write(function.role)
        archive.grant_store(function.role, prefix="oversized")
        return function
