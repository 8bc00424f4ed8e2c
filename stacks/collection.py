"""Where log files come in: the bucket services write to, and the function that puts their lines on `raw`."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import AccessLogBucket, DataBucket
from components.function import FunctionPlatform, PipelineFunction
from components.log_bucket import LogBucket
from components.log_source import ExistingLogBucket
from components.network import PrivateNetwork
from components.packaging import function_code
from components.queue import QUEUE_FAILURES, FailingQueue
from components.stream import RecordStream
from config.model import Collection, CollectionRule, Environment


class CollectionStack(Stack):
    """Exposes `logs`, the bucket, `queue`, and the function `collect`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        at_rest: AtRest,
        network: PrivateNetwork | None,
        access_logs: AccessLogBucket,
        raw: RecordStream,
        errors: RecordStream,
        archive: DataBucket,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: log files in S3 to raw records",
            termination_protection=environment.removal.deletion_protection,
        )
        name, settings = f"weir-{environment.name}-collect", environment.collection
        self.queue = FailingQueue(self, "Collect", name=name, timeout_seconds=settings.timeout_seconds, at_rest=at_rest)
        self.logs = LogBucket(
            self,
            "Logs",
            queue=self.queue,
            access_logs=access_logs,
            expire_after_days=settings.expire_after_days,
            at_rest=at_rest,
        )
        streams = environment.streams
        self.collect = PipelineFunction(
            self,
            "CollectFunction",
            name=name,
            package="collect",
            description="Puts the lines of log files on raw",
            code=function_code("collect"),
            platform=FunctionPlatform(self, "Platform", settings=environment.functions, network=network, at_rest=at_rest),
            memory_mib=settings.memory_mib,
            timeout_seconds=settings.timeout_seconds,
            variables={
                "RAW_STREAM": raw.name,
                "ERRORS_STREAM": errors.name,
                "QUEUE_URL": self.queue.queue.queue_url,
                "OVERSIZED_BUCKET": archive.name,
                "RULES": self._rules(settings),
                "DEFAULT_TENANT": environment.normalisation.default_tenant,
                "RAW_RECORD_KIB": str(streams.raw.max_record_kib),
                "ERRORS_RECORD_KIB": str(streams.errors.max_record_kib),
            },
            failures_go_to=QUEUE_FAILURES,
        )
        raw.grant_write(self.collect.role)
        errors.grant_write(self.collect.role)
        archive.grant_store(self.collect.role, prefix="oversized")
        self.logs.grant_read(self.collect.role)
        self.queue.feed(self.collect, concurrency=settings.concurrency)
        for source in settings.buckets:
            ExistingLogBucket(self, source.bucket, source=source, queue=self.queue, function=self.collect)
        CfnOutput(self, "LogBucket", value=self.logs.name)
        CfnOutput(self, "CollectQueue", value=self.queue.queue.queue_name)
        CfnOutput(self, "CollectFunctionName", value=self.collect.name)

    def _rules(self, settings: Collection) -> str:
        """As `collect.rules` reads them."""
        rules = [_rule(self.logs.name, rule) for rule in settings.rules]
        return self.to_json_string(rules + [_rule(source.bucket, rule) for source in settings.buckets for rule in source.rules])


def _rule(bucket: str, rule: CollectionRule) -> dict[str, str]:
    return {"bucket": bucket, **rule.model_dump(exclude_none=True)}
