"""Bedrock model invocation logs: who asked which model, with how many tokens, and what was said.

Fields: Amazon Bedrock user guide, "Monitor model invocation using CloudWatch Logs and Amazon S3"
(https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html). The bodies of request and response differ
with every model and stay as they are in one open object; where they are too large, or no text, the log names their objects in S3.
"""

from __future__ import annotations

from common.kinds import LONG_WORD, WHOLE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table


def recognise(record: JsonObject) -> bool:
    return bool(record["schemaType"] == "ModelInvocationLog")


def _complete(event: JsonObject, rest: JsonObject) -> None:
    event["event"]["outcome"] = "failure" if "error" in event else "success"


TABLE = Table(
    {
        "timestamp": "@timestamp",
        "accountId": "cloud.account.id",
        "region": "cloud.region",
        "requestId": "http.request.id",
        "operation": "event.action",
        "errorCode": "error.code",
        "identity.arn": "aws.bedrock.identity_arn",
        "modelId": "aws.bedrock.model_id",
        "inferenceRegion": "aws.bedrock.inference_region",
        "schemaVersion": "aws.bedrock.schema_version",
        "input.inputTokenCount": "aws.bedrock.input_tokens",
        "input.cacheReadInputTokenCount": "aws.bedrock.cache_read_tokens",
        "input.cacheWriteInputTokenCount": "aws.bedrock.cache_write_tokens",
        "output.outputTokenCount": "aws.bedrock.output_tokens",
    },
    own={
        **{f"aws.bedrock.{name}": LONG_WORD for name in ("identity_arn", "model_id")},
        **{f"aws.bedrock.{name}": WORD for name in ("inference_region", "schema_version")},
        **{f"aws.bedrock.{name}": WHOLE for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens", "output_tokens")},
    },
    rest="aws.bedrock.other",
    constants={
        "event.category": ["api"],
        "event.type": ["access"],
        "event.provider": "bedrock.amazonaws.com",
    },
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="bedrock_invocation",
    dataset="aws.bedrock_invocation",
    title="Bedrock model invocation log",
    page="https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html",
    arrival="A subscription of the log group that model invocation logging writes to, or its files in S3.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("schemaType", "operation", "modelId"),
)
