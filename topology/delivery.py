"""A Firehose delivery stream, taken apart: what it reads, calls and writes, and with which roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from topology import needs as uses
from topology.assembly import Assembly, AssemblyError, Resource
from topology.encryption import key_of
from topology.model import Need, Node, unique
from topology.use import needs

Receiver = Literal["bucket", "domain", "collection", "tables", "cluster", "endpoint"]

#: Properties that name a destination, and what receives the records there.
_RECEIVERS: Mapping[str, Receiver] = {
    "ExtendedS3DestinationConfiguration": "bucket",
    "AmazonopensearchserviceDestinationConfiguration": "domain",
    "AmazonOpenSearchServerlessDestinationConfiguration": "collection",
    "IcebergDestinationConfiguration": "tables",
    "RedshiftDestinationConfiguration": "cluster",
    "HttpEndpointDestinationConfiguration": "endpoint",
    "SplunkDestinationConfiguration": "endpoint",
}
_LOCATION = re.compile(r"s3://([^/]+)/(.*)")


@dataclass(frozen=True)
class Delivery:
    """``source`` is empty for direct put; ``bucket`` is the S3 part of the ``destination``: itself, the stage of Redshift's
    COPY, or the backup beside anything else."""

    resource: Resource
    source: Mapping[str, Any]
    destination: Mapping[str, Any]
    bucket: Mapping[str, Any]
    receiver: Receiver

    @property
    def network(self) -> Mapping[str, Any]:
        return self.destination.get("VpcConfiguration") or {}

    @property
    def credentials(self) -> Mapping[str, Any]:
        return self.destination.get("SecretsManagerConfiguration") or {}

    @property
    def source_backup(self) -> Mapping[str, Any]:
        """Where Redshift's records are kept as they came; empty when they are not."""
        return self.destination.get("S3BackupConfiguration") or {}

    @property
    def columns(self) -> Mapping[str, Any]:
        """Where the columns stand that its records are converted by; empty when they stay as they are."""
        conversion = self.destination.get("DataFormatConversionConfiguration", {})
        return conversion.get("SchemaConfiguration") or {} if conversion.get("Enabled") else {}

    @property
    def role(self) -> str:
        """ARN of the role it delivers with; Splunk has none of its own, and Firehose takes the backup's."""
        arn: str = self.destination.get("RoleARN") or self.bucket["RoleARN"]
        return arn

    @property
    def roles(self) -> tuple[str, ...]:
        """ARNs of the roles Firehose acts with, each once."""
        parts = (self.source, self.destination, self.bucket, self.network, self.credentials, self.source_backup)
        return tuple(dict.fromkeys(part["RoleARN"] for part in parts if "RoleARN" in part))

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
        if self.receiver == "cluster":
            # It cannot be chosen there: failures stay with the objects COPY reads.
            return self.prefix
        if "ErrorOutputPrefix" not in self.bucket:
            return None
        return _fixed(self.bucket["ErrorOutputPrefix"])

    @property
    def address(self) -> str:
        """The host of a receiver outside of AWS's resources: a cluster by its JDBC URL, an endpoint by its URL."""
        url: str = (
            self.destination["ClusterJDBCURL"]
            if self.receiver == "cluster"
            else self.destination.get("HECEndpoint") or self.destination["EndpointConfiguration"]["Url"]
        )
        return url.partition("://")[2].partition("/")[0].partition(":")[0]


def _fixed(prefix: str) -> str:
    return prefix.partition("!{")[0]


def read_delivery(assembly: Assembly, resource: Resource) -> Delivery:
    """Raises AssemblyError for a destination the topology does not know."""
    properties = assembly.properties(resource)
    source = properties.get("KinesisStreamSourceConfiguration", {})
    for name, receiver in _RECEIVERS.items():
        if name in properties:
            destination = properties[name]
            bucket = destination if receiver == "bucket" else destination["S3Configuration"]
            return Delivery(resource, source, destination, bucket, receiver)
    raise AssemblyError(
        f"{resource.stack}/{resource.id}: the destination is not one of {', '.join(_RECEIVERS)}; add it to delivery.py"
    )


def outside(delivery: Delivery) -> Node | None:
    """The node of a receiver that is no resource of the stacks; None when it is one."""
    if delivery.receiver not in ("cluster", "endpoint"):
        return None
    return Node(delivery.receiver, delivery.address, step="", path="")


def bucket_needs(assembly: Assembly, delivery: Delivery, bucket: Resource) -> tuple[Need, ...]:
    """What writing to the bucket needs, under the prefixes it writes to."""
    if delivery.receiver == "cluster":
        return needs(uses.STAGE_FOR_COPY, delivery.bucket["RoleARN"], bucket, key=key_of(assembly, bucket))
    prefixes = (delivery.prefix, delivery.failure_prefix or delivery.prefix)
    return unique(_object_needs(assembly, delivery.bucket["RoleARN"], bucket, prefixes))


