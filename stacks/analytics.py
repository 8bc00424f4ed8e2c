"""From `events` to `metrics` and `findings`: the Flink applications, what prepares their input, and who hears of their output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.delivery import StreamArchive
from components.event_source import CONSUMER_FAILURES, Reader, StreamConsumer
from components.existing_function import ExistingFunction
from components.existing_stream import ExistingStream
from components.flink_application import FlinkApplication
from components.flink_code import flink_code, run_options
from components.flink_operation import OUTSIDE_NETWORK, FlinkOperator
from components.flink_streams import MasterData
from components.function import FunctionPlatform, PipelineFunction
from components.network import PrivateNetwork
from components.packaging import folder_code, function_code
from components.stream import RecordStream
from config.model import Environment, EventSource, Output, Preparation
from config.model import ExistingStream as StreamSettings
from config.parts.flink_settings import properties

_DESCRIPTIONS = {
    "aggregates": "Requests, errors and latencies by the minute",
    "anomalies": "Services and machines that are not as they should be",
    "behaviour": "What users and addresses do over time",
    "business": "Stock, payments and sales by the minute",
}


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What prepares the applications' input."""

    function: PipelineFunction
    consumer: StreamConsumer
    stream: RecordStream


@dataclass(frozen=True, kw_only=True)
class Forward:
    """What copies a stream to another."""

    function: PipelineFunction
    consumer: StreamConsumer


class AnalyticsStack(Stack):
    """Exposes the `applications` by name, the streams they write (`written`), `operate`, `prepared` where the environment has it,
    and of its outputs the `consumers`, `deliveries` and `forwards` by name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at_rest: AtRest,
        network: PrivateNetwork | None,
        events: RecordStream,
        errors: RecordStream,
        archive: DataBucket,
        quarantine: DataBucket,
        master_data: dynamodb.ITable,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: Flink applications, metrics and findings",
            termination_protection=environment.removal.deletion_protection,
        )
        self._environment, self._at_rest, self._network = environment, at_rest, network
        self._archive, self._quarantine = archive, quarantine
        analytics = environment.analytics
        self.written = {name: self._stream(name) for name in analytics.written}
        self.prepared = self._prepared(analytics.prepare, events, errors) if analytics.prepare else None
        self.operate = self._operator()
        master = MasterData(table=master_data, refresh_seconds=analytics.refresh_seconds)
        sources = {"events": self.prepared.stream if self.prepared else events, **self.written}
        self.applications = {name: self._application(name, sources, errors, master) for name in analytics.applications}
        self.consumers: dict[str, StreamConsumer] = {}
        self.deliveries: dict[str, StreamArchive] = {}
        self.forwards: dict[str, Forward] = {}
        for output in analytics.outputs:
            self._output(output)
        for name, stream in self.written.items():
            CfnOutput(self, f"{name.capitalize()}Stream", value=stream.name)
        for name, application in self.applications.items():
            CfnOutput(self, f"{name.capitalize()}Application", value=application.application.ref)

    def _name(self, role: str) -> str:
        return f"weir-{self._environment.name}-{role}"

    @cached_property
    def _platform(self) -> FunctionPlatform:
        """Of the functions that are there by configuration only."""
        return FunctionPlatform(
            self, "Platform", settings=self._environment.functions, network=self._network, at_rest=self._at_rest
        )

    def _consumer(self, construct_id: str, stream: RecordStream, function: Reader, settings: EventSource) -> StreamConsumer:
        return StreamConsumer(
            self, construct_id, stream=stream, function=function, settings=settings, quarantine=self._quarantine
        )

    def _stream(self, name: str) -> RecordStream:
        settings = getattr(self._environment.streams, name)
        return RecordStream(self, name.capitalize(), name=self._name(name), settings=settings, at_rest=self._at_rest)

    def _prepared(self, settings: Preparation, events: RecordStream, errors: RecordStream) -> Prepared:
        stream = self._stream("prepared")
        function = PipelineFunction(
            self,
            "Prepare",
            name=self._name("prepare"),
            package=settings.package,
            description="Prepares what the Flink applications read",
            code=folder_code(settings.folder),
            platform=self._platform,
            memory_mib=settings.memory_mib,
            timeout_seconds=settings.timeout_seconds,
            variables={"PREPARED_STREAM": stream.name, "ERRORS_STREAM": errors.name},
            failures_go_to=CONSUMER_FAILURES,
        )
        stream.grant_write(function.role)
        errors.grant_write(function.role)
        consumer = self._consumer("EventsToPrepare", events, function, settings)
        return Prepared(function=function, consumer=consumer, stream=stream)

    def _operator(self) -> FlinkOperator:
        platform = FunctionPlatform(
            self,
            "OperatorPlatform",
            settings=self._environment.functions,
            network=None,
            at_rest=self._at_rest,
            outside=OUTSIDE_NETWORK,
        )
        return FlinkOperator(self, "Operate", name=self._name("operate"), platform=platform)

    def _application(
        self, name: str, sources: Mapping[str, RecordStream], errors: RecordStream, master: MasterData
    ) -> FlinkApplication:
        analytics = self._environment.analytics
        settings = analytics.applications[name]
        construct_id = name.capitalize()
        code = flink_code(self, f"{construct_id}Code", application=name, local=analytics.connector == "local")
        application = FlinkApplication(
            self,
            construct_id,
            name=self._name(name),
            description=_DESCRIPTIONS[name],
            code=code,
            run_options=run_options(name),
            settings=settings,
            properties=properties(settings.settings),
            sources={stream: sources[stream] for stream in settings.reads},
            sinks={**{stream: self.written[stream] for stream in settings.writes}, "errors": errors},
            master_data=master if settings.joins else None,
            maintenance_start=analytics.maintenance_start,
            network=self._network,
            at_rest=self._at_rest,
        )
        self.operate.run(application)
        return application

    def _output(self, output: Output) -> None:
        stream, construct_id = self.written[output.stream], f"Output-{output.name}"
        if output.function:
            function = ExistingFunction(self, construct_id, settings=output.function)
            self.consumers[output.name] = self._consumer(f"{construct_id}-Consumer", stream, function, output.function)
        if output.data_stream:
            self.forwards[output.name] = self._forward(output.name, construct_id, stream, output.data_stream)
        if output.delivery:
            self.deliveries[output.name] = StreamArchive(
                self,
                construct_id,
                name=self._name(output.name),
                source=stream,
                bucket=self._archive,
                prefix=output.name,
                settings=output.delivery,
                processor=None,
                at_rest=self._at_rest,
            )

    def _forward(self, name: str, construct_id: str, stream: RecordStream, settings: StreamSettings) -> Forward:
        """A function for each, whose role may read one stream and write one."""
        output = ExistingStream(self, construct_id, settings=settings)
        function = PipelineFunction(
            self,
            f"{construct_id}-Forward",
            name=self._name(f"forward-{name}"),
            package="forward",
            description="Copies what the applications write to a stream there is already",
            code=function_code("forward"),
            platform=self._platform,
            memory_mib=settings.memory_mib,
            timeout_seconds=settings.timeout_seconds,
            variables={"OUTPUT_STREAM": output.arn},
            failures_go_to=CONSUMER_FAILURES,
        )
        output.let_write(function)
        return Forward(function=function, consumer=self._consumer(f"{construct_id}-Consumer", stream, function, settings))
