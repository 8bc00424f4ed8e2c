"""The bucket that services write their log files to."""

from __future__ import annotations

from typing import cast

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_wildcard
from components.at_rest import AtRest
from components.bucket import NO_REPLICATION, AccessLogBucket, bucket_of_services
from components.queue import FailingQueue

#: Where the server access logs of this bucket lie in theirs.
ACCESS_LOGS = "logs/"


class LogBucket(Construct):
    """Takes the log files of the account's services in this region, and tells a queue of each.

    S3 server access logs; load balancers (CLB, ALB, NLB); CloudTrail; Config; and what goes by vended log delivery (VPC, Transit
    Gateway and Route 53 Resolver logs, Network Firewall, WAF, CloudFront standard logging v2 and others).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        queue: FailingQueue,
        access_logs: AccessLogBucket,
        expire_after_days: int | None,
        at_rest: AtRest,
    ) -> None:
        """Days count from the object's creation; `None` leaves the object where it is."""
        super().__init__(scope, construct_id)
        self.bucket = bucket_of_services(self, expire_after_days=expire_after_days, removal_policy=at_rest.removal_policy)
        self._notify(queue)
        # The construct's own property would write the policy of a bucket in another stack, which would then need this one.
        bucket = cast(s3.CfnBucket, self.bucket.node.default_child)
        bucket.logging_configuration = s3.CfnBucket.LoggingConfigurationProperty(
            destination_bucket_name=access_logs.bucket.bucket_name, log_file_prefix=ACCESS_LOGS
        )
        self._let_services_write()
        acknowledge(self.bucket, NO_REPLICATION[0], reason=NO_REPLICATION[1])
        acknowledge(
            self.bucket,
            "NIST.800.53.R5-S3DefaultEncryptionKMS",
            reason="Server access logs and those of load balancers can only be delivered to a bucket with SSE-S3 (S3 user guide, "
            "'Enabling server access logging'; Application Load Balancers guide, 'Enable access logs').",
        )

    @property
    def name(self) -> str:
        return self.bucket.bucket_name

    def grant_read(self, role: iam.IRole) -> None:
        """Reading objects, also versions that are not the current one any more."""
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=["s3:GetObject", "s3:GetObjectVersion"], resources=[self.bucket.arn_for_objects("*")])
        )
        acknowledge_wildcard(
            role, self.bucket, self.bucket.bucket_arn, "/*", reason="Which objects there are the services decide that write."
        )

    def _notify(self, queue: FailingQueue) -> None:
        # By CloudFormation's own property: the construct's takes a function that may change any bucket's notifications.
        bucket = cast(s3.CfnBucket, self.bucket.node.default_child)
        bucket.notification_configuration = s3.CfnBucket.NotificationConfigurationProperty(
            queue_configurations=[
                s3.CfnBucket.QueueConfigurationProperty(event="s3:ObjectCreated:*", queue=queue.queue.queue_arn)
            ]
        )
        # S3 asks whether it may write to the queue when it is told of it.
        self.bucket.node.add_dependency(queue.queue)

    def _let_services_write(self) -> None:
        stack = Stack.of(self)
        own = {"StringEquals": {"aws:SourceAccount": stack.account}}
        everywhere = self.bucket.arn_for_objects("*")
        # The folder says whose files they are.
        files = self.bucket.arn_for_objects(f"*AWSLogs/{stack.account}/*")
        # S3 user guide, "Enabling Amazon S3 server access logging", permissions for log delivery.
        self._let("S3ServerAccessLogs", "logging.s3.amazonaws.com", "s3:PutObject", everywhere, own)
        # Elastic Load Balancing guides, "Enable access logs", bucket policy.
        self._let(
            "LoadBalancerLogs",
            "logdelivery.elasticloadbalancing.amazonaws.com",
            "s3:PutObject",
            files,
            {},
        )
        # CloudTrail user guide, "Amazon S3 bucket policy for CloudTrail"; Config developer guide, "Permissions for the Amazon S3
        # bucket".
        trails = {"ArnLike": {"aws:SourceArn": f"arn:{stack.partition}:cloudtrail:{stack.region}:{stack.account}:trail/*"}}
        owned = {"s3:x-amz-acl": "bucket-owner-full-control"}
        self._let("TrailAclCheck", "cloudtrail.amazonaws.com", "s3:GetBucketAcl", self.bucket.bucket_arn, trails)
        self._let("Trail", "cloudtrail.amazonaws.com", "s3:PutObject", files, {**trails, "StringEquals": owned})
        self._let("ConfigAclCheck", "config.amazonaws.com", "s3:GetBucketAcl", self.bucket.bucket_arn, own)
        self._let("ConfigExistenceCheck", "config.amazonaws.com", "s3:ListBucket", self.bucket.bucket_arn, own)
        self._let("Config", "config.amazonaws.com", "s3:PutObject", files, {"StringEquals": {**own["StringEquals"], **owned}})
        # CloudWatch Logs user guide, "Enabling logging from AWS services", logs sent to Amazon S3.
        delivered = {**own, "ArnLike": {"aws:SourceArn": f"arn:{stack.partition}:logs:{stack.region}:{stack.account}:*"}}
        delivery = "delivery.logs.amazonaws.com"
        self._let("VendedLogsAclCheck", delivery, "s3:GetBucketAcl", self.bucket.bucket_arn, delivered)
        full_control = {**own["StringEquals"], **owned}
        self._let("VendedLogs", delivery, "s3:PutObject", everywhere, {**delivered, "StringEquals": full_control})

    def _let(self, sid: str, service: str, action: str, resource: str, conditions: dict[str, dict[str, str]]) -> None:
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=[action],
                resources=[resource],
                conditions=conditions,
            )
        )
