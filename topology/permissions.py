"""Which calls the templates allow: identity policies of the roles, and policies of keys, buckets, queues, topics and the domain.

Same-account evaluation as in the IAM user guide, "Policy evaluation logic", with two services' own rules: a key is used
only as its key policy says (KMS developer guide, "Key policies"), and a topic without a policy is open to its account's
services (SNS developer guide, "Access control"). On one point this is stricter than AWS: a search domain that has an
access policy must name the role there too, so that neither side of that door is ever the only one. A collection's indices
are open to whom its data access policies name, and to nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from topology.assembly import Assembly
from topology.data_access import INDEX, index_statements
from topology.policies import PolicyError, Request, Statement, statements

#: Where a resource's own policy stands: type → (property that names the resource, or None for itself; the document's).
_RESOURCE_POLICIES: Mapping[str, tuple[str | None, str]] = {
    "AWS::IAM::Role": (None, "AssumeRolePolicyDocument"),
    "AWS::KMS::Key": (None, "KeyPolicy"),
    "AWS::OpenSearchService::Domain": (None, "AccessPolicies"),
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queues", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topics", "PolicyDocument"),
}


@dataclass(frozen=True)
class Policies:
    """All statements of an assembly: by role ARN (``identity``), and by the ARN of the resource they guard."""

    identity: Mapping[str, tuple[Statement, ...]]
    resource: Mapping[str, tuple[Statement, ...]]

    def refusal(self, request: Request) -> str | None:
        """Why the call is refused, or None when it is allowed."""
        guard = self._guard(request.resource)
        guarding = self.resource.get(guard, ()) if guard else ()
        own = self.identity.get(request.principal, ())
        naming = [statement for statement in guarding if statement.names(request)]
        for statement in (*own, *naming):
            if statement.effect == "Deny" and statement.covers(request):
                return f"denied by {_place(statement)}"
        identity = _allows(own, request)
        named = _allows(naming, request)
        delegated = _allows((entry for entry in guarding if entry.names_account(request.account)), request)
        service = request.action.partition(":")[0]
        if request.action == "sts:AssumeRole":
            return None if named else "the role's trust policy does not name the service"
        if not request.principal.startswith("arn:"):
            open_to_account = service == "sns" and not guarding
            return None if named or open_to_account else "the resource's own policy does not name the service"
        if service == "kms":
            # Of a key of elsewhere the policy is not known; its owner is told to leave its use to IAM.
            delegated = delegated or guard is None
            return None if named or (identity and delegated) else _either(identity, "the key policy does not leave it to IAM")
        if request.resource.startswith(INDEX):
            return None if named else "no data access policy of the collection lets the role do it"
        if request.action.startswith("es:ESHttp") and guarding:
            admitted = named or delegated
            return None if identity and admitted else _either(identity, "the domain's access policy does not name the role")
        return None if identity or named else _either(identity, "")

    def _guard(self, resource: str) -> str | None:
        owners = (arn for arn in self.resource if resource == arn or resource.startswith((f"{arn}/", f"{arn}:")))
        return max(owners, key=len, default=None)


def _allows(among: Iterable[Statement], request: Request) -> bool:
    return any(statement.effect == "Allow" and statement.covers(request) for statement in among)


def _either(identity: bool, otherwise: str) -> str:
    return otherwise if identity else "no policy of the role allows it"


def _place(statement: Statement) -> str:
    stack, logical_id, number = statement.origin
    return f"statement {number} of {stack}/{logical_id}"


def policies(assembly: Assembly) -> Policies:
    """Collects every statement of the assembly.

    Raises PolicyError for what cannot be judged: a managed policy that is not part of the assembly, NotAction and the like.
    """
    guards = chain(_resource(assembly), index_statements(assembly))
    return Policies(identity=_gather(_identity(assembly)), resource=_gather(guards))


def _gather(found: Iterable[tuple[str, tuple[Statement, ...]]]) -> dict[str, tuple[Statement, ...]]:
    gathered: dict[str, tuple[Statement, ...]] = {}
    for owner, group in found:
        gathered[owner] = (*gathered.get(owner, ()), *group)
    return gathered


def _identity(assembly: Assembly) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    for role in assembly.of_type("AWS::IAM::Role"):
        properties = assembly.properties(role)
        for policy in properties.get("Policies", []):
            yield role.arn, statements(policy["PolicyDocument"], role.stack, role.id)
        for managed in properties.get("ManagedPolicyArns", []):
            policy = assembly.find(managed, "AWS::IAM::ManagedPolicy")
            if policy is None:
                raise PolicyError(f"{role.stack}/{role.id}: what {managed} allows is not in the assembly; grant it in the stack")
            document = assembly.properties(policy)["PolicyDocument"]
            yield role.arn, statements(document, policy.stack, policy.id)
    for attached in assembly.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        properties = assembly.properties(attached)
        for name in properties.get("Roles", []):
            if holder := assembly.find(name, "AWS::IAM::Role"):
                yield holder.arn, statements(properties["PolicyDocument"], attached.stack, attached.id)


def _resource(assembly: Assembly) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    for holder in assembly.of_type(*_RESOURCE_POLICIES):
        target, document_property = _RESOURCE_POLICIES[holder.type]
        properties = assembly.properties(holder)
        document: Any = properties.get(document_property)
        if document is None:
            continue
        group = statements(document, holder.stack, holder.id)
        for guarded in _guarded(properties[target]) if target else [holder.arn]:
            if owner := assembly.find(guarded):
                yield owner.arn, group


def _guarded(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
