"""Records to an HTTP endpoint that speaks Firehose's delivery protocol."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from aws_cdk import Duration, Size
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager

from components.destinations.buffering import HTTP_ENDPOINT, Buffer, check_buffer, check_retry
from components.destinations.destination import Backup, DeliveryMetrics, Destination, Wiring, check_secret
from components.destinations.endpoint import check_url
from components.destinations.prefix import BY_HOUR, error_prefix
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules

ContentEncoding = Literal["NONE", "GZIP"]

_MOST_ATTRIBUTES = 50
_PAGE = f"{API}/API_HttpEndpointDestinationConfiguration.html"


@dataclass(frozen=True, kw_only=True)
class HttpEndpointDestination(Destination):
    """Posts each buffer to the ``url`` (Firehose developer guide, "Understand HTTP endpoint delivery request and response
    specifications").

    ``secret`` holds `{"api_key"}`, sent as `X-Amz-Firehose-Access-Key`; ``attributes`` go along with every request as
    `X-Amz-Firehose-Common-Attributes`. The body is compressed by default: log lines shrink to a tenth. What the endpoint does
    not accept within ``retry_seconds`` goes to the ``backup``.
    """

    url: str
    endpoint_name: str
    secret: secretsmanager.ISecret
    backup: Backup
    content_encoding: ContentEncoding = "GZIP"
    attributes: Mapping[str, str] = field(default_factory=dict)
    retry_seconds: int = 300
    buffer: Buffer = field(default_factory=Buffer)

    @property
    def noun(self) -> str:
        return f"the HTTP endpoint {self.endpoint_name}"

    @property
    def metrics(self) -> DeliveryMetrics:
        return DeliveryMetrics(freshness="DeliveryToHttpEndpoint.DataFreshness", success="DeliveryToHttpEndpoint.Success")

    def check(self, rules: Rules, processor: Processor | None) -> None:
        check_url(rules, self.url, "url", 1000, f"{API}/API_HttpEndpointConfiguration.html")
        rules.require(
            1 <= len(self.endpoint_name.strip()) <= 256,
            "endpoint_name",
            f"{self.endpoint_name!r} has not 1-256 characters",
            f"{API}/API_HttpEndpointConfiguration.html",
        )
        rules.one_of(
            self.content_encoding,
            "content_encoding",
            get_args(ContentEncoding),
            f"{API}/API_HttpEndpointRequestConfiguration.html",
        )
        self._check_attributes(rules)
        check_secret(rules, self.secret)
        check_buffer(rules, self.buffer, HTTP_ENDPOINT)
        check_retry(rules, self.retry_seconds, f"{API}/API_HttpEndpointRetryOptions.html")
        self.backup.check(rules)

    def _check_attributes(self, rules: Rules) -> None:
        rules.require(
            len(self.attributes) <= _MOST_ATTRIBUTES,
            "attributes",
            f"{len(self.attributes)} attributes are more than {_MOST_ATTRIBUTES}; take some out",
            f"{API}/API_HttpEndpointRequestConfiguration.html",
        )
        for name, value in self.attributes.items():
            rules.require(
                1 <= len(name.strip()) <= 256 and len(value) <= 1024,
                "attributes",
                f"{name!r}: a name has 1-256 characters, a value up to 1024; shorten it",
                f"{API}/API_HttpEndpointCommonAttribute.html",
            )

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        if wiring.processor:
            wiring.access.grant_processor(wiring.processor.function)
        self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        wiring.access.grant_secret(self.secret)
        # By its ARN only: the library would name the role in the key's policy, and the key's stack would need this one.
        secret = secretsmanager.Secret.from_secret_complete_arn(wiring.scope, "Credentials", self.secret.secret_arn)
        return wiring.of_library(
            firehose.HttpEndpoint(
                endpoint_config=firehose.HttpEndpointConfig(url=self.url, name=self.endpoint_name, secret=secret),
                attributes=[firehose.HttpAttribute(name=name, value=value) for name, value in self.attributes.items()] or None,
                request_compression=firehose.HttpCompression[self.content_encoding],
                buffering_hints=firehose.HttpBufferingHints(
                    interval=Duration.seconds(self.buffer.seconds), size=Size.mebibytes(self.buffer.mib)
                ),
                retry_options=firehose.HttpRetryOptions(duration=Duration.seconds(self.retry_seconds)),
                # The library's own grants are left out here too: they would let Firehose read and delete what it kept.
                role=wiring.role.without_policy_updates(),
                processors=[wiring.processor.of_library()] if wiring.processor else None,
                logging_config=firehose.EnableLogging(wiring.access.log_group),
                backup_mode=firehose.HttpBackupMode.ALL if self.backup.all_records else firehose.HttpBackupMode.FAILED,
                s3_backup=self._kept(wiring),
            )
        )

    def _kept(self, wiring: Wiring) -> firehose.DestinationS3BackupProps:
        return firehose.DestinationS3BackupProps(
            bucket=self.backup.bucket.bucket,
            buffering_interval=Duration.seconds(self.backup.buffer.seconds),
            buffering_size=Size.mebibytes(self.backup.buffer.mib),
            compression=firehose.Compression.GZIP,
            encryption_key=wiring.at_rest.key,
            data_output_prefix=f"{self.backup.folder}/{BY_HOUR}",
            error_output_prefix=error_prefix(self.backup.folder),
            logging_config=firehose.EnableLogging(wiring.access.log_group),
        )
