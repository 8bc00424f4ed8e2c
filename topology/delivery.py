"""A Firehose delivery stream, taken apart: what it reads, calls and writes, and with which roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from topology import needs as uses
from topology.assembly import Assembly, AssemblyError, Resource
from topology.encryption import key_of
from topology.model import Need, unique
from topology.use import needs

_TO_BUCKET = "ExtendedS3DestinationConfiguration"
_TO_DOMAIN = "AmazonopensearchserviceDestinationConfiguration"


@dataclass(frozen=True)
class Delivery:
    """``source`` is empty for direct put; ``bucket`` is the S3 part of the ``destination``: itself, or the backup beside a
    search domain (``to_domain``)."""

    resource: Resource
    source: Mapping[str, Any]
    destination: Mapping[str, Any]
    bucket: Mapping[str, Any]
    to_domain: bool

    @property
    def network(self) -> Mapping[str, Any]:
        return self.destination.get("VpcConfiguration") or {}

    @property
    def roles(self) -> tuple[str, ...]:
        """ARNs of the roles Firehose acts with, each once."""
        parts = (self.source, self.destination, self.bucket, self.network)
        return tuple(dict.fromkeys(part["RoleARN"] for part in parts if part))

    @property
    def processors(self) -> Iterator[str]:
        """ARNs of the functions its records pass through."""
        processing = self.destination.get("ProcessingConfiguration", {})
        for processor in processing.get("Processors", []) if processing.get("Enabled") else []:
            for parameter in processor.get("Parameters", []):
                if parameter["ParameterName"] == "LambdaArn":
                    yield parameter["ParameterValue"]

    @property
    def prefix(self) -> str:
        """The fixed beginning of its objects' names."""
        return _fixed(self.bucket.get("Prefix", ""))

    @property
    def failure_prefix(self) -> str | None:
        """The fixed beginning of the names of what could not be delivered; None when nothing says where that goes."""
        if "ErrorOutputPrefix" not in self.bucket:
            return None
        return _fixed(self.bucket["ErrorOutputPrefix"])


def _fixed(prefix: str) -> str:
    return prefix.partition("!{")[0]


def read_delivery(assembly: Assembly, resource: Resource) -> Delivery:
    """Raises AssemblyError for a destination the topology does not know."""
    properties = assembly.properties(resource)
    source = properties.get("KinesisStreamSourceConfiguration", {})
    if _TO_BUCKET in properties:
        destination = properties[_TO_BUCKET]
        return Delivery(resource, source, destination, destination, to_domain=False)
    if _TO_DOMAIN in properties:
        destination = properties[_TO_DOMAIN]
        return Delivery(resource, source, destination, destination["S3Configuration"], to_domain=True)
    raise AssemblyError(f"{resource.stack}/{resource.id}: the destination is neither S3 nor OpenSearch; add it to delivery.py")


def bucket_needs(assembly: Assembly, delivery: Delivery, bucket: Resource) -> tuple[Need, ...]:
    """What writing to the bucket needs, under the prefixes it writes to."""
    prefixes = dict.fromkeys((delivery.prefix, delivery.failure_prefix or delivery.prefix))
    key = key_of(assembly, bucket)
    found = (
        need
        for prefix in prefixes
        for need in needs(uses.DELIVER_TO_BUCKET, delivery.bucket["RoleARN"], bucket, key=key, prefix=prefix)
    )
    return unique(found)


def domain_needs(delivery: Delivery, domain: Resource) -> tuple[Need, ...]:
    """What writing documents to the domain needs."""
    index = delivery.destination["IndexName"]
    return needs(uses.DELIVER_TO_DOMAIN, delivery.destination["RoleARN"], domain, index=index)


def own_needs(assembly: Assembly, delivery: Delivery) -> tuple[Need, ...]:
    """What it needs wherever it delivers to: its log of errors, and its interfaces in a VPC."""
    found: list[Need] = []
    for part in (delivery.destination, delivery.bucket):
        options = part.get("CloudWatchLoggingOptions", {})
        if options.get("Enabled"):
            found += _log_needs(assembly, delivery, part["RoleARN"], options)
    if delivery.network:
        found += needs(uses.DELIVER_INSIDE_NETWORK, delivery.network["RoleARN"], delivery.resource)
    return unique(found)


def _log_needs(assembly: Assembly, delivery: Delivery, role: str, options: Mapping[str, Any]) -> tuple[Need, ...]:
    group = assembly.find(options["LogGroupName"], "AWS::Logs::LogGroup")
    if group is None:
        where = f"{delivery.resource.stack}/{delivery.resource.id}"
        raise AssemblyError(f"{where}: the log group {options['LogGroupName']} is not in the assembly")
    return needs(uses.REPORT_DELIVERY_ERRORS, role, group, log_stream=options["LogStreamName"]) + log_group_needs(assembly, group)


def log_group_needs(assembly: Assembly, group: Resource) -> tuple[Need, ...]:
    """What CloudWatch Logs itself needs to keep an encrypted log group."""
    context = {"kms:EncryptionContext:aws:logs:arn": group.arn.removesuffix(":*")}
    service = f"logs.{group.region}.amazonaws.com"
    return needs(uses.ENCRYPT_LOG, service, group, key=key_of(assembly, group), context=context)
