"""Documents to a collection of OpenSearch Serverless."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from aws_cdk import Names, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_opensearchserverless as opensearchserverless

from components.destinations.buffering import SEARCH_COLLECTION, Buffer, check_buffer, check_retry
from components.destinations.destination import Backup, DeliveryMetrics, Destination, Wiring
from components.destinations.processing import Processor
from components.destinations.rules import API, Rules
from components.destinations.search import RETRY_SECONDS, check_index, join_network
from components.network import PrivateNetwork

#: Longest name of a data access policy (OpenSearch Serverless API reference, CreateAccessPolicy).
_LONGEST_POLICY_NAME = 32

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{API}/API_AmazonOpenSearchServerlessDestinationConfiguration.html"


@dataclass(frozen=True, kw_only=True)
class SearchCollectionDestination(Destination):
    """Each record, one line of JSON, becomes a document of the one ``index``.

    A collection gives the ids itself, so a retry of Firehose's may double a document. ``network`` and ``endpoint_group`` (the
    security group of the collection's VPC endpoint) go together, for a collection that answers in a VPC only.
    """

    collection: opensearchserverless.CfnCollection
    index: str
    backup: Backup
    rotation: Literal["NoRotation"] = "NoRotation"
    """Here so that a configuration moved over from a domain is refused, not silently kept in one index."""
    retry_seconds: int = RETRY_SECONDS
    network: PrivateNetwork | None = None
    endpoint_group: ec2.ISecurityGroup | None = None
    buffer: Buffer = field(default_factory=Buffer)

    @property
    def noun(self) -> str:
        return "the search collection"

    @property
    def metrics(self) -> DeliveryMetrics:
        return DeliveryMetrics(
            freshness="DeliveryToAmazonOpenSearchServerless.DataFreshness",
            success="DeliveryToAmazonOpenSearchServerless.Success",
        )

    def check(self, rules: Rules, processor: Processor | None) -> None:
        check_index(rules, self.index, _PAGE)
        rules.require(
            self.rotation == "NoRotation",
            "rotation",
            f"{self.rotation!r} is not possible: Firehose rotates no index of a collection; leave it out",
            _PAGE,
        )
        check_buffer(rules, self.buffer, SEARCH_COLLECTION)
        check_retry(rules, self.retry_seconds, f"{API}/API_AmazonOpenSearchServerlessRetryOptions.html")
        rules.require(
            (self.network is None) == (self.endpoint_group is None),
            "network",
            "a VPC without the security group of the collection's endpoint, or the group without the VPC; give both or none",
            f"{API}/API_VpcConfiguration.html",
        )
        self.backup.check(rules)

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        processing = wiring.processing()
        self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        policy = self._grant_collection(wiring)
        vpc = (
            join_network(wiring, self.network, self.endpoint_group, noun=self.noun)
            if self.network and self.endpoint_group
            else None
        )
        configuration = _L1.AmazonOpenSearchServerlessDestinationConfigurationProperty(
            collection_endpoint=self.collection.attr_collection_endpoint,
            index_name=self.index,
            role_arn=wiring.role.role_arn,
            buffering_hints=_L1.AmazonOpenSearchServerlessBufferingHintsProperty(
                interval_in_seconds=self.buffer.seconds, size_in_m_bs=self.buffer.mib
            ),
            retry_options=_L1.AmazonOpenSearchServerlessRetryOptionsProperty(duration_in_seconds=self.retry_seconds),
            processing_configuration=processing,
            cloud_watch_logging_options=wiring.logging("Search"),
            s3_backup_mode="AllDocuments" if self.backup.all_records else "FailedDocumentsOnly",
            s3_configuration=wiring.backup(self.backup),
            vpc_configuration=vpc,
        )
        stream = wiring.of_template()
        stream.amazon_open_search_serverless_destination_configuration = configuration
        stream.node.add_dependency(policy)
        return stream

    def _grant_collection(self, wiring: Wiring) -> opensearchserverless.CfnAccessPolicy:
        """Two doors, and both must open: the role's own policy, and the collection's data access policy (Firehose developer
        guide, "Grant Firehose access to a public OpenSearch Serverless destination")."""
        wiring.role.add_to_policy(iam.PolicyStatement(actions=["aoss:APIAccessAll"], resources=[self.collection.attr_arn]))
        name = Names.unique_resource_name(wiring.scope, max_length=_LONGEST_POLICY_NAME, separator="-").lower()
        rule = {
            "ResourceType": "index",
            "Resource": [f"index/{self.collection.name}/{self.index}"],
            "Permission": ["aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"],
        }
        return opensearchserverless.CfnAccessPolicy(
            wiring.scope,
            "DataAccess",
            name=name,
            type="data",
            description=f"{wiring.name} writes documents",
            policy=Stack.of(wiring.scope).to_json_string([{"Rules": [rule], "Principal": [wiring.role.role_arn]}]),
        )
