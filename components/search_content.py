"""What the domain must hold before documents arrive: applied by a function on every deployment that changes it."""

from __future__ import annotations

from aws_cdk import CustomResource, Duration
from aws_cdk import aws_iam as iam
from constructs import Construct

from components.function import PipelineFunction
from components.packaging import templates_digest
from components.search_domain import SearchDomain
from config.model import Search

#: How long CloudFormation waits for the function's answer: a little longer than the function may run.
TIMEOUT_SECONDS = 300
#: For the content function's `failures_go_to`.
CONTENT_FAILURES = "CloudFormation calls it and waits: a failure, or no answer, fails the deployment and rolls it back."


class SearchContent(Construct):
    """Index templates, and under fine-grained access the role of those who write."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: PipelineFunction,
        domain: SearchDomain,
        writers: list[iam.IRole],
        settings: Search,
    ) -> None:
        """`writers` are the roles that may index; the function runs again when anything here, or a template, changes."""
        super().__init__(scope, construct_id)
        function.function.add_environment("SEARCH_ENDPOINT", domain.endpoint)
        function.function.add_environment("FINE_GRAINED_ACCESS", str(settings.fine_grained_access).lower())
        function.function.add_environment("WRITER_ROLE_ARNS", ",".join(role.role_arn for role in writers))
        security = ["_plugins/_security/api/roles/*", "_plugins/_security/api/rolesmapping/*"]
        domain.allow(
            function.role,
            actions=["es:ESHttpPut"],
            paths=[
                "_component_template/*",
                "_index_template/*",
                *(security if settings.fine_grained_access else []),
            ],
        )
        resource = CustomResource(
            self,
            "Resource",
            service_token=function.arn,
            resource_type="Custom::SearchContent",
            service_timeout=Duration.seconds(TIMEOUT_SECONDS + 60),
            properties={
                "Templates": templates_digest(),
                "IndexShards": settings.index_shards,
                "IndexReplicas": settings.index_replicas,
                "RefreshSeconds": settings.refresh_seconds,
                "SegmentsPerTier": settings.segments_per_tier,
            },
        )
        # The function must be allowed before it is called.
        resource.node.add_dependency(function)
