"""The Firehose stream publishers write to without a data stream, delivered to the search domain.

The construct library's Firehose destinations end at S3 and HTTP, so this is a typed component over the CloudFormation
resource.
"""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_logs as logs
from constructs import Construct

from components.acknowledge import acknowledge_any_resource
from components.at_rest import AtRest
from components.bucket import DataBucket
from components.delivery import PROCESSOR_BUFFER_MIB, PROCESSOR_RETRIES, DeliveryRole, processor_buffer_seconds
from components.function import PipelineFunction
from components.network import PrivateNetwork
from components.search_domain import SearchDomain
from config.model import Delivery

#: Family of the indices; Firehose appends `-yyyy-MM-dd` of the arrival.
INDEX = "logs-direct-put"
#: How long Firehose tries again before a document goes to the backup bucket, its default (API reference,
#: AmazonopensearchserviceRetryOptions).
RETRY_SECONDS = 300
#: Buffer of the backup: failures are rare, so latency matters more than the number of objects.
BACKUP_BUFFER_SECONDS = 60
BACKUP_BUFFER_MIB = 5

_Delivery = firehose.CfnDeliveryStream


class DirectPutDelivery(Construct):
    """Direct PUT → processor → search domain; what the domain refuses goes to the quarantine bucket."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        processor: PipelineFunction,
        domain: SearchDomain,
        quarantine: DataBucket,
        settings: Delivery,
        network: PrivateNetwork | None,
        at_rest: AtRest,
    ) -> None:
        """`name` is the physical name; refused documents are kept under `direct-put/<error type>/…`."""
        super().__init__(scope, construct_id)
        self._access = DeliveryRole(self, "Access", description=f"{name}: direct put to the search domain", at_rest=at_rest)
        self._access.grant_processor(processor)
        quarantine.grant_deliver(self.role, prefixes=["direct-put"])
        self._grant_domain(domain)
        group = self._join(network, domain) if network else None
        self.delivery = _Delivery(
            self,
            "Delivery",
            delivery_stream_name=name,
            delivery_stream_type="DirectPut",
            delivery_stream_encryption_configuration_input=_Delivery.DeliveryStreamEncryptionConfigurationInputProperty(
                key_type="CUSTOMER_MANAGED_CMK", key_arn=at_rest.key.key_arn
            ),
            amazonopensearchservice_destination_configuration=_Delivery.AmazonopensearchserviceDestinationConfigurationProperty(
                domain_arn=domain.arn,
                index_name=INDEX,
                index_rotation_period="OneDay",
                # Firehose makes the id, so its own retries do not double a document.
                document_id_options=_Delivery.DocumentIdOptionsProperty(default_document_id_format="FIREHOSE_DEFAULT"),
                role_arn=self.role.role_arn,
                buffering_hints=_Delivery.AmazonopensearchserviceBufferingHintsProperty(
                    interval_in_seconds=settings.buffer_seconds, size_in_m_bs=settings.buffer_mib
                ),
                retry_options=_Delivery.AmazonopensearchserviceRetryOptionsProperty(duration_in_seconds=RETRY_SECONDS),
                processing_configuration=_Delivery.ProcessingConfigurationProperty(
                    enabled=True, processors=[self._processor(processor, settings)]
                ),
                cloud_watch_logging_options=self._logging("Search"),
                s3_backup_mode="FailedDocumentsOnly",
                s3_configuration=self._backup(quarantine, at_rest),
                vpc_configuration=(
                    _Delivery.VpcConfigurationProperty(
                        role_arn=self.role.role_arn,
                        security_group_ids=[group.security_group_id],
                        subnet_ids=[subnet.subnet_id for subnet in network.subnets],
                    )
                    if network and group
                    else None
                ),
            ),
        )
        # Firehose checks its permissions when the stream is made.
        self.delivery.node.add_dependency(self._access)

    @property
    def role(self) -> iam.Role:
        return self._access.role

    @property
    def name(self) -> str:
        return self.delivery.ref

    def _grant_domain(self, domain: SearchDomain) -> None:
        """Firehose developer guide, "Grant Firehose access to a public OpenSearch Service destination"."""
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=["es:DescribeDomain", "es:DescribeDomainConfig", "es:DescribeDomains"], resources=[domain.arn]
            )
        )
        domain.allow(self.role, actions=["es:ESHttpPost", "es:ESHttpPut"], paths=["*"])
        domain.allow(
            self.role,
            actions=["es:ESHttpGet"],
            paths=[
                "_all/_settings",
                "_cluster/stats",
                f"{INDEX}*/_mapping/*",
                "_nodes",
                "_nodes/stats",
                "_nodes/*/stats",
                "_stats",
                f"{INDEX}*/_stats",
            ],
        )

    def _join(self, network: PrivateNetwork, domain: SearchDomain) -> ec2.SecurityGroup:
        """Firehose developer guide, "Grant Firehose access to an OpenSearch Service destination in a VPC"."""
        group = ec2.SecurityGroup(
            self, "Caller", vpc=network.vpc, description="Firehose, to the search domain", allow_all_outbound=False
        )
        group.connections.allow_to(domain.domain, ec2.Port.tcp(443), "Documents")
        self.role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "ec2:CreateNetworkInterface",
                    "ec2:CreateNetworkInterfacePermission",
                    "ec2:DeleteNetworkInterface",
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSecurityGroups",
                    "ec2:DescribeSubnets",
                    "ec2:DescribeVpcAttribute",
                    "ec2:DescribeVpcs",
                ],
                resources=["*"],
            )
        )
        acknowledge_any_resource(
            self.role,
            reason="EC2 knows no narrower resource for a service's network interfaces (service authorization reference).",
        )
        return group

    def _processor(self, function: PipelineFunction, settings: Delivery) -> firehose.CfnDeliveryStream.ProcessorProperty:
        parameters = {
            "LambdaArn": function.arn,
            "RoleArn": self.role.role_arn,
            "BufferIntervalInSeconds": str(processor_buffer_seconds(settings)),
            "BufferSizeInMBs": str(PROCESSOR_BUFFER_MIB),
            "NumberOfRetries": str(PROCESSOR_RETRIES),
        }
        return _Delivery.ProcessorProperty(
            type="Lambda",
            parameters=[
                _Delivery.ProcessorParameterProperty(parameter_name=name, parameter_value=value)
                for name, value in parameters.items()
            ],
        )

    def _backup(self, bucket: DataBucket, at_rest: AtRest) -> firehose.CfnDeliveryStream.S3DestinationConfigurationProperty:
        return _Delivery.S3DestinationConfigurationProperty(
            bucket_arn=bucket.arn,
            role_arn=self.role.role_arn,
            prefix="direct-put/!{timestamp:yyyy/MM/dd/HH}/",
            error_output_prefix="direct-put/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/",
            buffering_hints=_Delivery.BufferingHintsProperty(
                interval_in_seconds=BACKUP_BUFFER_SECONDS, size_in_m_bs=BACKUP_BUFFER_MIB
            ),
            compression_format="GZIP",
            encryption_configuration=_Delivery.EncryptionConfigurationProperty(
                kms_encryption_config=_Delivery.KMSEncryptionConfigProperty(awskms_key_arn=at_rest.key.key_arn)
            ),
            cloud_watch_logging_options=self._logging("Backup"),
        )

    def _logging(self, construct_id: str) -> firehose.CfnDeliveryStream.CloudWatchLoggingOptionsProperty:
        stream = logs.LogStream(self, f"{construct_id}Errors", log_group=self._access.log_group)
        return _Delivery.CloudWatchLoggingOptionsProperty(
            enabled=True, log_group_name=self._access.log_group.log_group_name, log_stream_name=stream.log_stream_name
        )
