"""What every section of an environment shares: how it is checked, and where its limits come from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_after_validator_function

from config.problem import Problem, shown


class ConflictError(ValueError):
    """Values that are each possible and do not fit together."""

    def __init__(self, found: list[Problem]) -> None:
        super().__init__("; ".join(f"{problem.dotted}: {problem.text}" for problem in found))
        self.found = found


class Model(BaseModel):
    """Frozen, and closed to keys it does not know: a misspelt key is an error, never a silent default.

    Strict: a number in quotes stays text, and `true` is not 1, so a file says what it means.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    def conflicts(self) -> Iterator[Problem]:
        """Values of this section that do not fit together; the paths are relative to it."""
        yield from ()

    @model_validator(mode="after")
    def values_fit_together(self) -> Self:
        found = list(self.conflicts())
        if found:
            raise ConflictError(found)
        return self


@dataclass(frozen=True)
class Page:
    """The page of AWS a limit stands on: named in the error message, linked in docs/configuration.md."""

    title: str
    url: str


@dataclass(frozen=True)
class Text:
    """Text of a certain form: the pattern it must match from end to end, and the same in words."""

    pattern: str
    words: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {**handler(schema), "pattern": f"^({self.pattern})$", "patternErrorMessage": f"write {self.words}"}

    def _checked(self, value: str) -> str:
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"{shown(value)} does not fit; write {self.words}")
        return value


NOT_WHOLE = "is not a whole number; write digits, without quotes"


def _is_whole(value: object) -> object:
    if type(value) is not int:
        raise ValueError(f"{shown(value)} {NOT_WHOLE}")
    return value


#: For choices between numbers, which by themselves take `true` for 1.
WHOLE = BeforeValidator(_is_whole)

_DOCS = "https://docs.aws.amazon.com"
_S3 = f"{_DOCS}/AmazonS3/latest/userguide"
KINESIS = Page("Kinesis Data Streams quotas", f"{_DOCS}/streams/latest/dev/service-sizes-and-limits.html")
KINESIS_RECORD = Page("Kinesis CreateStream", f"{_DOCS}/kinesis/latest/APIReference/API_CreateStream.html")
TRANSFORM = Page("Firehose data transformation", f"{_DOCS}/firehose/latest/dev/data-transformation.html")
LAMBDA = Page("Lambda quotas", f"{_DOCS}/lambda/latest/dg/gettingstarted-limits.html")
EVENT_SOURCE = Page("Lambda parameters for Kinesis", f"{_DOCS}/lambda/latest/dg/services-kinesis-parameters.html")
QUEUE_SOURCE = Page("Lambda ScalingConfig", f"{_DOCS}/lambda/latest/api/API_ScalingConfig.html")
FIREHOSE = Page("Firehose BufferingHints", f"{_DOCS}/firehose/latest/APIReference/API_BufferingHints.html")
FIREHOSE_SEARCH = Page(
    "Firehose AmazonopensearchserviceBufferingHints",
    f"{_DOCS}/firehose/latest/APIReference/API_AmazonopensearchserviceBufferingHints.html",
)
FIREHOSE_PARTITIONS = Page("Firehose buffering for dynamic partitioning", f"{_DOCS}/firehose/latest/dev/buffering.html")
FLINK = Page("Managed Service for Apache Flink quotas", f"{_DOCS}/managed-flink/latest/java/limits.html")
FLINK_AUTOSCALING = Page(
    "Managed Service for Apache Flink application scaling", f"{_DOCS}/managed-flink/latest/java/how-scaling.html"
)
ATHENA_LIMIT = Page("Athena data usage controls", f"{_DOCS}/athena/latest/ug/workgroups-setting-control-limits-cloudwatch.html")
LIFECYCLE = Page("S3 lifecycle transitions", f"{_S3}/lifecycle-transition-general-considerations.html")
OPENSEARCH = Page("OpenSearch Service quotas", f"{_DOCS}/opensearch-service/latest/developerguide/limits.html")
TAGGING = Page("AWS tag naming limits", f"{_DOCS}/tag-editor/latest/userguide/best-practices-and-strats.html")
VPC = Page("VPC CIDR blocks", f"{_DOCS}/vpc/latest/userguide/vpc-cidr-blocks.html")
FLOW_LOGS = Page("Flow log records", f"{_DOCS}/vpc/latest/userguide/flow-log-records.html")

TenantName = Annotated[
    str,
    Text(r"[a-z0-9][a-z0-9_.]{0,62}", "up to 63 lower-case letters, digits, _ and . (`-` separates the parts of an index name)"),
]
KeyArn = Annotated[str, Text(r"arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[a-z0-9-]{36}", "the ARN of a KMS key")]
FunctionMemory = Annotated[int, Field(ge=128, le=10_240), LAMBDA]
