"""Who may do what, where more than one policy has a say."""

from __future__ import annotations

from typing import Any

import pytest

from topology.assembly import Assembly, Stack
from topology.permissions import policies
from topology.policies import PolicyError, Request

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/s-Role"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/s-Key"
DOMAIN = f"arn:aws:es:us-east-1:{ACCOUNT}:domain/s-Domain"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:s-Topic"


def refusal(action: str, resource: str, principal: str = ROLE, **resources: Any) -> str | None:
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}
    template = {"Resources": {"Role": role, **resources}}
    assembly = Assembly({"s": Stack("s", "s", ACCOUNT, "us-east-1", template)})
    return policies(assembly).refusal(Request(principal, action, resource, ACCOUNT, {"aws:SecureTransport": "true"}))


def own(action: str, resource: str = "*", effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": resource}
    return {
        "Type": "AWS::IAM::Policy",
        "Properties": {"Roles": [{"Ref": "Role"}], "PolicyDocument": {"Statement": [statement]}},
    }


def key(*principals: Any) -> dict[str, Any]:
    allowed = [{"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": principal} for principal in principals]
    return {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": allowed}}}


DELEGATED = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"Key": key(DELEGATED), "P": own("kms:Decrypt")}, None),
        ({"Key": key({"AWS": ROLE})}, None),
        ({"Key": key(DELEGATED)}, "no policy of the role allows it"),
        ({"Key": key(), "P": own("kms:Decrypt")}, "the key policy does not leave it to IAM"),
        ({"Key": key(DELEGATED), "P": own("kms:Decrypt"), "D": own("kms:*", effect="Deny")}, "denied by statement 0 of s/D"),
    ],
)
def test_a_key_is_used_as_its_policy_says(resources: dict[str, Any], expected: str | None) -> None:
    assert refusal("kms:Decrypt", KEY, **resources) == expected


def domain(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "es:ESHttp*", "Resource": f"{DOMAIN}/*", "Principal": principal}
    return {"Type": "AWS::OpenSearchService::Domain", "Properties": {"AccessPolicies": {"Statement": [statement]}}}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"Domain": domain({"AWS": ROLE}), "P": own("es:ESHttpPost")}, None),
        ({"Domain": domain({"AWS": ROLE})}, "no policy of the role allows it"),
        ({"Domain": domain({"AWS": f"{ROLE}2"}), "P": own("es:ESHttpPost")}, "the domain's access policy does not name the role"),
        ({"Domain": {"Type": "AWS::OpenSearchService::Domain"}, "P": own("es:ESHttpPost")}, None),
    ],
)
def test_a_domain_is_called_only_by_roles_both_sides_name(resources: dict[str, Any], expected: str | None) -> None:
    assert refusal("es:ESHttpPost", f"{DOMAIN}/_bulk", **resources) == expected


def topic_policy(principal: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC, "Principal": principal}
    properties = {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Statement": [statement]}}
    return {"Type": "AWS::SNS::TopicPolicy", "Properties": properties}


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({}, None),  # the default policy lets the account's services in
        ({"P": topic_policy({"Service": "cloudwatch.amazonaws.com"})}, None),
        ({"P": topic_policy({"Service": "events.amazonaws.com"})}, "the resource's own policy does not name the service"),
    ],
)
def test_an_alarm_publishes_where_the_topics_policy_lets_it(resources: dict[str, Any], expected: str | None) -> None:
    topic = {"Type": "AWS::SNS::Topic"}
    assert refusal("sns:Publish", TOPIC, "cloudwatch.amazonaws.com", Topic=topic, **resources) == expected


def test_a_bucket_that_denies_plain_http_lets_tls_in() -> None:
    statement = {
        "Effect": "Deny",
        "Action": "s3:*",
        "Resource": "*",
        "Principal": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    guard = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {"Bucket": {"Ref": "B"}, "PolicyDocument": {"Statement": [statement]}},
    }
    bucket = {"Type": "AWS::S3::Bucket"}
    assert refusal("s3:PutObject", "arn:aws:s3:::s-B/raw/*", B=bucket, G=guard, P=own("s3:PutObject")) is None


def test_a_managed_policy_from_outside_is_refused() -> None:
    managed = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    role = {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": [managed]},
    }
    with pytest.raises(PolicyError, match="AWSLambdaBasicExecutionRole allows is not in the assembly"):
        refusal("logs:PutLogEvents", "*", Role=role)


def test_policies_written_in_the_role_and_managed_ones_of_the_assembly_count() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}}
    inline = {"AssumeRolePolicyDocument": {"Statement": []}, "Policies": [{"PolicyName": "p", "PolicyDocument": document}]}
    attached = {"AssumeRolePolicyDocument": {"Statement": []}, "ManagedPolicyArns": [{"Ref": "M"}]}
    managed = {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}}
    assert refusal("sqs:SendMessage", "*", Role={"Type": "AWS::IAM::Role", "Properties": inline}) is None
    assert refusal("sqs:SendMessage", "*", Role={"Type": "AWS::IAM::Role", "Properties": attached}, M=managed) is None
