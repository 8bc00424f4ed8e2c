"""Records to Splunk, by its HTTP event collector (HEC)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager

from components.destinations.buffering import SPLUNK, Buffer, check_buffer, check_retry
from components.destinations.destination import Backup, DeliveryMetrics, Destination, Wiring, check_secret
from components.destinations.endpoint import check_url
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules

HecType = Literal["Raw", "Event"]

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{API}/API_SplunkDestinationConfiguration.html"


@dataclass(frozen=True, kw_only=True)
class SplunkDestination(Destination):
    """Sends each buffer to the collector and waits until Splunk says it is indexed.

    ``hec_url`` is `https://<host>:<port>`, with indexer acknowledgement on; ``secret`` holds `{"hec_token"}`. ``hec_type`` is
    Raw for lines, Event for records that already have the collector's JSON form. What Splunk does not acknowledge within
    ``acknowledgement_seconds`` is sent again for ``retry_seconds``, and then goes to the ``backup``; so an event that was
    indexed late may be there twice.
    """

    hec_url: str
    secret: secretsmanager.ISecret
    backup: Backup
    hec_type: HecType = "Raw"
    acknowledgement_seconds: int = 180
    retry_seconds: int = 300
    buffer: Buffer = field(default_factory=lambda: Buffer(seconds=60, mib=5))
    """Splunk takes small batches: Firehose's default is also the most it accepts."""

    @property
    def noun(self) -> str:
        return "Splunk"

    @property
    def metrics(self) -> DeliveryMetrics:
        return DeliveryMetrics(freshness="DeliveryToSplunk.DataFreshness", success="DeliveryToSplunk.Success")

    def check(self, rules: Rules, processor: Processor | None) -> None:
        check_url(rules, self.hec_url, "hec_url", 2048, _PAGE)
        rules.one_of(self.hec_type, "hec_type", get_args(HecType), _PAGE)
        rules.within(self.acknowledgement_seconds, "acknowledgement_seconds", "s", (180, 600), _PAGE)
        check_secret(rules, self.secret)
        check_buffer(rules, self.buffer, SPLUNK)
        check_retry(rules, self.retry_seconds, f"{API}/API_SplunkRetryOptions.html")
        self.backup.check(rules)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        processing = wiring.processing()
        self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        configuration = _L1.SplunkDestinationConfigurationProperty(
            hec_endpoint=self.hec_url,
            hec_endpoint_type=self.hec_type,
            hec_acknowledgment_timeout_in_seconds=self.acknowledgement_seconds,
            # It has no role of its own: Firehose takes the secret's and the backup's.
            secrets_manager_configuration=wiring.secret(self.secret),
            buffering_hints=_L1.SplunkBufferingHintsProperty(
                interval_in_seconds=self.buffer.seconds, size_in_m_bs=self.buffer.mib
            ),
            retry_options=_L1.SplunkRetryOptionsProperty(duration_in_seconds=self.retry_seconds),
            processing_configuration=processing,
            cloud_watch_logging_options=wiring.logging("Splunk"),
            s3_backup_mode="AllEvents" if self.backup.all_records else "FailedEventsOnly",
            s3_configuration=wiring.backup(self.backup),
        )
        stream = wiring.of_template()
        stream.splunk_destination_configuration = configuration
        return stream
