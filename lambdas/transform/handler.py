"""Turns a record that was put directly to Firehose into the document OpenSearch gets.

Firehose makes one document of one record (developer guide, "Understand data delivery": a record is a single-line JSON
object), so a record that holds several events, or none that could be understood, comes back as ProcessingFailed and is kept
under the error output prefix, whole. Publishers of such records send to the data stream instead.
"""

from __future__ import annotations

from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from functools import cache

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import flow_formats
from common.delivery import DeliveryBatch, DeliveryResponse, Result, respond, stream_name
from common.model import Coordinates, Event, Rejected
from common.recognise import Normaliser
from common.settings import TransformSettings

#: Stands where a data stream's record has its shard.
SHARD = "direct-put"

logger = Logger()
metrics = Metrics()


@cache
def normaliser() -> Normaliser:
    """The container's one normaliser, made at the first invocation."""
    settings = TransformSettings.read()
    flow_formats.configure(settings.vpc_flow_formats)
    return Normaliser(default_tenant=settings.default_tenant, default_type=settings.default_type or None)


def transform(batch: DeliveryBatch, normaliser: Normaliser) -> Iterator[tuple[str, Result, bytes]]:
    """The document of each record."""
    stream = stream_name(batch["deliveryStreamArn"])
    for record in batch["records"]:
        record_id, arrival = record["recordId"], record["approximateArrivalTimestamp"]
        at = Coordinates(stream, SHARD, record_id, arrival, partition_key=record_id)
        results = normaliser.normalise(b64decode(record["data"]), at)
        match results:
            case []:  # a control message, which is no event and no error
                yield record_id, "Dropped", b""
            case [Event() as event]:
                yield record_id, "Ok", event.body
            case _:
                logger.warning("record kept as failed", extra={"record_id": record_id, "reason": _reason(results)})
                yield record_id, "ProcessingFailed", b""


def _reason(results: list[Event | Rejected]) -> str:
    if len(results) > 1:
        return f"{len(results)} events in one record: send it to the data stream instead"
    return "; ".join(f"{result.reason}: {result.detail}" for result in results if isinstance(result, Rejected))


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: DeliveryBatch, context: LambdaContext) -> DeliveryResponse:
    """Entry point of the Lambda function."""
    response = respond(transform(event, normaliser()))
    counts = Counter(record["result"] for record in response["records"])
    for result in ("Ok", "Dropped", "ProcessingFailed"):
        metrics.add_metric(result, MetricUnit.Count, counts[result])
    return response