def source_backup_needs(assembly: Assembly, delivery: Delivery, bucket: Resource) -> tuple[Need, ...]:
    """What keeping the records as they came needs."""
    backup = delivery.source_backup
    prefixes = tuple(_fixed(backup[name]) for name in ("Prefix", "ErrorOutputPrefix") if name in backup)
    return unique(_object_needs(assembly, backup["RoleARN"], bucket, prefixes))


def _object_needs(assembly: Assembly, role: str, bucket: Resource, prefixes: tuple[str, ...]) -> Iterator[Need]:
    key = key_of(assembly, bucket)
    for prefix in dict.fromkeys(prefixes):
        yield from needs(uses.DELIVER_TO_BUCKET, role, bucket, key=key, prefix=prefix, folder=folder_of(prefix))


def folder_of(prefix: str) -> str:
    """The folder a prefix lies in, which it may go on inside of: `lake/` of `lake/day=`."""
    return prefix[: prefix.rfind("/") + 1] or prefix


def column_needs(delivery: Delivery) -> tuple[Need, ...]:
    """What reading the columns it converts by needs."""
    named = {"database": delivery.columns["DatabaseName"], "table": delivery.columns["TableName"]}
    return needs(uses.READ_COLUMNS, delivery.columns["RoleARN"], delivery.resource, **named)


def domain_needs(delivery: Delivery, domain: Resource) -> tuple[Need, ...]:
    """What writing documents to the domain needs."""
    return needs(uses.DELIVER_TO_DOMAIN, delivery.role, domain, index=delivery.destination["IndexName"])


def collection_needs(delivery: Delivery, collection: Resource) -> tuple[Need, ...]:
    """What writing documents to the collection needs."""
    return needs(uses.DELIVER_TO_COLLECTION, delivery.role, collection, index=delivery.destination["IndexName"])


def table_needs(assembly: Assembly, delivery: Delivery) -> Iterator[tuple[Resource, str, tuple[Need, ...]]]:
    """(the bucket its files lie in, its name, what committing to it needs) of each Iceberg table.

    Raises AssemblyError for a table the assembly does not have, or one that lies in no bucket of it.
    """
    where = f"{delivery.resource.stack}/{delivery.resource.id}"
    for configured in delivery.destination["DestinationTableConfigurationList"]:
        database, name = configured["DestinationDatabaseName"], configured["DestinationTableName"]
        table = assembly.find(name, "AWS::Glue::Table")
        if table is None:
            raise AssemblyError(f"{where}: the table {database}.{name} is not in the assembly, so where it lies is not known")
        location = assembly.properties(table)["TableInput"].get("StorageDescriptor", {}).get("Location", "")
        bucket, lies = read_location(assembly, location, f"{where}: the table {database}.{name}")
        committed = needs(uses.COMMIT_TO_TABLE, delivery.role, table, database=database, table=name)
        key = key_of(assembly, bucket)
        # One folder may hold the tables of a stream, and a grant may name it instead of each of them.
        written = needs(uses.WRITE_TABLE_FILES, delivery.role, bucket, key=key, location=lies, folder=lies.partition("/")[0])
        yield bucket, f"{database}.{name}", (*committed, *written)


def read_location(assembly: Assembly, location: str, what: str) -> tuple[Resource, str]:
    """(bucket, folder with a slash at its end) of a table's `s3://…`. Raises AssemblyError, beginning with `what`, for a bucket
    the assembly does not have."""
    match = _LOCATION.fullmatch(location)
    bucket = assembly.find(match[1], "AWS::S3::Bucket") if match else None
    if match is None or bucket is None:
        raise AssemblyError(f"{what} lies at {location!r}, which is no bucket of the assembly")
    return bucket, match[2] if match[2].endswith("/") else f"{match[2]}/"


def credential_needs(assembly: Assembly, delivery: Delivery) -> tuple[Need, ...]:
    """What reading its credentials needs; nothing when it has none.

    Raises AssemblyError for a secret the assembly does not have.
    """
    if not delivery.credentials.get("Enabled"):
        return ()
    arn = delivery.credentials["SecretARN"]
    secret = assembly.find(arn, "AWS::SecretsManager::Secret")
    if secret is None:
        where = f"{delivery.resource.stack}/{delivery.resource.id}"
        raise AssemblyError(f"{where}: the secret {arn} is not in the assembly, so which key it is encrypted with is not known")
    role = delivery.credentials.get("RoleARN") or delivery.role
    return needs(uses.READ_CREDENTIALS, role, secret, key=key_of(assembly, secret))


def own_needs(assembly: Assembly, delivery: Delivery) -> tuple[Need, ...]:
    """What it needs wherever it delivers to: its log of errors, and its interfaces in a VPC."""
    found: list[Need] = []
    for part in (delivery.destination, delivery.bucket, delivery.source_backup):
        options = part.get("CloudWatchLoggingOptions", {})
        if options.get("Enabled"):
            found += _log_needs(assembly, delivery, part.get("RoleARN") or delivery.role, options)
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
