"""From `events`, `metrics`, `findings` and `errors` to the search domain, and the direct way into it.

The direct-put delivery stands here and not in ingestion: it needs the domain, which needs `events`, which needs `raw`.
"""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.destinations.processing import PROCESSOR_FAILURES
from components.event_source import CONSUMER_FAILURES, StreamConsumer
from components.function import FunctionPlatform, PipelineFunction
from components.network import PrivateNetwork
from components.packaging import content_code, function_code
from components.search_content import CONTENT_FAILURES, TIMEOUT_SECONDS, SearchContent
from components.search_delivery import DirectPutDelivery
from components.search_domain import SearchDomain
from components.stream import RecordStream
from config.model import Environment

CONTENT_MEMORY_MIB = 256
#: Firehose waits for its processor at most five minutes; a megabyte of records takes seconds.
TRANSFORM_TIMEOUT_SECONDS = 60


class SearchStack(Stack):
    """Exposes `domain`, the functions `route`, `report` and (with direct put) `transform`, and the delivery `direct_put`."""

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
        written: Mapping[str, RecordStream],
        quarantine: DataBucket,
    ) -> None:
        """`written` are the streams of analytics by name: what is on them is indexed as what is on `events`."""
        super().__init__(
            scope,
            construct_id,
            description="Weir: the search domain and what writes to it",
            termination_protection=environment.removal.deletion_protection,
        )
        self._environment = environment
        self._quarantine = quarantine
        platform = FunctionPlatform(self, "Platform", settings=environment.functions, network=network, at_rest=at_rest)
        content = self._content(platform)
        self.content = content
        self.domain = SearchDomain(
            self,
            "Domain",
            name=f"weir-{environment.name}",
            settings=environment.search,
            network=network,
            administrator=content.role,
            at_rest=at_rest,
        )
        self.route = self._route(platform, {"events": events, **written}, errors)
        self.report = self._report(platform, errors)
        writers: list[iam.IRole] = [self.route.role, self.report.role]
        self.transform: PipelineFunction | None = None
        self.direct_put: DirectPutDelivery | None = None
        if environment.direct_put.enabled:
            self.transform = self._transform(platform)
            self.direct_put = DirectPutDelivery(
                self,
                "DirectPut",
                name=f"weir-{environment.name}-direct-put",
                processor=self.transform,
                domain=self.domain,
                quarantine=quarantine,
                settings=environment.direct_put.delivery,
                network=network,
                at_rest=at_rest,
            )
            writers.append(self.direct_put.role)
            CfnOutput(self, "DirectPutDelivery", value=self.direct_put.name)
        SearchContent(self, "Content", function=content, domain=self.domain, writers=writers, settings=environment.search)
        CfnOutput(self, "SearchEndpoint", value=self.domain.endpoint)
        CfnOutput(self, "RouteFunction", value=self.route.name)
        CfnOutput(self, "ReportFunction", value=self.report.name)

    def _content(self, platform: FunctionPlatform) -> PipelineFunction:
        return PipelineFunction(
            self,
            "ContentFunction",
            name=f"weir-{self._environment.name}-content",
            package="content",
            description="Applies index templates and roles to the search domain",
            code=content_code(),
            platform=platform,
            memory_mib=CONTENT_MEMORY_MIB,
            timeout_seconds=TIMEOUT_SECONDS,
            variables={},
            failures_go_to=CONTENT_FAILURES,
        )

    def _route(self, platform: FunctionPlatform, streams: Mapping[str, RecordStream], errors: RecordStream) -> PipelineFunction:
        consumer = self._environment.search.route
        function = PipelineFunction(
            self,
            "Route",
            name=f"weir-{self._environment.name}-route",
            package="route",
            description="Indexes events, each in its family",
            code=function_code("route"),
            platform=platform,
            memory_mib=consumer.memory_mib,
            timeout_seconds=consumer.timeout_seconds,
            variables={
                "SEARCH_ENDPOINT": self.domain.endpoint,
                "ERRORS_STREAM": errors.name,
                "ERRORS_RECORD_KIB": str(self._environment.streams.errors.max_record_kib),
            },
            failures_go_to=CONSUMER_FAILURES,
        )
        errors.grant_write(function.role)
        self.domain.allow(function.role, actions=["es:ESHttpPost"], paths=["_bulk"])
        self.to_route = {
            name: StreamConsumer(
                self,
                f"{name.capitalize()}ToRoute",
                stream=stream,
                function=function,
                settings=consumer,
                quarantine=self._quarantine,
            )
            for name, stream in streams.items()
        }
        return function

    def _report(self, platform: FunctionPlatform, errors: RecordStream) -> PipelineFunction:
        consumer = self._environment.search.report
        function = PipelineFunction(
            self,
            "Report",
            name=f"weir-{self._environment.name}-report",
            package="report",
            description="Indexes what the pipeline refused",
            code=function_code("report"),
            platform=platform,
            memory_mib=consumer.memory_mib,
            timeout_seconds=consumer.timeout_seconds,
            variables={"SEARCH_ENDPOINT": self.domain.endpoint},
            failures_go_to=CONSUMER_FAILURES,
        )
        self.domain.allow(function.role, actions=["es:ESHttpPost"], paths=["_bulk"])
        self.errors_to_report = StreamConsumer(
            self, "ErrorsToReport", stream=errors, function=function, settings=consumer, quarantine=self._quarantine
        )
        return function

    def _transform(self, platform: FunctionPlatform) -> PipelineFunction:
        normalisation = self._environment.normalisation
        return PipelineFunction(
            self,
            "Transform",
            name=f"weir-{self._environment.name}-transform",
            package="transform",
            description="Normalises directly put records on their way to the index",
            code=function_code("transform"),
            platform=platform,
            memory_mib=self._environment.direct_put.memory_mib,
            timeout_seconds=TRANSFORM_TIMEOUT_SECONDS,
            variables={
                "DEFAULT_TENANT": normalisation.default_tenant,
                "DEFAULT_TYPE": normalisation.default_type or "",
                "VPC_FLOW_FORMATS": ",".join(normalisation.flow_formats),
            },
            failures_go_to=PROCESSOR_FAILURES,
        )
