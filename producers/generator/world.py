"""The invented company whose systems write the logs.

Addresses are of the ranges kept for documentation (RFC 5737), the account is the example of AWS's own documentation.
"""

from __future__ import annotations

from typing import NamedTuple

ACCOUNT = "111122223333"
REGION = "us-east-1"

#: Where the brute-force attempt comes from; no client of CLIENTS.
ATTACKER = "203.0.113.66"
CLIENTS = tuple(f"{network}.{host}" for network in ("192.0.2", "198.51.100") for host in range(1, 151))
#: Addresses that try ports nobody opened to them.
SCANNERS = tuple(f"203.0.113.{host}" for host in range(200, 216))

USERS = (
    "adele", "amara", "bruno", "chen", "clara", "dmitri", "elena", "farid", "grace", "hana", "ines", "jonas", "kofi", "lena",
    "mateo", "nadia", "oskar", "priya", "quentin", "rosa", "samir", "tomoko", "ulla", "victor", "wanjiru", "yusuf", "zoe",
)  # fmt: skip
#: Whose account the brute-force attempt is after.
VICTIM = "admin"

AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "shop-android/8.4.1 okhttp/5.1.0",
)


class Route(NamedTuple):
    """One endpoint of a service."""

    method: str
    path: str
    status: int
    """When it succeeds."""
    milliseconds: float
    """Median time to answer."""


class Service(NamedTuple):
    """One application behind the load balancer."""

    name: str
    weight: int
    """Share of the traffic, in percent."""
    version: str
    address: str
    """Private address of its target."""
    port: int
    interface: str
    """Network interface, as flow logs name it."""
    routes: tuple[Route, ...]


SERVICES = (
    Service("catalogue", 42, "3.12.0", "10.0.1.21", 8080, "eni-0a1b2c3d4e5f60011", (
        Route("GET", "/products/%d", 200, 18), Route("GET", "/search?q=%d", 200, 45), Route("GET", "/categories/%d", 200, 12),
    )),
    Service("checkout", 20, "2.4.1", "10.0.2.34", 8080, "eni-0a1b2c3d4e5f60022", (
        Route("POST", "/carts/%d/items", 201, 30), Route("POST", "/orders/%d", 201, 80), Route("GET", "/carts/%d", 200, 15),
    )),
    Service("login", 16, "1.9.7", "10.0.3.47", 8443, "eni-0a1b2c3d4e5f60033", (
        Route("POST", "/sessions?n=%d", 200, 60), Route("GET", "/sessions/%d", 200, 8),
    )),
    Service("payments", 12, "5.0.2", "10.0.4.58", 8443, "eni-0a1b2c3d4e5f60044", (
        Route("POST", "/charges/%d", 201, 110), Route("GET", "/charges/%d", 200, 25), Route("POST", "/refunds/%d", 202, 95),
    )),
    Service("shipping", 10, "4.1.3", "10.0.5.69", 8080, "eni-0a1b2c3d4e5f60055", (
        Route("GET", "/parcels/%d", 200, 22), Route("POST", "/labels/%d", 201, 70),
    )),
)  # fmt: skip
BY_NAME = {service.name: service for service in SERVICES}


class Call(NamedTuple):
    """One AWS API call people and services of the company make."""

    source: str
    name: str
    read_only: bool
    parameters: str
    """JSON."""
    agent: str


CALLS = (
    Call("s3", "GetBucketLocation", True, '{"bucketName":"shop-invoices","location":""}', "aws-cli/2.31.4"),
    Call("s3", "PutObject", False, '{"bucketName":"shop-invoices","key":"2026/11/invoice.pdf"}', "aws-sdk-java/2.38.2"),
    Call("ec2", "DescribeInstances", True, '{"instancesSet":{},"filterSet":{}}', "Boto3/1.44.5"),
    Call(
        "sts", "AssumeRole", True, '{"roleArn":"arn:aws:iam::111122223333:role/deploy","roleSessionName":"ci"}', "aws-cli/2.31.4"
    ),
    Call("kms", "Decrypt", True, '{"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}', "aws-sdk-go-v2/1.39.6"),
    Call("dynamodb", "UpdateItem", False, '{"tableName":"carts","key":{"id":"#"}}', "aws-sdk-java/2.38.2"),
    Call("iam", "ListRoles", True, '{"maxItems":100}', "Boto3/1.44.5"),
    Call("lambda", "Invoke", False, '{"functionName":"resize-pictures","invocationType":"Event"}', "aws-sdk-js/3.930.0"),
)
