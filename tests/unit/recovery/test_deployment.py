"""A deployment on AWS is found by the outputs of its stacks."""

from __future__ import annotations

from typing import Any, cast

import boto3
import pytest
from botocore.exceptions import ClientError

from localrun.errors import LocalRunError
from recovery.deployment import Deployment

OUTPUTS = {
    "weir-dev-foundation": {"ArchiveBucket": "archive", "QuarantineBucket": "quarantine"},
    "weir-dev-ingestion": {"RawStream": "weir-dev-raw"},
    "weir-dev-normalisation": {"EventsStream": "weir-dev-events", "ErrorsStream": "weir-dev-errors"},
    "weir-dev-search": {"SearchEndpoint": "vpc-weir-dev-x.eu-central-1.es.amazonaws.com"},
}


class FakeAws:
    """A session whose only client is CloudFormation's."""

    region_name = "eu-central-1"

    def client(self, name: str) -> FakeAws:
        assert name == "cloudformation"
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:
        if StackName not in OUTPUTS:
            words = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": words}}, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS[StackName].items()]
        return {"Stacks": [{"Outputs": outputs}]}


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    fake = FakeAws()
    monkeypatch.setattr(boto3, "Session", lambda: fake)
    return fake


def test_streams_buckets_and_domain_are_those_of_the_stacks(aws: FakeAws) -> None:
    found = Deployment.on_aws("dev")
    assert (found.raw, found.events, found.errors) == ("weir-dev-raw", "weir-dev-events", "weir-dev-errors")
    assert (found.archive, found.quarantine) == ("archive", "quarantine")
    # The domain is asked with the credentials of the same session.
    search = found.search
    assert (search.url, search.region) == ("https://vpc-weir-dev-x.eu-central-1.es.amazonaws.com", "eu-central-1")
    assert cast(object, search.session) is aws


def test_an_environment_that_is_not_deployed_is_named() -> None:
    with pytest.raises(LocalRunError, match="Stack with id weir-prod-foundation does not exist; is the environment deployed"):
        Deployment.on_aws("prod")
