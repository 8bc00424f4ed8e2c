"""Accepting a finding of a rule pack, with its reason, on the construct it is about."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Resource, Stack, Validations
from constructs import IConstruct


def acknowledge(construct: IConstruct, *rules: str, reason: str) -> None:
    """Accepts findings on the construct and what is inside it; `rules` are ids as the pack prints them."""
    Validations.of(construct).acknowledge(*(Acknowledgment(id=rule, reason=reason) for rule in rules))


def acknowledge_inline_policy(construct: IConstruct) -> None:
    """Accepts that a role's grants are an inline policy."""
    acknowledge(
        construct,
        "NIST.800.53.R5-IAMNoInlinePolicy",
        reason="The grants belong to exactly one role and must go with it: an inline policy cannot be attached elsewhere by "
        "mistake (IAM user guide, 'Choosing between managed policies and inline policies').",
    )


def acknowledge_any_resource(construct: IConstruct, *, reason: str) -> None:
    """Accepts that a policy names the resource `*`."""
    acknowledge(construct, "AwsSolutions-IAM5[Resource::*]", reason=reason)


def acknowledge_wildcard(construct: IConstruct, resource: Resource, arn: str, *suffixes: str, reason: str) -> None:
    """Accepts wildcards below one resource: `suffixes` follow its `arn`, for example `/raw/*`.

    The pack names the resource as the policy's template will refer to it: by logical id in its own stack, by the name of
    the export from another.
    """
    here, owner = Stack.of(construct), Stack.of(resource)
    if here is owner:
        logical_id, attribute = here.resolve(arn)["Fn::GetAtt"]
        shown = f"<{logical_id}.{attribute}>"
    else:
        shown = here.resolve(owner.export_value(arn))["Fn::ImportValue"]
    acknowledge(construct, *(f"AwsSolutions-IAM5[Resource::{shown}{suffix}]" for suffix in suffixes), reason=reason)


def acknowledge_wildcard_arn(construct: IConstruct, arn: str, *, reason: str) -> None:
    """Accepts the wildcard in an ARN that names no resource of the stacks; the pack shows its references by their names."""
    resolved = Stack.of(construct).resolve(arn)
    parts = resolved["Fn::Join"][1] if isinstance(resolved, dict) else [resolved]
    shown = "".join(part if isinstance(part, str) else f"<{part['Ref']}>" for part in parts)
    acknowledge(construct, f"AwsSolutions-IAM5[Resource::{shown}]", reason=reason)
