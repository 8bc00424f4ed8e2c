"""Firehose streams that copy a data stream to S3, and what every Firehose stream of the pipeline shares."""

from __future__ import annotations

from aws_cdk import Duration, Size, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_inline_policy
from components.at_rest import AtRest
from components.bucket import DataBucket
from components.function import PipelineFunction
from components.stream import RecordStream
from config.model import Delivery

#: Bytes gathered for one invocation of a processor. A record grows in the function (base64, added fields) and the answer
#: must stay within Lambda's 6 MB (Firehose developer guide, "Transform source data").
PROCESSOR_BUFFER_MIB = 1
#: Longest a record may wait for such an invocation: Firehose's own default. A shorter delivery buffer wins, so that
#: processing is never what delivery waits for.
PROCESSOR_BUFFER_SECONDS = 60
#: Retries of a processor that fails or is throttled, Firehose's default.
PROCESSOR_RETRIES = 3
#: For a processor function's `failures_go_to`.
PROCESSOR_FAILURES = "Firehose calls it, tries again, and writes what it did not process to the bucket's failed prefix."


def processor_buffer_seconds(delivery: Delivery) -> int:
    """How long a processor gathers records, in seconds."""
    return min(delivery.buffer_seconds, PROCESSOR_BUFFER_SECONDS)


class DeliveryRole(Construct):
    """The role of one Firehose stream, and its log of failed deliveries."""

    def __init__(self, scope: Construct, construct_id: str, *, description: str, at_rest: AtRest) -> None:
        super().__init__(scope, construct_id)
        self.log_group = at_rest.log_group(self, "Logs")
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"), description=description)
        self.role.add_to_policy(iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[self.log_group.log_group_arn]))
        acknowledge_inline_policy(self.role)

    def grant_processor(self, function: PipelineFunction) -> None:
        """Lets Firehose call its processor (Firehose developer guide, "Grant Firehose access to a Lambda function")."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"], resources=[function.arn])
        )


class StreamArchive(Construct):
    """Copies every record of a stream to S3 as gzip, one object a buffer, under the hour it arrived.

    With a processor its answers are written as they are (it ends its own lines); without one a newline follows each record.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        source: RecordStream,
        bucket: DataBucket,
        prefix: str,
        settings: Delivery,
        processor: PipelineFunction | None,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; objects go to `<prefix>/yyyy/MM/dd/HH/`, what the processor refused or could not
        take to `<prefix>-failed/<error type>/…` (UTC)."""
        super().__init__(scope, construct_id)
        access = DeliveryRole(self, "Access", description=f"{name}: from {source.name} to S3", at_rest=at_rest)
        source.grant_read(access.role)
        bucket.grant_deliver(access.role, prefixes=[prefix, f"{prefix}-failed"])
        if processor:
            access.grant_processor(processor)
        self.delivery = firehose.DeliveryStream(
            self,
            "Delivery",
            delivery_stream_name=name,
            source=firehose.KinesisStreamSource(source.stream),
            # The library's own grants would let Firehose read and delete what it has delivered.
            role=access.role.without_policy_updates(),
            destination=firehose.S3Bucket(
                bucket.bucket,
                role=access.role.without_policy_updates(),
                buffering_interval=Duration.seconds(settings.buffer_seconds),
                buffering_size=Size.mebibytes(settings.buffer_mib),
                compression=firehose.Compression.GZIP,
                encryption_key=at_rest.key,
                data_output_prefix=f"{prefix}/!{{timestamp:yyyy/MM/dd/HH}}/",
                error_output_prefix=f"{prefix}-failed/!{{firehose:error-output-type}}/!{{timestamp:yyyy/MM/dd/HH}}/",
                processors=[_processor(processor, settings)],
                logging_config=firehose.EnableLogging(access.log_group),
            ),
        )
        acknowledge(
            self.delivery,
            "AwsSolutions-KDF1",
            reason="Its source is a data stream encrypted with the environment's key; Firehose refuses encryption of its own "
            "for such a source (API reference, DeliveryStreamEncryptionConfigurationInput).",
        )
        # The library adds the service's address ranges to the stack, for security groups nobody asks about here.
        Stack.of(self).node.try_remove_child("@aws-cdk--aws-kinesisfirehose.CidrBlocks")
        # Firehose checks its permissions when the stream is made.
        self.delivery.node.add_dependency(access.role)

    @property
    def name(self) -> str:
        return self.delivery.delivery_stream_name


def _processor(function: PipelineFunction | None, settings: Delivery) -> firehose.IDataProcessor:
    if function is None:
        return firehose.AppendDelimiterToRecordProcessor()
    return firehose.LambdaFunctionProcessor(
        function.function,
        buffer_interval=Duration.seconds(processor_buffer_seconds(settings)),
        buffer_size=Size.mebibytes(PROCESSOR_BUFFER_MIB),
        retries=PROCESSOR_RETRIES,
    )
