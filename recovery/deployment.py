"""Where a deployed pipeline keeps its records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import boto3
from botocore.exceptions import ClientError

from common.search import SearchClient, client_of
from config.loader import load_environment
from config.model import Environment
from localrun.aws import session
from localrun.errors import LocalRunError
from localrun.state import State

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

#: Stacks whose outputs name streams, buckets and the domain.
STEPS = ("foundation", "ingestion", "normalisation", "search")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A pipeline on this machine or on AWS."""

    session: boto3.Session
    environment: Environment
    raw: str
    events: str
    errors: str
    """Stream names."""
    archive: str
    quarantine: str
    """Bucket names."""
    search: SearchClient
    """Asks the domain with the credentials of `session`, which may not be allowed to."""

    @classmethod
    def running(cls, state: State) -> Self:
        """The one on this machine."""
        return cls._of(session(state.endpoints.aws), state.environment, state.outputs, state.endpoints.opensearch)

    @classmethod
    def on_aws(cls, environment: str) -> Self:
        """The one in the account and region that the user's credentials are for. Raises LocalRunError if it is not there."""
        aws = boto3.Session()
        cloudformation = aws.client("cloudformation")
        outputs = {step: stack_outputs(cloudformation, f"weir-{environment}-{step}") for step in STEPS}
        return cls._of(aws, environment, outputs, f"https://{outputs['search']['SearchEndpoint']}")

    @classmethod
    def _of(cls, aws: boto3.Session, environment: str, outputs: Mapping[str, Mapping[str, str]], search: str) -> Self:
        return cls(
            session=aws,
            environment=load_environment(environment),
            raw=outputs["ingestion"]["RawStream"],
            events=outputs["normalisation"]["EventsStream"],
            errors=outputs["normalisation"]["ErrorsStream"],
            archive=outputs["foundation"]["ArchiveBucket"],
            quarantine=outputs["foundation"]["QuarantineBucket"],
            search=client_of(search, aws.region_name, aws),
        )


def stack_outputs(cloudformation: CloudFormationClient, name: str) -> dict[str, str]:
    """Outputs of a deployed stack. Raises LocalRunError with CloudFormation's words."""
    try:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        raise LocalRunError(
            f"{error.response['Error']['Message']}; is the environment deployed in the account and region of your credentials?"
        ) from error
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
