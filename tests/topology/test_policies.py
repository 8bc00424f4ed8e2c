"""A call is allowed as IAM would allow it, and what cannot be judged is refused."""

from __future__ import annotations

from typing import Any

import pytest

from topology.policies import PolicyError, Request, Statement, matches, statements

ROLE = "arn:aws:iam::111122223333:role/reader"
STREAM = "arn:aws:kinesis:us-east-1:111122223333:stream/weir-test-raw"


def statement(**body: Any) -> Statement:
    whole = {"Effect": "Allow", "Action": "kinesis:GetRecords", "Resource": STREAM, **body}
    (parsed,) = statements({"Statement": [whole]}, "stack", "Policy")
    return parsed


def request(action: str = "kinesis:GetRecords", resource: str = STREAM, **context: str) -> Request:
    return Request(ROLE, action, resource, "111122223333", {key.replace("__", ":"): value for key, value in context.items()})


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("arn:a/raw/x", "arn:a/*", True),
        ("arn:a/raw/*", "arn:a/*", True),  # all of raw/ is within all
        ("arn:a/*", "arn:a/raw/*", False),  # but not the other way round
        ("arn:a/raw", "arn:a/ra?", True),
        ("arn:a/raw[1]", "arn:a/raw[1]", True),  # brackets are plain characters
        ("arn:b", "arn:a", False),
    ],
)
def test_wildcards(text: str, pattern: str, expected: bool) -> None:
    assert matches(text, pattern) is expected


@pytest.mark.parametrize(
    ("action", "expected"),
    [("kinesis:GetRecords", True), ("kinesis:getrecords", True), ("kinesis:Get*", True), ("kinesis:GetShardIterator", False)],
)
def test_actions_match_whatever_their_case(action: str, expected: bool) -> None:
    assert statement(Action=[action]).covers(request()) is expected


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"kms:ViaService": "kinesis.x"}}, {"kms__ViaService": "kinesis.x"}, True),
        ({"StringEquals": {"kms:ViaService": ["s3.x", "kinesis.x"]}}, {"kms__ViaService": "kinesis.x"}, True),
        ({"StringEquals": {"kms:viaservice": "s3.x"}}, {"kms__ViaService": "kinesis.x"}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "1"}}, {"aws__SourceAccount": "2"}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:logs:*"}}, {"aws__SourceArn": "arn:aws:logs:us-east-1"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws__SecureTransport": "true"}, False),
        ({"Bool": {"aws:SecureTransport": True}}, {"aws__SecureTransport": "true"}, True),
        ({"NumericLessThan": {"s3:TlsVersion": 1.2}}, {"s3__TlsVersion": "1.3"}, False),
        ({"StringEqualsIfExists": {"aws:SourceVpc": "vpc-1"}}, {}, True),
    ],
)
def test_conditions(condition: dict[str, Any], context: dict[str, str], expected: bool) -> None:
    assert statement(Condition=condition).covers(request(**context)) is expected


def test_a_deny_matches_as_soon_as_it_touches_one_of_the_resources() -> None:
    one = f"{STREAM}/one"
    assert statement(Effect="Deny", Resource=one).covers(request(resource=f"{STREAM}/*"))
    assert not statement(Effect="Allow", Resource=one).covers(request(resource=f"{STREAM}/*"))


@pytest.mark.parametrize("element", ["NotAction", "NotResource", "NotPrincipal"])
def test_negated_elements_are_refused(element: str) -> None:
    with pytest.raises(PolicyError, match=f"stack/Policy/0: {element} is not judged"):
        statement(**{element: "*"})


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, "condition key aws:SourceIp is not known for kinesis:GetRecords"),
        ({"IpAddress": {"aws:SecureTransport": "x"}}, "condition operator IpAddress is not understood"),
    ],
)
def test_conditions_that_cannot_be_judged_are_refused(condition: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        statement(Condition=condition).covers(request(aws__SecureTransport="true"))


@pytest.mark.parametrize(
    ("principal", "named", "account"),
    [
        ("*", True, False),
        ({"AWS": ROLE}, True, False),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False, True),
        ({"AWS": "111122223333"}, False, True),
        ({"AWS": "arn:aws:iam::111122223333:role/another"}, False, False),
        ({"Service": "lambda.amazonaws.com"}, False, False),
    ],
)
def test_principals(principal: Any, named: bool, account: bool) -> None:
    parsed = statement(Principal=principal)
    assert parsed.names(request()) is named
    assert parsed.names_account("111122223333") is account
