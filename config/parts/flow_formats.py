"""Formats of VPC flow logs, as they are given to AWS: `${version} ${vpc-id} ${srcaddr} …`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from config.parts.base import Text
from config.problem import Problem, shown

_LOOKS = {
    "number": "version srcport dstport protocol packets bytes tcp-flags traffic-path encryption-status",
    "account": "account-id",
    "seconds": "start end",
    "address": "srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
    "interface": "interface-id next-hop-interface-id",
    "vpc": "vpc-id next-hop-vpc-id",
    "subnet": "subnet-id next-hop-subnet-id",
    "instance": "instance-id",
    "action": "action",
    "status": "log-status",
    "direction": "flow-direction",
    "word": (
        "type region az-id sublocation-type sublocation-id pkt-src-aws-service pkt-dst-aws-service ecs-cluster-arn "
        "ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id ecs-second-container-id "
        "ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id reject-reason resource-id instance-tag instance-tag-2 "
        "interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-az-id next-hop-interface-type"
    ),
}
#: Every field of versions 2 to 11 and what its values look like (VPC user guide, "Flow log records"). The functions have the same
#: list (common.flow_formats), and a test compares the two.
FIELDS: Mapping[str, str] = {name: look for look, names in _LOOKS.items() for name in names.split(" ")}
#: Looks of values that something else may look like too.
_VAGUE = frozenset(("number", "account", "word"))
_DIGITS = frozenset(("number", "account", "seconds"))
_FEWEST_TELLING = 2
_DEFAULT = [
    *("version", "account-id", "interface-id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes"),
    *("start", "end", "action", "log-status"),
]
#: Lambda's environment variables have 4 KB together (Lambda quotas); the others need far less than what this leaves.
MOST_CHARACTERS = 3_000


def names_of(format_: str) -> list[str]:
    """The fields of a format, in its order."""
    return re.findall(r"\$\{([^}]+)\}", format_)


def _can_be_read(value: str) -> str:
    """A format whose lines can be told and read. Raises ValueError."""
    names = names_of(value)
    for position, name in enumerate(names):
        if name not in FIELDS:
            raise ValueError(f"{shown(name)} is no field of VPC flow logs; write some of {', '.join(FIELDS)}")
        if name in names[:position]:
            raise ValueError(f"{name} is in it twice; write each field once")
    if sum(FIELDS[name] not in _VAGUE for name in names) < _FEWEST_TELLING:
        telling = ", ".join(name for name, look in FIELDS.items() if look not in _VAGUE)
        raise ValueError(
            f"{shown(value)} makes lines that could be anything's; have at least {_FEWEST_TELLING} of {telling} in it"
        )
    return value


FlowFormat = Annotated[
    str,
    Text(r"\$\{[a-z0-9-]+\}( \$\{[a-z0-9-]+\})*", "fields with a space between, as AWS was given them: ${srcaddr} ${dstaddr} …"),
    AfterValidator(_can_be_read),
]


def alike(formats: tuple[str, ...]) -> Iterator[Problem]:
    """Formats whose lines look like those of another, and too many of them. The paths are relative to the list."""
    seen = {_look(_DEFAULT): "the default format"}
    for number, format_ in enumerate(formats):
        names = names_of(format_)
        if names == _DEFAULT:
            yield Problem((number,), "is the default format, which is always read; remove it")
            continue
        other = seen.setdefault(_look(names), f"format {number + 1} of the list")
        if other != f"format {number + 1} of the list":
            yield Problem(
                (number,),
                f"its lines look like those of {other}, so neither could be told; put a field of another kind, such as an "
                "address, at another place of the flow log's format, or collect its files in S3, which name their fields",
            )
    characters = sum(len(" ".join(names_of(format_))) + 1 for format_ in formats)
    if characters > MOST_CHARACTERS:
        yield Problem(
            (), f"have {characters:,} characters without the ${{}}, above the {MOST_CHARACTERS:,} a function is told; remove some"
        )


def _look(names: list[str]) -> tuple[str, ...]:
    return tuple("digits" if FIELDS[name] in _DIGITS else FIELDS[name] for name in names)
