"""IAM policy documents: statements, and how a request is matched against one.

Follows the IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements reference". What is not understood
(NotAction, NotResource, NotPrincipal, a condition operator or key that is not known) is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any


class PolicyError(Exception):
    """A policy holds something this evaluator does not judge; the message names the policy and what it is."""


@dataclass(frozen=True)
class Request:
    """One call: ``principal`` is a role's ARN or a service's name; ``resource`` an ARN, in which ``*`` stands for any of
    the things that will be touched; ``context`` the condition keys AWS sends along."""

    principal: str
    action: str
    resource: str
    account: str
    context: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Statement:
    """One statement. ``origin`` says where it stands: (stack, logical id, number in the document)."""

    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[tuple[str, str], ...]
    conditions: Mapping[str, Mapping[str, tuple[str, ...]]]
    origin: tuple[str, str, int]

    def covers(self, request: Request) -> bool:
        """Whether action, resource and conditions match; a Deny matches as soon as it touches any of the resources."""
        return (
            any(matches(request.action, action, ignore_case=True) for action in self.actions)
            and any(
                matches(request.resource, resource) or (self.effect == "Deny" and matches(resource, request.resource))
                for resource in self.resources
            )
            and all(
                self._holds(operator, key, expected, request)
                for operator, keys in self.conditions.items()
                for key, expected in keys.items()
            )
        )

    def names(self, request: Request) -> bool:
        """Whether the Principal element is this very caller (or everybody)."""
        service = not request.principal.startswith("arn:")
        wanted = ("Service" if service else "AWS", request.principal)
        return wanted in self.principals or ("AWS", "*") in self.principals

    def names_account(self, account: str) -> bool:
        """Whether the Principal element is the account, which leaves the decision to its identity policies."""
        return any(kind == "AWS" and value in (account, f"arn:aws:iam::{account}:root") for kind, value in self.principals)

    def _holds(self, operator: str, key: str, expected: tuple[str, ...], request: Request) -> bool:
        where = "/".join(map(str, self.origin))
        base = operator.removesuffix("IfExists").removeprefix("ForAllValues:")
        context = {name.lower(): value for name, value in request.context.items()}
        if key.lower() not in context:
            if operator != base:
                return True
            raise PolicyError(f"{where}: condition key {key} is not known for {request.action}; add it to the need's context")
        actual = context[key.lower()]
        match base:
            case "StringEquals" | "Bool":
                return actual in expected
            case "StringNotEquals":
                return actual not in expected
            case "StringLike" | "ArnLike" | "ArnEquals":
                return any(matches(actual, pattern) for pattern in expected)
            case "NumericLessThan":
                return any(float(actual) < float(number) for number in expected)
        raise PolicyError(f"{where}: condition operator {operator} is not understood; add it to policies.py")


@cache
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(character, re.escape(character)) for character in text)
    return re.compile(expression, re.IGNORECASE if ignore_case else 0)


def matches(text: str, pattern: str, *, ignore_case: bool = False) -> bool:
    """IAM's wildcards: ``*`` any characters, ``?`` one. A ``*`` in ``text`` is covered only by a ``*`` in ``pattern``."""
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


def _listed(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(str(item).lower() if isinstance(item, bool) else str(item) for item in values)


def statements(document: Mapping[str, Any], stack: str, logical_id: str) -> tuple[Statement, ...]:
    """The statements of a policy document whose references are resolved."""
    return tuple(_statement(body, (stack, logical_id, number)) for number, body in enumerate(_bodies(document)))


def _bodies(document: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    bodies = document.get("Statement", [])
    return bodies if isinstance(bodies, list) else [bodies]


def _statement(body: Mapping[str, Any], origin: tuple[str, str, int]) -> Statement:
    refused = {"NotAction", "NotResource", "NotPrincipal"} & body.keys()
    if refused:
        raise PolicyError(f"{'/'.join(map(str, origin))}: {', '.join(sorted(refused))} is not judged; list what is meant")
    principal = body.get("Principal", {})
    named = {"AWS": "*"} if principal == "*" else principal
    return Statement(
        effect=body["Effect"],
        actions=_listed(body["Action"]),
        resources=_listed(body.get("Resource", "*")),
        principals=tuple((kind, value) for kind, values in named.items() for value in _listed(values)),
        conditions={
            operator: {key: _listed(value) for key, value in keys.items()} for operator, keys in body.get("Condition", {}).items()
        },
        origin=origin,
    )
