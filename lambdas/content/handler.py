"""CloudFormation custom resource that applies the search content to the domain.

Protocol: CloudFormation user guide, "Custom resource reference"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html). CloudFormation waits up to an hour for an answer
that does not come, so one is always sent, whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from common import custom_resource, search
from common.deadline import Deadline
from common.search import SearchClient
from common.settings import ContentSettings
from content import access, templates
from content.domain import Domain

#: In the function's package, beside the functions' folders.
TEMPLATES = Path(__file__).parents[1] / "search" / "templates"
#: One content a domain: it never changes its identity, so an update never deletes anything.
PHYSICAL_ID = "weir-search-content"
#: For the answer to CloudFormation.
_RESERVE_SECONDS = 15.0

logger = Logger()


@dataclass(frozen=True, slots=True)
class Content:
    """The search content of one domain."""

    client: SearchClient
    settings: ContentSettings
    folder: Path
    """Of the templates."""

    def apply(self, properties: dict[str, Any], deadline: Deadline) -> list[str]:
        """Brings the domain up to date; returns the names of the templates. Raises SearchError with the words of a domain that
        refuses, SearchUnavailable when it cannot be reached until the deadline, ValueError for a property that is missing.
        """
        settings = templates.IndexSettings.read(properties)
        domain = Domain(self.client, deadline)
        if self.settings.fine_grained_access:
            access.apply(domain, self.settings.writer_role_arns)
        return templates.apply(domain, self.folder, settings)


@cache
def content() -> Content:
    """The container's one content, made at the first invocation."""
    settings = ContentSettings.read()
    return Content(search.connect(settings), settings, TEMPLATES)


def process(event: custom_resource.ResourceEvent, deadline: Deadline, make: Callable[[], Content]) -> custom_resource.Answer:
    """What to tell CloudFormation about `event`. Never raises. Deletion keeps everything: the documents need it."""
    try:
        data = {}
        if event["RequestType"] != "Delete":
            data = {"Templates": ",".join(make().apply(event["ResourceProperties"], deadline))}
        return custom_resource.Answer("SUCCESS", f"{event['RequestType']} done", data)
    except Exception as error:  # whatever it is, CloudFormation has to hear of it, or the stack hangs for an hour
        logger.exception("content not applied")
        return custom_resource.Answer("FAILED", f"{type(error).__name__}: {error}", {})


@logger.inject_lambda_context
def handler(event: custom_resource.ResourceEvent, context: LambdaContext) -> None:
    """Entry point of the Lambda function."""
    answer = process(event, Deadline.of(context, reserve=_RESERVE_SECONDS), content)
    custom_resource.send(event, PHYSICAL_ID, answer, Deadline.of(context, reserve=1.0))
