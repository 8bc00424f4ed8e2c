"""The model's limits are AWS's, and its defaults stay when a neighbour is set."""

from __future__ import annotations

import importlib.util
import pathlib
import platform
import re
import sys
from typing import Any, get_args

import pytest
from annotated_types import Ge, Le
from botocore.loaders import Loader
from pydantic import BaseModel, ValidationError

from common.logtypes import TYPES
from config.loader import load_environment
from config.model import Consumer, Delivery, Environment, ErrorsStream, LogRetentionDays, Search, SearchDelivery
from config.parts.functions import ReportConsumer, RouteConsumer, log_types
from config.parts.search import GP3_GIB


def bounds(section: type[BaseModel], field: str) -> tuple[object, object]:
    metadata = section.model_fields[field].metadata
    return next(item.ge for item in metadata if isinstance(item, Ge)), next(item.le for item in metadata if isinstance(item, Le))


def shape(service: str, name: str) -> dict[str, Any]:
    """A shape of AWS's own service description, as boto3 carries it."""
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"][name]
    return found


@pytest.mark.parametrize(
    ("section", "field", "service", "name"),
    [
        (ErrorsStream, "max_record_kib", "kinesis", "MaxRecordSizeInKiB"),
        (Consumer, "batch_size", "lambda", "BatchSize"),
        (Consumer, "batching_window_seconds", "lambda", "MaximumBatchingWindowInSeconds"),
        (Consumer, "parallelization_factor", "lambda", "ParallelizationFactor"),
        (SearchDelivery, "buffer_mib", "firehose", "AmazonopensearchserviceBufferingSizeInMBs"),
        (SearchDelivery, "buffer_seconds", "firehose", "AmazonopensearchserviceBufferingIntervalInSeconds"),
    ],
)
def test_a_range_is_that_of_the_service(section: type[BaseModel], field: str, service: str, name: str) -> None:
    described = shape(service, name)
    assert bounds(section, field) == (described["min"], described["max"])


def test_the_upper_end_is_that_of_the_service_where_minus_one_means_for_ever() -> None:
    # For ever would hold a shard behind one poison batch, so the lower end is ours.
    assert bounds(Consumer, "max_record_age_hours") == (1, shape("lambda", "MaximumRecordAgeInSeconds")["max"] // 3_600)
    assert bounds(Consumer, "retry_attempts") == (0, shape("lambda", "MaximumRetryAttemptsEventSourceMapping")["max"])


@pytest.mark.parametrize("consumer", [RouteConsumer, ReportConsumer])
def test_what_writes_to_the_index_may_retry_until_a_record_is_too_old(consumer: type[Consumer]) -> None:
    # No record makes it fail, only a domain that is away.
    described = shape("lambda", "MaximumRetryAttemptsEventSourceMapping")
    assert bounds(consumer, "retry_attempts") == (described["min"], described["max"])
    assert (consumer().retry_attempts, consumer().max_record_age_hours) == (-1, 12)


def test_what_reads_what_producers_send_gives_up() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Consumer(retry_attempts=-1)


def test_log_retentions_are_those_of_cloudwatch_logs() -> None:
    documented = re.search(r"Possible values are: ([\d, and]+)", shape("logs", "Days")["documentation"])
    assert documented is not None
    assert list(get_args(LogRetentionDays)) == [int(number) for number in re.findall(r"\d+", documented[1])]


def test_engine_versions_are_known_to_the_cdk() -> None:
    # Read, not imported: importing aws_cdk starts a Node process.
    package = importlib.util.find_spec("aws_cdk")
    assert package is not None
    assert package.origin is not None
    source = (pathlib.Path(package.origin).parent / "aws_opensearchservice" / "__init__.py").read_text(encoding="utf-8")
    known = {f"OpenSearch_{major}.{minor}" for major, minor in re.findall(r"def OPENSEARCH_(\d+)_(\d+)\(", source)}
    assert set(get_args(Search.model_fields["version"].annotation)) <= known


def test_log_types_are_those_the_functions_register() -> None:
    assert log_types() == sorted(TYPES)


def test_volumes_stay_within_the_general_limit() -> None:
    assert bounds(Search, "volume_gib") == (10, max(size for sizes in GP3_GIB.values() for size in sizes.values()))


def test_a_section_that_sets_one_key_keeps_the_defaults_of_its_others() -> None:
    environment = Environment.model_validate(
        {
            "name": "dev",
            "streams": {"errors": {"retention_hours": 48}},
            "archive": {"delivery": {"buffer_seconds": 120}, "errors_delivery": {"buffer_seconds": 30}},
            "direct_put": {"delivery": {"buffer_seconds": 10}},
            "search": {"route": {"memory_mib": 512}},
        }
    )
    assert environment.streams.errors.max_record_kib == 4_096
    assert environment.archive.delivery.buffer_mib == 64
    assert environment.archive.errors_delivery.buffer_mib == 16
    assert environment.direct_put.delivery.buffer_mib == 5
    assert environment.search.route.parallelization_factor == 2


def test_an_environment_is_frozen() -> None:
    environment = Environment(name="dev")
    with pytest.raises(ValidationError, match="Instance is frozen"):
        environment.search.data_nodes = 4


def test_host_becomes_this_machine() -> None:
    functions = load_environment("local").functions
    assert functions.python == f"{sys.version_info.major}.{sys.version_info.minor}"
    assert functions.architecture == {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]


def test_conflicts_have_a_text_without_the_loader() -> None:
    with pytest.raises(ValidationError, match="data_nodes: 4 do not spread evenly over 3 availability zones"):
        Search(data_nodes=4)


def test_only_the_opensearch_delivery_is_held_to_100_mib() -> None:
    assert Delivery(buffer_mib=128).buffer_mib == 128
    with pytest.raises(ValidationError, match="less than or equal to 100"):
        SearchDelivery(buffer_mib=101)


def test_production_holds_what_it_keeps() -> None:
    # Sizing domains: source × days × (1 + replicas) × 1.45, for 4,000 events of 500 bytes a second.
    search = load_environment("prod").search
    needed = 4_000 * 500 * 86_400 * search.retention_days * (1 + search.index_replicas) * 1.45
    assert search.data_nodes * search.volume_gib * 2**30 >= needed


def test_what_a_bucket_has_not_got_may_be_said_to_be_null() -> None:
    said = Environment.model_validate(
        {"name": "dev", "collection": {"buckets": [{"bucket": "acme-logs", "topic": None, "key": None}]}}
    )
    (source,) = said.collection.buckets
    assert (source.bucket, source.topic, source.key) == ("acme-logs", None, None)
