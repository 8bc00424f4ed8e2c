"""CloudTrail records, in the format of the CloudTrail user guide."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.model import Rejected
from tests.unit.common.conftest import Document

RECORD: dict[str, Any] = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLE:session",
        "arn": "arn:aws:sts::111122223333:assumed-role/deployer/session",
        "accountId": "111122223333",
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLE",
                "arn": "arn:aws:iam::111122223333:role/deployer",
                "accountId": "111122223333",
                "userName": "deployer",
            },
            "attributes": {"creationDate": "2024-07-30T21:00:00Z", "mfaAuthenticated": "false"},
            "webIdFederationData": {},
            "ec2RoleDelivery": "2.0",
        },
    },
    "eventTime": "2024-07-30T21:31:21Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "RunInstances",
    "awsRegion": "eu-central-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.17",
    "requestParameters": {"instanceType": "t3.micro", "instancesSet": {"items": [{"minCount": 1}]}},
    "responseElements": None,
    "requestID": "b20c2df5",
    "eventID": "450230d4-b39e-4a18-a6a0-d07a6e2105cb",
    "readOnly": False,
    "resources": [{"ARN": "arn:aws:s3:::bucket", "accountId": "111122223333", "type": "AWS::S3::Bucket"}],
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "444455556666",
    "eventCategory": "Management",
    "tlsDetails": {
        "tlsVersion": "TLSv1.3",
        "cipherSuite": "TLS_AES_128_GCM_SHA256",
        "clientProvidedHostHeader": "ec2.amazonaws.com",
    },
    "serviceEventDetails": {"state": "ok"},
}


def test_a_record_and_its_id(document: Callable[..., Document]) -> None:
    assert document(RECORD) == {
        "@timestamp": "2024-07-30T21:31:21.000Z",
        "event": {
            "id": "450230d4-b39e-4a18-a6a0-d07a6e2105cb",
            "dataset": "aws.cloudtrail",
            "category": ["api"],
            "type": ["creation"],
            "action": "RunInstances",
            "provider": "ec2.amazonaws.com",
            "outcome": "success",
            "ingested": "2026-11-23T08:00:00.250Z",
        },
        "tenant": "default",
        "cloud": {"region": "eu-central-1", "account": {"id": "444455556666"}},
        "source": {"ip": "198.51.100.7"},
        "user": {"name": "deployer", "id": "AROAEXAMPLE:session"},
        "user_agent": {"original": "aws-cli/2.17"},
        "tls": {
            "version": "1.3",
            "version_protocol": "tls",
            "cipher": "TLS_AES_128_GCM_SHA256",
            "client": {"server_name": "ec2.amazonaws.com"},
        },
        "aws": {
            "cloudtrail": {
                "event_version": "1.11",
                "event_type": "AwsApiCall",
                "event_category": "Management",
                "management_event": True,
                "read_only": False,
                "request_id": "b20c2df5",
                "user_identity": {
                    "type": "AssumedRole",
                    "arn": "arn:aws:sts::111122223333:assumed-role/deployer/session",
                    "account_id": "111122223333",
                    "access_key_id": "ASIAEXAMPLE",
                    "session_context": {
                        "creation_date": "2024-07-30T21:00:00.000Z",
                        "mfa_authenticated": "false",
                        "session_issuer": {
                            "type": "Role",
                            "principal_id": "AROAEXAMPLE",
                            "arn": "arn:aws:iam::111122223333:role/deployer",
                            "account_id": "111122223333",
                        },
                    },
                },
                "resources": [{"arn": "arn:aws:s3:::bucket", "account_id": "111122223333", "type": "AWS::S3::Bucket"}],
                "request_parameters": {"instanceType": "t3.micro", "instancesSet": {"items": [{"minCount": 1}]}},
                "other": {"serviceEventDetails": {"state": "ok"}, "userIdentity": {"ec2RoleDelivery": "2.0"}},
            }
        },
    }


@pytest.mark.parametrize(
    ("identity", "name"),
    [
        ({"type": "IAMUser", "userName": "alice"}, "alice"),
        ({"type": "Root", "userName": "company-alias"}, "root"),
        ({"type": "Root"}, "root"),
        ({"type": "AssumedRole", "sessionContext": {"sessionIssuer": {"userName": "role"}}}, "role"),
        ({"type": "FederatedUser", "sessionContext": {"sessionIssuer": {"userName": "broker"}}}, "broker"),
        ({"type": "WebIdentityUser", "userName": "user@example.com"}, "user@example.com"),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, "autoscaling.amazonaws.com"),
        ({"type": "AWSAccount", "accountId": "111122223333", "principalId": "AIDA"}, None),
        (None, None),
    ],
)
def test_the_user_by_type_of_identity(identity: object, name: str | None, document: Callable[..., Document]) -> None:
    assert document(RECORD | {"userIdentity": identity}).get("user", {}).get("name") == name


@pytest.mark.parametrize(
    ("change", "outcome", "kinds"),
    [
        ({"errorCode": "Client.UnauthorizedOperation", "errorMessage": "no"}, "failure", ["creation", "denied"]),
        ({"errorCode": "AccessDenied"}, "failure", ["creation", "denied"]),
        ({"errorMessage": "Failed authentication"}, "failure", ["creation"]),
        ({"eventName": "TerminateInstances"}, "success", ["deletion"]),
        ({"eventName": "ModifyImageAttribute"}, "success", ["change"]),
        ({"eventName": "DescribeInstances", "readOnly": True}, "success", ["access"]),
        ({"readOnly": None}, "success", ["info"]),
        ({"eventType": "AwsConsoleSignIn", "responseElements": {"ConsoleLogin": "Success"}}, "success", ["creation"]),
        ({"eventType": "AwsConsoleSignIn", "responseElements": {"ConsoleLogin": "Failure"}}, "failure", ["creation"]),
        ({"eventType": "AwsConsoleSignIn", "responseElements": {"CheckMfa": "Failure"}}, "failure", ["creation"]),
    ],
)
def test_outcome_and_type(change: dict[str, Any], outcome: str, kinds: list[str], document: Callable[..., Document]) -> None:
    event = document(RECORD | change)["event"]
    assert (event["outcome"], event["type"]) == (outcome, kinds)


def test_errors_are_kept(document: Callable[..., Document]) -> None:
    assert document(RECORD | {"errorCode": "AccessDenied", "errorMessage": "no"})["error"] == {
        "code": "AccessDenied",
        "message": "no",
    }


@pytest.mark.parametrize(
    ("change", "category"),
    [
        ({"eventSource": "iam.amazonaws.com", "eventName": "CreateUser"}, "iam"),
        ({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRoleWithSAML"}, "authentication"),
        ({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}, "authentication"),
    ],
)
def test_category(change: dict[str, str], category: str, document: Callable[..., Document]) -> None:
    assert document(RECORD | change)["event"]["category"] == [category]


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("2001:db8::1", {"ip": "2001:db8::1"}),
        ("cloudformation.amazonaws.com", {"address": "cloudformation.amazonaws.com"}),
        ("AWS Internal", {"address": "AWS Internal"}),
        (None, None),
    ],
)
def test_the_source(address: str | None, source: object, document: Callable[..., Document]) -> None:
    assert document(RECORD | {"sourceIPAddress": address}).get("source") == source


def test_parameters_that_are_no_object_still_are_one(document: Callable[..., Document]) -> None:
    details = document(RECORD | {"requestParameters": "plain", "responseElements": ["x"]})["aws"]["cloudtrail"]
    assert (details["request_parameters"], details["response_elements"]) == ({"value": "plain"}, {"value": ["x"]})


def test_an_insights_event(document: Callable[..., Document]) -> None:
    record = {
        "eventVersion": "1.11",
        "eventTime": "2024-07-30T21:31:00Z",
        "awsRegion": "eu-central-1",
        "eventID": "insight-1",
        "eventType": "AwsCloudTrailInsight",
        "recipientAccountId": "444455556666",
        "insightDetails": {
            "state": "Start",
            "eventSource": "iam.amazonaws.com",
            "eventName": "DeleteRole",
            "insightType": "ApiErrorRateInsight",
        },
        "eventCategory": "Insight",
    }
    found = document(record)
    assert (found["event"]["action"], found["event"]["provider"]) == ("DeleteRole", "iam.amazonaws.com")
    assert found["aws"]["cloudtrail"]["other"] == {"insightDetails": record["insightDetails"]}


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"eventID": 7}, {"eventID": 7}),
        ({"awsRegion": ["eu"]}, {"awsRegion": ["eu"]}),
        ({"resources": {"ARN": "x"}}, {"resources": {"ARN": "x"}}),
        ({"readOnly": "false"}, {"readOnly": "false"}),
        ({"eventContext": {"tagContext": {}}}, {"eventContext": {"tagContext": {}}}),
        ({"tlsDetails": {"tlsVersion": "TLSv1.3", "later": 1}}, {"tlsDetails": {"later": 1}}),
    ],
)
def test_what_has_no_place_or_is_not_of_its_kind_is_kept(
    change: dict[str, Any], kept: dict[str, Any], document: Callable[..., Document]
) -> None:
    record = {name: value for name, value in RECORD.items() if name not in ("userIdentity", "serviceEventDetails")} | change
    assert document(record)["aws"]["cloudtrail"]["other"] == kept


def test_a_resource_that_says_more_is_kept_whole(document: Callable[..., Document]) -> None:
    resources = [{"ARN": "arn:aws:s3:::bucket", "type": "AWS::S3::Object", "later": {"a": 1}}, {"accountId": "111122223333"}]
    found = document(RECORD | {"resources": resources})["aws"]["cloudtrail"]
    assert found["resources"] == [{"arn": "arn:aws:s3:::bucket", "type": "AWS::S3::Object"}, {"account_id": "111122223333"}]
    assert found["other"]["resources"] == resources


@pytest.mark.parametrize(
    ("identity", "kept"),
    [
        ("alice", "alice"),
        ({"type": "Root", "userName": "company-alias"}, {"userName": "company-alias"}),
        ({"type": "IAMUser", "userName": "alice", "credentialId": "c"}, {"credentialId": "c"}),
        ({"type": 7, "sessionContext": []}, {"type": 7, "sessionContext": []}),
        (
            {"sessionContext": {"sessionIssuer": {"userName": "r", "later": 1}, "attributes": {"creationDate": "then", "x": 2}}},
            {"sessionIssuer": {"later": 1}, "attributes": {"creationDate": "then", "x": 2}},
        ),
        (
            {"userName": "alice", "sessionContext": {"sessionIssuer": {"userName": "role"}}},
            {"sessionIssuer": {"userName": "role"}},
        ),
    ],
)
def test_what_an_identity_says_beside_its_fields_is_kept(
    identity: object, kept: object, document: Callable[..., Document]
) -> None:
    assert document(RECORD | {"userIdentity": identity})["aws"]["cloudtrail"]["other"]["userIdentity"] == kept


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"eventTime": None}, "eventTime: missing"),
        ({"eventTime": "30/07/2024"}, "eventTime: "),
        ({"eventTime": 1722375081}, "eventTime: expected text, found int"),
        ({"eventName": ""}, "eventName: missing"),
        ({"eventID": "x" * 513}, "event.id: longer than the 512 bytes"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, Any], field: str, rejected: Callable[..., Rejected]) -> None:
    refused = rejected(RECORD | change)
    assert (refused.reason, refused.type) == ("malformed", "cloudtrail")
    assert refused.detail.startswith(field)


def test_notifications_that_look_alike_are_none(rejected: Callable[..., Rejected]) -> None:
    stream = {
        "eventID": "1",
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-west-1",
    }
    assert rejected(stream).reason == "unrecognised"
