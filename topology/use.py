"""A kind of transfer, and the calls it comes down to for a given role and resource."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from topology.assembly import Resource
from topology.model import Need
from topology.policies import Request


@dataclass(frozen=True)
class Access:
    """Calls on a resource. ``resources`` are patterns of ``{arn}``, ``{name}``, ``{account}``, ``{region}`` and what the
    use adds (``{prefix}``, ``{index}``, ``{log_stream}``). ``within`` is set where a grant may be wider than the calls
    made, and ``required`` off where it may be given, but nothing fails without it."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    page: str
    within: tuple[str, ...] = ()
    required: bool = True


@dataclass(frozen=True)
class Use:
    """A kind of transfer: its accesses, and what it does with the key of an encrypted resource, through which service."""

    purpose: str
    accesses: tuple[Access, ...]
    key_actions: tuple[str, ...] = ()
    service: str = ""
    page: str = ""


def needs(
    use: Use,
    principal: str,
    target: Resource,
    *,
    key: Resource | None = None,
    context: Mapping[str, str] | None = None,
    **values: str,
) -> tuple[Need, ...]:
    """The calls `principal` (a role's ARN, or a service's name) makes on `target`, and on the `key` it is encrypted with.

    `values` fill the placeholders of the use's patterns; `context` is added to the condition keys AWS sends.
    """
    return tuple(_needs(use, principal, target, key, context or {}, values))


def _needs(
    use: Use, principal: str, target: Resource, key: Resource | None, context: Mapping[str, str], values: Mapping[str, str]
) -> Iterator[Need]:
    known = {"arn": target.arn, "name": target.name, "account": target.account, "region": target.region, **values}
    sent = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:SourceAccount": target.account, **context}
    for access in use.accesses:
        for pattern in access.resources:
            resource = pattern.format(**known)
            within = tuple(wide.format(**known) for wide in access.within) or (resource,)
            for action in access.actions:
                request = Request(principal, action, resource, target.account, sent)
                yield Need(request, within, access.required, use.purpose, access.page)
    if key is None:
        return
    via = {"kms:ViaService": f"{use.service}.{target.region}.amazonaws.com"} if use.service else {}
    encryption = {f"kms:EncryptionContext:aws:{use.service}:arn": target.arn} if use.service else {}
    for action in use.key_actions:
        request = Request(principal, action, key.arn, target.account, {**sent, **via, **encryption})
        yield Need(request, (key.arn,), True, f"{use.purpose}, encrypted with {key.path}", use.page)
