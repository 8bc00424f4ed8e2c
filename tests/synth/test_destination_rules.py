"""What Firehose would refuse, or read otherwise than it was meant, is refused at synth, with the rule and its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_glue as glue
from aws_cdk import aws_secretsmanager as secretsmanager

from components.destinations.buffering import Buffer
from components.destinations.delivery_stream import DeliveryStream
from components.destinations.destination import Destination
from components.destinations.objects import DynamicPartitions
from components.destinations.processing import Processor
from components.destinations.rules import DestinationError, Rules
from components.destinations.s3 import S3Destination
from tests.synth.destinations import PROCESSED, STREAMS, DestinationsStage, changed, changed_backup


def unchanged(construct_id: str, **changes: Any) -> Callable[[DestinationsStage], Destination]:
    return lambda stage: changed(stage, construct_id, **changes)


def kept_so(construct_id: str, **changes: Any) -> Callable[[DestinationsStage], Destination]:
    return lambda stage: changed_backup(stage, construct_id, **changes)


HINTS = "API_BufferingHints.html"
PREFIXES = "s3-prefixes.html"
KEYS_OF_RECORDS = "dynamic-partitioning-s3bucketprefix.html"
QUERY_KEY = "!{partitionKeyFromQuery:tenant}/"

#: (destination, what the message says, the page it names).
REFUSED: list[tuple[Callable[[DestinationsStage], Destination], str, str]] = [
    # Buffers
    (unchanged("S3", partitions=None, keys="x/", buffer=Buffer(seconds=901)), "buffer.seconds: 901 is not within 0-900 s", HINTS),
    (unchanged("S3", partitions=None, keys="x/", buffer=Buffer(seconds=-1)), "buffer.seconds: -1 is not within 0-900 s", HINTS),
    (unchanged("S3", partitions=None, keys="x/", buffer=Buffer(mib=129)), "buffer.mib: 129 is not within 1-128 MiB", HINTS),
    (unchanged("S3", partitions=None, keys="x/", buffer=Buffer(mib=0)), "buffer.mib: 0 is not within 1-128 MiB", HINTS),
    (unchanged("S3", buffer=Buffer(seconds=60, mib=63)), "buffer.mib: 63 is not within 64-128 MiB", "dev/buffering.html"),
    (unchanged("S3", buffer=Buffer(seconds=0, mib=64)), "buffer.seconds: 0 is not within 60-900 s", "dev/buffering.html"),
    (unchanged("Parquet", buffer=Buffer(mib=32)), "buffer.mib: 32 is not within 64-128 MiB", "record-format-conversion.html"),
    (
        unchanged("SearchDomain", buffer=Buffer(mib=101)),
        "buffer.mib: 101 is not within 1-100 MiB",
        "API_AmazonopensearchserviceBufferingHints.html",
    ),
    (
        unchanged("SearchCollection", buffer=Buffer(mib=101)),
        "buffer.mib: 101 is not within 1-100 MiB",
        "API_AmazonOpenSearchServerlessBufferingHints.html",
    ),
    (unchanged("Redshift", buffer=Buffer(seconds=901)), "buffer.seconds: 901 is not within 0-900 s", HINTS),
    (unchanged("Iceberg", buffer=Buffer(mib=129)), "buffer.mib: 129 is not within 1-128 MiB", HINTS),
    (
        unchanged("HttpEndpoint", buffer=Buffer(mib=65)),
        "buffer.mib: 65 is not within 1-64 MiB",
        "API_HttpEndpointBufferingHints.html",
    ),
    (unchanged("Splunk", buffer=Buffer(seconds=61)), "buffer.seconds: 61 is not within 0-60 s", "API_SplunkBufferingHints.html"),
    (
        unchanged("Splunk", buffer=Buffer(seconds=60, mib=6)),
        "buffer.mib: 6 is not within 1-5 MiB",
        "API_SplunkBufferingHints.html",
    ),
    (kept_so("Splunk", buffer=Buffer(mib=129)), "backup.buffer.mib: 129 is not within 1-128 MiB", HINTS),
    # Retries
    *(
        (
            unchanged(construct_id, retry_seconds=7201),
            "retry_seconds: 7201 is not within 0-7200 s",
            f"API_{page}RetryOptions.html",
        )
        for construct_id, page in (
            ("SearchDomain", "Amazonopensearchservice"),
            ("SearchCollection", "AmazonOpenSearchServerless"),
            ("Redshift", "Redshift"),
            ("Iceberg", ""),
            ("HttpEndpoint", "HttpEndpoint"),
            ("Splunk", "Splunk"),
        )
    ),
    (
        unchanged("S3", partitions=DynamicPartitions(queries={"tenant": ".tenant"}, retry_seconds=-1), keys=QUERY_KEY),
        "retry_seconds: -1 is not within 0-7200 s",
        "API_RetryOptions.html",
    ),
    # Compression and conversion
    (unchanged("S3", compression="ZSTD"), "compression: 'ZSTD' is not known to Firehose", "API_ExtendedS3Dest"),
    (
        unchanged("Parquet", compression="ZIP"),
        "compression: 'ZIP' cannot be combined with format conversion",
        "API_ParquetSerDe.html",
    ),
    (unchanged("Redshift", compression="Snappy"), "compression: 'Snappy' is not known", "API_RedshiftDestination"),
    # Prefixes and partitions
    (unchanged("S3", folder="/raw"), "folder: '/raw' is not a plain folder", PREFIXES),
    (unchanged("S3", folder="raw/!{timestamp:yyyy}"), "is not a plain folder", PREFIXES),
    (unchanged("Redshift", folder="!{timestamp:yyyy}"), "folder: '!{timestamp:yyyy}' is not a plain folder", PREFIXES),
    (kept_so("HttpEndpoint", folder="failed/"), "backup.folder: 'failed/' is not a plain folder", PREFIXES),
    (unchanged("S3", keys="!{random-string}/"), "starts no expression; write `!{namespace:value}`", PREFIXES),
    (unchanged("S3", keys="!{firehose:random/"), "starts no expression", PREFIXES),
    (unchanged("S3", keys="!{aws:region}/"), "`!{aws:region}` has no namespace of Firehose's", PREFIXES),
    (unchanged("S3", keys="!{firehose:error-output-type}/"), "cannot name a delivered object", PREFIXES),
    (unchanged("S3", keys="!{timestamp:'year='yyyy/broken}/"), "is not a pattern of Java's DateTimeFormatter", PREFIXES),
    (unchanged("S3", keys="!{timestamp:}/"), "is not a pattern of Java's DateTimeFormatter", PREFIXES),
    (unchanged("S3", keys="x" * 1025), "the prefix has 1035 characters; shorten it to 1024", "API_ExtendedS3Dest"),
    (unchanged("S3", keys="!{partitionKeyFromQuery:}/"), "names no partition key", PREFIXES),
    (unchanged("S3", keys="!{timestamp:yyyy}/"), "has no partition key; write", KEYS_OF_RECORDS),
    (unchanged("S3", partitions=None), "the records are not partitioned; set partitions", KEYS_OF_RECORDS),
    (
        unchanged("S3", keys=QUERY_KEY + "!{partitionKeyFromQuery:region}/!{partitionKeyFromLambda:dataset}/"),
        "nothing gives `!{partitionKeyFromQuery:region}`; add to partitions.queries",
        KEYS_OF_RECORDS,
    ),
    (
        unchanged("S3", keys=QUERY_KEY + "!{partitionKeyFromLambda:type}/"),
        "nothing gives `!{partitionKeyFromLambda:type}`; add to partitions.from_function",
        KEYS_OF_RECORDS,
    ),
    (unchanged("S3", keys=QUERY_KEY), "partitions.from_function: the keys do not use dataset", KEYS_OF_RECORDS),
    (
        unchanged("S3", keys=QUERY_KEY, partitions=DynamicPartitions(queries={f"k{n}": ".x" for n in range(51)})),
        "51 queries are more than 50",
        "dynamic-partitioning-partitioning-keys.html",
    ),
    (
        unchanged("S3", keys=QUERY_KEY, partitions=DynamicPartitions(queries={"tenant": "." + "x" * 5120})),
        "shorten them to 5120",
        "API_ProcessorParameter.html",
    ),
    (
        unchanged("S3", keys=QUERY_KEY, partitions=DynamicPartitions(queries={"tenant": " "})),
        "names no key or asks for nothing",
        "dynamic-partitioning-partitioning-keys.html",
    ),
    # OpenSearch
    (unchanged("SearchDomain", rotation="Daily"), "rotation: 'Daily' is not known", "API_AmazonopensearchserviceDest"),
    (unchanged("SearchCollection", rotation="OneDay"), "Firehose rotates no index of a collection", "API_AmazonOpenSearchServer"),
    (unchanged("SearchDomain", document_ids="RANDOM"), "document_ids: 'RANDOM' is not known", "API_DocumentIdOptions.html"),
    (unchanged("SearchDomain", index="x" * 81), "index: the name has 81 characters; shorten it to 80", "API_Amazonopensearch"),
    (unchanged("SearchDomain", index="Logs"), "index: 'Logs' cannot name an index", "create-index"),
    (unchanged("SearchCollection", index="_logs"), "index: '_logs' cannot name an index", "create-index"),
    (unchanged("SearchDomain", network=None), "give the network the domain has", "API_VpcConfiguration.html"),
    (
        unchanged("SearchCollection", endpoint_group=None),
        "network: a VPC without the security group",
        "API_VpcConfiguration.html",
    ),
    (unchanged("SearchCollection", network=None), "or the group without the VPC", "API_VpcConfiguration.html"),
    # Redshift
    (unchanged("Redshift", jdbc_url="jdbc:mysql://db:3306/logs"), "is not that of a cluster", "API_RedshiftDestination"),
    (unchanged("Redshift", table=""), "table: '' has not 1-512 characters", "API_CopyCommand.html"),
    (unchanged("Redshift", copy_options="JSON 'auto' lzop"), "names the compression of the objects", "create-destination.html"),
    (unchanged("Redshift", copy_options="IAM_ROLE 'arn:…'"), "credentials would stand in the template", "API_CopyCommand.html"),
    (kept_so("Redshift", all_records=False), "Redshift's backup keeps all records or none", "API_RedshiftDestination"),
    # Iceberg
    (unchanged("Iceberg", tables=()), "there is no table to deliver to", "API_IcebergDestination"),
    (unchanged("Iceberg", routing=None), "nothing says which of the tables", "apache-iceberg-format-input-record-different.html"),
    (unchanged("Iceberg", append_only=True), "only appends has no use for unique keys", "API_IcebergDestination"),
    (kept_so("Iceberg", all_records=True), "have a backup of failed records only", "API_IcebergDestination"),
    # Endpoints
    (
        unchanged("HttpEndpoint", url="http://logs.example.com"),
        "url: 'http://logs.example.com' is not https",
        "API_HttpEndpointConf",
    ),
    (unchanged("HttpEndpoint", url=f"https://{'x' * 1000}"), "shorten it to 1000", "API_HttpEndpointConfiguration.html"),
    (unchanged("HttpEndpoint", endpoint_name=" "), "endpoint_name: ' ' has not 1-256 characters", "API_HttpEndpointConf"),
    (unchanged("HttpEndpoint", content_encoding="ZIP"), "content_encoding: 'ZIP' is not known", "API_HttpEndpointRequestConf"),
    (
        unchanged("HttpEndpoint", attributes={f"a{n}": "" for n in range(51)}),
        "51 attributes are more than 50",
        "RequestConfiguration",
    ),
    (unchanged("HttpEndpoint", attributes={"a": "x" * 1025}), "a value up to 1024", "API_HttpEndpointCommonAttribute.html"),
    (unchanged("Splunk", hec_url="http://splunk:8088"), "hec_url: 'http://splunk:8088' is not https", "API_SplunkDestination"),
    (unchanged("Splunk", hec_type="Metric"), "hec_type: 'Metric' is not known", "API_SplunkDestination"),
    (unchanged("Splunk", acknowledgement_seconds=60), "acknowledgement_seconds: 60 is not within 180-600 s", "API_SplunkDest"),
]


@pytest.mark.parametrize(("make", "words", "page"), REFUSED, ids=[words for _, words, _ in REFUSED])
def test_what_firehose_would_refuse_is_refused_at_synth(
    stage: DestinationsStage, make: Callable[[DestinationsStage], Destination], words: str, page: str
) -> None:
    destination = make(stage)
    processor = Processor(function=stage.processor) if isinstance(destination, S3Destination) else None
    with pytest.raises(DestinationError) as refused:
        destination.check(Rules("weir-test"), processor)
    message = str(refused.value)
    assert message.startswith("weir-test: ")
    assert words in message
    where = message.rpartition(" (")[2].removesuffix(")")
    assert where.startswith("https://docs.")
    assert page in where


@pytest.mark.parametrize("construct_id", STREAMS)
def test_what_is_deployed_here_is_accepted(stage: DestinationsStage, construct_id: str) -> None:
    processor = Processor(function=stage.processor) if construct_id in PROCESSED else None
    stage.destinations[construct_id].check(Rules("weir-test"), processor)


def test_keys_of_a_function_need_the_function(stage: DestinationsStage) -> None:
    with pytest.raises(DestinationError, match=r"partitions\.from_function: there is no processor to give these keys"):
        stage.destinations["S3"].check(Rules("weir-test"), None)


def test_a_secret_is_known_by_its_whole_arn(stage: DestinationsStage) -> None:
    named = secretsmanager.Secret.from_secret_name_v2(stage.stack, "Named", "splunk")
    with pytest.raises(DestinationError, match="secret: only part of its ARN is known; import it by"):
        changed(stage, "Splunk", secret=named).check(Rules("weir-test"), None)


def test_a_table_without_columns_is_refused(stage: DestinationsStage) -> None:
    bare = glue.CfnTable(
        stage.stack,
        "Bare",
        catalog_id="111122223333",
        database_name="weir_test",
        table_input=glue.CfnTable.TableInputProperty(name="bare"),
    )
    with pytest.raises(DestinationError, match="table: the table has no storage descriptor"):
        changed(stage, "Parquet", table=bare).check(Rules("weir-test"), None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"buffer_seconds": 901}, "processor.buffer_seconds: 901 is not within 0-900 s"),
        ({"buffer_mib": 3.5}, "processor.buffer_mib: 3.5 is not within 0.2-3 MiB"),
        ({"buffer_mib": 0.1}, "processor.buffer_mib: 0.1 is not within 0.2-3 MiB"),
    ],
)
def test_a_processor_is_called_within_its_limits(stage: DestinationsStage, change: dict[str, Any], words: str) -> None:
    with pytest.raises(DestinationError, match=r"data-transformation\.html") as refused:
        deliver(stage, processor=Processor(function=stage.processor, **change))
    assert words in str(refused.value)


def deliver(stage: DestinationsStage, **changes: Any) -> DeliveryStream:
    """A stream to Splunk with something changed, in a stack of its own."""
    scope = cdk.Stack(cdk.App(), "refused")
    given = {"name": "weir-test", "source": None, "processor": None, **changes}
    return DeliveryStream(scope, "Refused", destination=stage.destinations["Splunk"], at_rest=stage.at_rest, **given)


def test_a_stream_as_source_has_no_encryption_of_its_own(stage: DestinationsStage) -> None:
    page = "API_DeliveryStreamEncryptionConfigurationInput.html"
    with pytest.raises(DestinationError, match=f"encryption_key: a stream that reads a data stream has no encryption.*{page}"):
        deliver(stage, source=stage.ingestion.raw, encryption_key=stage.at_rest.key)


@pytest.mark.parametrize("name", ["", "x" * 65, "weir test"])
def test_a_name_is_one_firehose_takes(stage: DestinationsStage, name: str) -> None:
    with pytest.raises(DestinationError, match="name: a name has 1-64 letters"):
        deliver(stage, name=name)
