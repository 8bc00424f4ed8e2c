"""The shape every destination has, and what a delivery stream hands to it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from components.acknowledge import acknowledge
from components.at_rest import AtRest
from components.bucket import DataBucket
from components.destinations.access import DeliveryRole
from components.destinations.buffering import S3, Buffer, check_buffer
from components.destinations.prefix import BY_HOUR, check_folder, error_prefix
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules
from components.stream import RecordStream

_L1 = firehose.CfnDeliveryStream


@dataclass(frozen=True, kw_only=True)
class DeliveryMetrics:
    """What Firehose reports about a destination (developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics").

    ``freshness`` is the age, in seconds, of the oldest record not delivered; ``success`` the share of deliveries accepted,
    where Firehose reports one. Each of ``failures`` counts what went wrong: metric → what it means, and where to look.
    """

    freshness: str
    success: str | None
    failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Backup:
    """Where records end that a destination did not take: in the bucket, under ``folder/<error type>/yyyy/MM/dd/HH/`` (UTC).

    ``all_records`` also keeps those it took, under ``folder/yyyy/MM/dd/HH/``. The buffer is short by default: failures are
    rare, so latency matters more than the number of objects.
    """

    bucket: DataBucket
    folder: str
    all_records: bool = False
    buffer: Buffer = field(default_factory=lambda: Buffer(seconds=60, mib=5))

    def check(self, rules: Rules) -> None:
        """Raises DestinationError for a folder or a buffer S3 delivery does not accept."""
        check_folder(rules, self.folder, field="backup.folder")
        check_buffer(rules, self.buffer, S3, field="backup.buffer")


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """One delivery stream in the making: the two ways to declare it, and the parts destinations share."""

    scope: Construct
    name: str
    source: RecordStream | None
    processor: Processor | None
    encryption_key: kms.IKey | None
    """The key of what waits inside Firehose; None with a source, which is encrypted itself."""
    access: DeliveryRole
    at_rest: AtRest

    @property
    def role(self) -> iam.Role:
        return self.access.role

    def of_library(self, destination: firehose.IDestination) -> firehose.CfnDeliveryStream:
        """Declares the stream with the library's construct, which reaches S3 and HTTP endpoints."""
        stream = firehose.DeliveryStream(
            self.scope,
            "Delivery",
            delivery_stream_name=self.name,
            source=firehose.KinesisStreamSource(self.source.stream) if self.source else None,
            encryption=firehose.StreamEncryption.customer_managed_key(self.encryption_key) if self.encryption_key else None,
            # The library's own grants would let Firehose read and delete what it has delivered.
            role=self.role.without_policy_updates(),
            destination=destination,
        )
        self._acknowledge(stream)
        # The library adds the service's address ranges to the stack, for security groups nobody asks about here.
        Stack.of(self.scope).node.try_remove_child("@aws-cdk--aws-kinesisfirehose.CidrBlocks")
        # Firehose checks its permissions when the stream is made.
        stream.node.add_dependency(self.role)
        return cast(firehose.CfnDeliveryStream, stream.node.default_child)

    def of_template(self) -> firehose.CfnDeliveryStream:
        """Declares the stream as a CloudFormation resource, for the destinations the library does not have; the caller sets
        the destination's configuration."""
        stream = _L1(
            self.scope,
            "Delivery",
            delivery_stream_name=self.name,
            delivery_stream_type="KinesisStreamAsSource" if self.source else "DirectPut",
            kinesis_stream_source_configuration=(
                _L1.KinesisStreamSourceConfigurationProperty(kinesis_stream_arn=self.source.arn, role_arn=self.role.role_arn)
                if self.source
                else None
            ),
            delivery_stream_encryption_configuration_input=(
                _L1.DeliveryStreamEncryptionConfigurationInputProperty(
                    key_type="CUSTOMER_MANAGED_CMK", key_arn=self.encryption_key.key_arn
                )
                if self.encryption_key
                else None
            ),
        )
        self._acknowledge(stream)
        # Firehose checks its permissions when the stream is made.
        stream.node.add_dependency(self.access)
        return stream

    def processing(
        self, *others: firehose.CfnDeliveryStream.ProcessorProperty
    ) -> firehose.CfnDeliveryStream.ProcessingConfigurationProperty | None:
        """The function, where there is one, then the `others`; lets Firehose call the function."""
        processors: list[firehose.CfnDeliveryStream.ProcessorProperty] = []
        if self.processor:
            self.access.grant_processor(self.processor.function)
            processors.append(self.processor.of_template(self.role.role_arn))
        processors += others
        return _L1.ProcessingConfigurationProperty(enabled=True, processors=processors) if processors else None

    def logging(self, construct_id: str) -> firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty:
        """A log stream for one part of the delivery."""
        stream = logs.LogStream(self.scope, f"{construct_id}Errors", log_group=self.access.log_group)
        return _L1.CloudWatchLoggingOptionsProperty(
            enabled=True, log_group_name=self.access.log_group.log_group_name, log_stream_name=stream.log_stream_name
        )

    def encryption(self) -> firehose.CfnDeliveryStream.EncryptionConfigurationProperty:
        """Objects are encrypted with the environment's key."""
        return _L1.EncryptionConfigurationProperty(
            kms_encryption_config=_L1.KMSEncryptionConfigProperty(awskms_key_arn=self.at_rest.key.key_arn)
        )

    def backup(self, backup: Backup) -> firehose.CfnDeliveryStream.S3DestinationConfigurationProperty:
        """The S3 part of a destination that is not S3."""
        return _L1.S3DestinationConfigurationProperty(
            bucket_arn=backup.bucket.arn,
            role_arn=self.role.role_arn,
            prefix=f"{backup.folder}/{BY_HOUR}",
            error_output_prefix=error_prefix(backup.folder),
            buffering_hints=buffering_hints(backup.buffer),
            compression_format="GZIP",
            encryption_configuration=self.encryption(),
            cloud_watch_logging_options=self.logging("Backup"),
        )

    def secret(self, secret: secretsmanager.ISecret) -> firehose.CfnDeliveryStream.SecretsManagerConfigurationProperty:
        """Credentials Firehose reads itself, again every ten minutes, so that they can be rotated; lets it read them."""
        self.access.grant_secret(secret)
        return _L1.SecretsManagerConfigurationProperty(enabled=True, secret_arn=secret.secret_arn, role_arn=self.role.role_arn)

    def _acknowledge(self, stream: Construct) -> None:
        if self.source:
            acknowledge(
                stream,
                "AwsSolutions-KDF1",
                reason="Its source is a data stream encrypted with the environment's key; Firehose refuses encryption of its own "
                "for such a source (API reference, DeliveryStreamEncryptionConfigurationInput).",
            )


class Destination(ABC):
    """A place Firehose delivers to: what it asks of the stream, what its role needs, and what is watched."""

    @property
    @abstractmethod
    def noun(self) -> str:
        """What it is called in the role's description, for example `S3`."""

    @property
    @abstractmethod
    def metrics(self) -> DeliveryMetrics:
        """What Firehose reports about it."""

    @abstractmethod
    def check(self, rules: Rules, processor: Processor | None) -> None:
        """Raises DestinationError for what Firehose would refuse."""

    @abstractmethod
    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        """Declares the stream with this destination, and grants its role what that needs."""


def buffering_hints(buffer: Buffer) -> firehose.CfnDeliveryStream.BufferingHintsProperty:
    """Hints of the destinations that share the general kind."""
    return _L1.BufferingHintsProperty(interval_in_seconds=buffer.seconds, size_in_m_bs=buffer.mib)


def check_secret(rules: Rules, secret: secretsmanager.ISecret) -> None:
    """Raises DestinationError for a secret known by name only: Firehose takes a whole ARN, with its random end."""
    rules.require(
        secret.secret_full_arn is not None,
        "secret",
        "only part of its ARN is known; import it by `Secret.from_secret_complete_arn`",
        f"{API}/API_SecretsManagerConfiguration.html",
    )
