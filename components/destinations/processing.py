"""What happens to records inside Firehose, before they are delivered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import Duration, Size
from aws_cdk import aws_kinesisfirehose as firehose

from components.destinations.rules import API, GUIDE, Rules
from components.function import PipelineFunction

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

#: Keys a JQ query may give (Firehose developer guide, "Understand partitioning keys").
MOST_QUERIES = 50
#: Longest value of a processor's parameter (API reference, ProcessorParameter).
LONGEST_PARAMETER = 5120

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{GUIDE}/data-transformation.html"


@dataclass(frozen=True, kw_only=True)
class Processor:
    """A function each record passes through. It answers a batch within five minutes and 6 MB."""

    function: PipelineFunction
    buffer_seconds: int = PROCESSOR_BUFFER_SECONDS
    buffer_mib: float = PROCESSOR_BUFFER_MIB

    def check(self, rules: Rules) -> None:
        """Raises DestinationError for buffers Firehose does not accept for a function."""
        rules.within(self.buffer_seconds, "processor.buffer_seconds", "s", (0, 900), _PAGE)
        rules.within(self.buffer_mib, "processor.buffer_mib", "MiB", (0.2, 3), _PAGE)

    def of_library(self) -> firehose.IDataProcessor:
        """As the construct library's destinations take it."""
        return firehose.LambdaFunctionProcessor(
            self.function.function,
            buffer_interval=Duration.seconds(self.buffer_seconds),
            buffer_size=Size.mebibytes(self.buffer_mib),
            retries=PROCESSOR_RETRIES,
        )

    def of_template(self, role_arn: str) -> firehose.CfnDeliveryStream.ProcessorProperty:
        """As the CloudFormation resource takes it."""
        return _processor(
            "Lambda",
            {
                "LambdaArn": self.function.arn,
                "RoleArn": role_arn,
                "BufferIntervalInSeconds": str(self.buffer_seconds),
                "BufferSizeInMBs": str(self.buffer_mib),
                "NumberOfRetries": str(PROCESSOR_RETRIES),
            },
        )


def processor_buffer_seconds(delivery_seconds: int) -> int:
    """How long a processor gathers records, in seconds, before a delivery that gathers for `delivery_seconds`."""
    return min(delivery_seconds, PROCESSOR_BUFFER_SECONDS)


def jq_query(queries: Mapping[str, str]) -> str:
    """One JQ object out of an expression a key: `{"tenant":.tenant}`."""
    return "{" + ",".join(f'"{key}":{expression}' for key, expression in queries.items()) + "}"


def metadata_extraction(queries: Mapping[str, str]) -> firehose.CfnDeliveryStream.ProcessorProperty:
    """Keys taken from each record, which is JSON, by JQ expressions."""
    return _processor("MetadataExtraction", {"MetadataExtractionQuery": jq_query(queries), "JsonParsingEngine": "JQ-1.6"})


def check_queries(rules: Rules, queries: Mapping[str, str], *, field: str) -> None:
    """Raises DestinationError for more, or longer, queries than Firehose takes."""
    rules.require(
        len(queries) <= MOST_QUERIES,
        field,
        f"{len(queries)} queries are more than {MOST_QUERIES}; combine or drop some",
        f"{GUIDE}/dynamic-partitioning-partitioning-keys.html",
    )
    rules.require(
        len(jq_query(queries)) <= LONGEST_PARAMETER,
        field,
        f"together the queries have {len(jq_query(queries))} characters; shorten them to {LONGEST_PARAMETER}",
        f"{API}/API_ProcessorParameter.html",
    )
    for key, expression in queries.items():
        rules.require(
            bool(key.strip() and expression.strip()),
            field,
            f"{key!r}: {expression!r} names no key or asks for nothing; write both",
            f"{GUIDE}/dynamic-partitioning-partitioning-keys.html",
        )


def _processor(kind: str, parameters: Mapping[str, str]) -> firehose.CfnDeliveryStream.ProcessorProperty:
    return _L1.ProcessorProperty(
        type=kind,
        parameters=[
            _L1.ProcessorParameterProperty(parameter_name=name, parameter_value=value) for name, value in parameters.items()
        ],
    )
