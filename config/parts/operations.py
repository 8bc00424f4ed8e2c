"""Where an environment lives and who looks after it: account, network, alerts, alarms and removal."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import Field, field_validator

from config.parts.base import TAGGING, VPC, Model, Text
from config.problem import shown

PRIVATE_RANGES = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))


class Account(Model):
    """Where the environment is deployed. Without it, the stacks are environment-agnostic."""

    id: Annotated[str, Text(r"[0-9]{12}", "an AWS account number: 12 digits, in quotes")]
    """AWS account number, 12 digits, quoted."""
    region: Annotated[str, Text(r"[a-z]{2}(-[a-z]+)+-[0-9]", "an AWS region, such as eu-central-1")]
    """AWS region."""


_CHARACTERS = "letters, digits, spaces and _ . : / = + - @"
TagKey = Annotated[
    str,
    Text(
        r"(?!([aA][wW][sS]|weir):)[A-Za-z0-9 _.:/=+@-]{1,128}",
        f"a tag name of 1 to 128 {_CHARACTERS} that does not begin with aws: or weir:",
    ),
]
TagValue = Annotated[str, Text(r"[A-Za-z0-9 _.:/=+@-]{0,256}", f"a tag of up to 256 {_CHARACTERS}")]
#: A resource takes 50 tags; `weir:environment` is one.
Tags = Annotated[dict[TagKey, TagValue], Field(max_length=49), TAGGING]


class Network(Model):
    """Public endpoints guarded by IAM, or everything inside a VPC."""

    vpc: bool = False
    """Whether functions and search domain are inside a VPC of their own."""
    cidr: str = "10.40.0.0/16"
    """Address range of the VPC: private (RFC 1918), /16 to /22."""
    nat_gateways: int = Field(default=0, ge=0, le=3)
    """NAT gateways, at most one a zone. 0: the functions reach AWS through VPC endpoints only."""

    @field_validator("cidr")
    @classmethod
    def cidr_is_private(cls, value: str) -> str:
        try:
            network = ipaddress.IPv4Network(value)
        except ValueError as error:
            raise ValueError(f"{shown(value)} is not an address range: {error}; write one such as 10.40.0.0/16") from error
        if not 16 <= network.prefixlen <= 22 or not any(network.subnet_of(private) for private in PRIVATE_RANGES):
            raise ValueError(
                f"{shown(value)} is not a private range between /16 and /22 ({VPC.title}); write one such as 10.40.0.0/16"
            )
        return value


Email = Annotated[str, Text(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]


class Alerting(Model):
    """Who hears of an alarm."""

    emails: tuple[Email, ...] = Field(default=(), strict=False)
    """Addresses that are asked to confirm a subscription to the alert topic."""


class Observability(Model):
    """Thresholds of the alarms."""

    iterator_age_seconds: int = Field(default=60, ge=1)
    """How far a consumer may lag behind its stream, in seconds."""
    delivery_freshness_seconds: int = Field(default=900, ge=60)
    """How old the oldest undelivered record of a Firehose stream may be, in seconds; more than any buffer waits."""
    errors_per_minute: int = Field(default=100, ge=1)
    """Records a minute on `errors` before somebody should look."""


class Removal(Model):
    """What happens to data when a stack or a resource is deleted."""

    policy: Literal["retain", "destroy"] = "retain"
    """Whether buckets, table, streams and domain stay when their stack is deleted, or go with it."""
    deletion_protection: bool = True
    """Refuses deletion of the table and of the stacks."""
