"""Frames each record of `raw` for the archive: one JSON line with its coordinates, so that a replay makes the same ids.

A line holds the record twice in base64: once inside it, and once more in Firehose's own format. With the ids that is 1.8 bytes
of answer for a byte of record and about 500 bytes for each record, so the processor's buffering hint has to be small enough for
the answer to stay below 6 MB: 0.5 MB allows records of 50 bytes on average.
"""

from __future__ import annotations

from collections.abc import Iterator

import orjson
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from common.delivery import DeliveryBatch, DeliveryResponse, Result, respond, stream_name
from common.resend import MAGIC_BASE64

logger = Logger()
metrics = Metrics()


def frame(batch: DeliveryBatch) -> Iterator[tuple[str, Result, bytes]]:
    """The archive line of each record.

    {"stream", "shard", "sequence", "subsequence": index in a KPL aggregate or 0, "partition_key",
    "arrival": epoch milliseconds, "data": base64}. One that is sent again is dropped: it is in the archive already. A delivery
    stream without a Kinesis source has no coordinates to give: KeyError.
    """
    stream = stream_name(batch["sourceKinesisStreamArn"])
    for record in batch["records"]:
        if record["data"].startswith(MAGIC_BASE64):
            yield record["recordId"], "Dropped", b""
            continue
        metadata = record["kinesisRecordMetadata"]
        line = {
            "stream": stream,
            "shard": metadata["shardId"],
            "sequence": metadata["sequenceNumber"],
            "subsequence": int(metadata.get("subsequenceNumber") or 0),
            "partition_key": metadata["partitionKey"],
            "arrival": record["approximateArrivalTimestamp"],
            "data": record["data"],
        }
        yield record["recordId"], "Ok", orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


@metrics.log_metrics
@logger.inject_lambda_context
def handler(event: DeliveryBatch, context: LambdaContext) -> DeliveryResponse:
    """Entry point of the Lambda function."""
    response = respond(frame(event))
    overflow = sum(record["result"] == "ProcessingFailed" for record in response["records"])
    if overflow:
        logger.error("the answer would exceed 6 MB: lower the processor's buffering hint", extra={"records": overflow})
    metrics.add_metric("Archived", MetricUnit.Count, len(response["records"]) - overflow)
    metrics.add_metric("Overflow", MetricUnit.Count, overflow)
    return response
