"""Documents to an OpenSearch Service domain."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose

from components.destinations.buffering import SEARCH_DOMAIN, Buffer, check_buffer, check_retry
from components.destinations.destination import Backup, DeliveryMetrics, Destination, Wiring
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules
from components.destinations.search import RETRY_SECONDS, check_index, join_network
from components.network import PrivateNetwork
from components.search_domain import SearchDomain

IndexRotation = Literal["NoRotation", "OneHour", "OneDay", "OneWeek", "OneMonth"]
DocumentIds = Literal["FIREHOSE_DEFAULT", "NO_DOCUMENT_ID"]

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{API}/API_AmazonopensearchserviceDestinationConfiguration.html"


@dataclass(frozen=True, kw_only=True)
class SearchDomainDestination(Destination):
    """Each record, one line of JSON, becomes a document.

    ``index`` gets the time of arrival appended as ``rotation`` says (`-yyyy-MM-dd` by the day). ``document_ids`` are
    Firehose's by default, so that its own retries do not double a document. ``network`` is the domain's, where it is in one.
    """

    domain: SearchDomain
    index: str
    backup: Backup
    rotation: IndexRotation = "OneDay"
    document_ids: DocumentIds = "FIREHOSE_DEFAULT"
    retry_seconds: int = RETRY_SECONDS
    network: PrivateNetwork | None = None
    buffer: Buffer = field(default_factory=Buffer)

    @property
    def noun(self) -> str:
        return "the search domain"

    @property
    def metrics(self) -> DeliveryMetrics:
        return DeliveryMetrics(
            freshness="DeliveryToAmazonOpenSearchService.DataFreshness", success="DeliveryToAmazonOpenSearchService.Success"
        )

    def check(self, rules: Rules, processor: Processor | None) -> None:
        check_index(rules, self.index, _PAGE)
        rules.one_of(self.rotation, "rotation", get_args(IndexRotation), _PAGE)
        rules.one_of(self.document_ids, "document_ids", get_args(DocumentIds), f"{API}/API_DocumentIdOptions.html")
        check_buffer(rules, self.buffer, SEARCH_DOMAIN)
        check_retry(rules, self.retry_seconds, f"{API}/API_AmazonopensearchserviceRetryOptions.html")
        rules.require(
            (self.network is None) == (self.domain.security_group is None),
            "network",
            "the domain is inside of a VPC and Firehose outside, or the other way round; give the network the domain has",
            f"{API}/API_VpcConfiguration.html",
        )
        self.backup.check(rules)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        processing = wiring.processing()
        self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        self._grant_domain(wiring.role)
        vpc = join_network(wiring, self.network, self.domain.domain, noun=self.noun) if self.network else None
        configuration = _L1.AmazonopensearchserviceDestinationConfigurationProperty(
            domain_arn=self.domain.arn,
            index_name=self.index,
            index_rotation_period=self.rotation,
            document_id_options=_L1.DocumentIdOptionsProperty(default_document_id_format=self.document_ids),
            role_arn=wiring.role.role_arn,
            buffering_hints=_L1.AmazonopensearchserviceBufferingHintsProperty(
                interval_in_seconds=self.buffer.seconds, size_in_m_bs=self.buffer.mib
            ),
            retry_options=_L1.AmazonopensearchserviceRetryOptionsProperty(duration_in_seconds=self.retry_seconds),
            processing_configuration=processing,
            cloud_watch_logging_options=wiring.logging("Search"),
            s3_backup_mode="AllDocuments" if self.backup.all_records else "FailedDocumentsOnly",
            s3_configuration=wiring.backup(self.backup),
            vpc_configuration=vpc,
        )
        stream = wiring.of_template()
        stream.amazonopensearchservice_destination_configuration = configuration
        return stream

    def _grant_domain(self, role: iam.Role) -> None:
        """Firehose developer guide, "Grant Firehose access to a public OpenSearch Service destination"."""
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["es:DescribeDomain", "es:DescribeDomainConfig", "es:DescribeDomains"], resources=[self.domain.arn]
            )
        )
        self.domain.allow(role, actions=["es:ESHttpPost", "es:ESHttpPut"], paths=["*"])
        self.domain.allow(
            role,
            actions=["es:ESHttpGet"],
            paths=[
                "_all/_settings",
                "_cluster/stats",
                f"{self.index}*/_mapping/*",
                "_nodes",
                "_nodes/stats",
                "_nodes/*/stats",
                "_stats",
                f"{self.index}*/_stats",
            ],
        )
