"""VPC flow log records in a custom format, which the environment names, or under the names of their columns.

Fields: VPC user guide, "Flow log records" (https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html). The formats
of an environment are `normalisation.vpc_flow_formats` (common.flow_formats says which lines are of one). A flow log in S3 begins
with the names of its columns, which `collect` puts before each line that is not of the default format (common.columns): these
need no configuration, and are read as far as they go. The events are those of vpc_flow.
"""

from __future__ import annotations

from common.flow_columns import TABLE, event, event_of, recognised
from common.logtype import LineType

LOG_TYPE = LineType(
    name="vpc_flow_custom",
    dataset="aws.vpcflow",
    title="VPC flow log record in a custom format",
    page="https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html",
    arrival=(
        "A subscription of the flow log's log group, with the format in `normalisation.vpc_flow_formats`, or files in S3, which "
        "name their fields themselves."
    ),
    recognise=recognised,
    parse=event,
    parse_match=event_of,
    own=TABLE.own,
    fields=TABLE.fields,
)
