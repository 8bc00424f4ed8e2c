"""The S3 buckets: the data, and the logs of who touched it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_wildcard
from components.at_rest import AtRest
from components.key import allow_key

#: Server access logs answer "who read this object" for a quarter.
ACCESS_LOG_DAYS = 90
#: An upload that has not finished after a week never will; its parts are billed until then.
ABORT_UPLOAD_DAYS = 7
#: The pipeline never overwrites an object: an old version is somebody's mistake, kept long enough to undo it.
OLD_VERSION_DAYS = 30

NO_REPLICATION = (
    "NIST.800.53.R5-S3BucketReplicationEnabled",
    "S3 keeps each object in three availability zones; a copy in another region is not part of what Weir promises.",
)


def bucket_of_services(scope: Construct, *, expire_after_days: int | None, removal_policy: RemovalPolicy) -> s3.Bucket:
    """A bucket that AWS services write their logs to. Those that write server access logs, and load balancers, support no
    customer-managed key."""
    return s3.Bucket(
        scope,
        "Bucket",
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        versioned=True,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="expire",
                expiration=Duration.days(expire_after_days) if expire_after_days else None,
                noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
                abort_incomplete_multipart_upload_after=Duration.days(ABORT_UPLOAD_DAYS),
            )
        ],
        removal_policy=removal_policy,
    )


class AccessLogBucket(Construct):
    """Receives the server access logs of the data buckets."""

    def __init__(self, scope: Construct, construct_id: str, *, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.bucket = bucket_of_services(self, expire_after_days=ACCESS_LOG_DAYS, removal_policy=removal_policy)
        acknowledge(self.bucket, NO_REPLICATION[0], reason=NO_REPLICATION[1])
        acknowledge(
            self.bucket,
            "NIST.800.53.R5-S3DefaultEncryptionKMS",
            reason="Server access logs can only be delivered to a bucket with SSE-S3 (S3 user guide, 'Enabling server access "
            "logging').",
        )

    def let_in(self, prefix: str) -> None:
        """Lets any bucket of the account log below `prefix`: for one of another stack, whose own name this one cannot know (S3
        user guide, "Enabling Amazon S3 server access logging": permissions for log delivery)."""
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("logging.s3.amazonaws.com")],
                actions=["s3:PutObject"],
                resources=[self.bucket.arn_for_objects(f"{prefix}*")],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )


class DataBucket(Construct):
    """Log data at rest: encrypted with the environment's key, TLS only, versioned, access logged, never public."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        at_rest: AtRest,
        access_logs: AccessLogBucket,
        infrequent_access_after_days: int | None,
        expire_after_days: int | None,
        temporary: Mapping[str, int] | None = None,
    ) -> None:
        """Days count from the object's creation; `None` leaves the object where it is. `temporary` are folders whose objects
        expire after days of their own."""
        super().__init__(scope, construct_id)
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=at_rest.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            server_access_logs_bucket=access_logs.bucket,
            server_access_logs_prefix=f"{construct_id.lower()}/",
            lifecycle_rules=[
                _lifecycle(infrequent_access_after_days, expire_after_days),
                *(_temporary(folder, days) for folder, days in (temporary or {}).items()),
            ],
            removal_policy=at_rest.removal_policy,
        )
        acknowledge(self.bucket, NO_REPLICATION[0], reason=NO_REPLICATION[1])
        self._key = at_rest.key

    @property
    def name(self) -> str:
        return self.bucket.bucket_name

    @property
    def arn(self) -> str:
        return self.bucket.bucket_arn

    def grant_deliver(self, role: iam.IRole, *, prefixes: list[str]) -> None:
        """What Firehose needs to write objects under the prefixes (Firehose developer guide, "Grant Firehose access to an
        Amazon S3 destination"); without GetObject, because nothing is appended to an object."""
        self._grant_bucket(role)
        self._grant_objects(role, ["s3:AbortMultipartUpload", "s3:PutObject"], prefixes)
        allow_key(role, self._key, through="s3", actions=["kms:Decrypt", "kms:GenerateDataKey"])

    def grant_stage(self, role: iam.IRole) -> None:
        """What Firehose needs to leave objects for Redshift's COPY and to let it read them (Firehose developer guide, "Grant
        Firehose access to an Amazon Redshift destination"): anywhere in the bucket, because the guide names no place for the
        manifests that go with them."""
        self._grant_bucket(role)
        self._grant_objects(role, ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [])
        allow_key(role, self._key, through="s3", actions=["kms:Decrypt", "kms:GenerateDataKey"])

    def grant_build(self, role: iam.IRole, *, folder: str) -> None:
        """What a Studio notebook needs to leave what it built of a note in the folder, and to find it there again (Managed
        Service for Apache Flink developer guide, "Tutorial: Deploy as an application with durable state", which says no more than
        that it reads and writes the bucket)."""
        self._grant_bucket(role)
        self._grant_objects(role, ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"], [folder])
        allow_key(role, self._key, through="s3", actions=["kms:Decrypt", "kms:GenerateDataKey"])

    def grant_tables(self, role: iam.IRole, *, folder: str) -> None:
        """What Firehose needs to change the Iceberg tables that lie in the folder (Firehose developer guide, "Grant Firehose
        access to an Apache Iceberg Tables destination")."""
        self._grant_bucket(role)
        actions = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        self._grant_objects(role, actions, [folder])
        allow_key(role, self._key, through="s3", actions=["kms:Decrypt", "kms:GenerateDataKey"])

    def grant_quarantine(self, role: iam.IRole) -> None:
        """What an event source mapping needs to leave a failed batch (Lambda developer guide, "Retaining records of failed
        invocations": an S3 destination), where it always does."""
        role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.arn]))
        self._grant_objects(role, ["s3:PutObject"], ["aws/lambda"])
        allow_key(role, self._key, through="s3", actions=["kms:GenerateDataKey"])

    def _grant_bucket(self, role: iam.IRole) -> None:
        role.add_to_principal_policy(
            iam.PolicyStatement(
                actions=["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], resources=[self.arn]
            )
        )

    def grant_store(self, role: iam.IRole, *, prefix: str) -> None:
        """Writing objects under a prefix, and nothing else."""
        self._grant_objects(role, ["s3:PutObject"], [prefix])
        allow_key(role, self._key, through="s3", actions=["kms:GenerateDataKey"])

    def grant_read(self, role: iam.IRole, *, keys: Sequence[str]) -> None:
        """Reading these objects, and nothing else: not listing either, so that S3 says of a missing one that it is denied."""
        objects = [self.bucket.arn_for_objects(key) for key in keys]
        role.add_to_principal_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=objects))
        allow_key(role, self._key, through="s3", actions=["kms:Decrypt"])

    def _grant_objects(self, role: iam.IRole, actions: list[str], prefixes: list[str]) -> None:
        """Objects below the prefixes; all objects when there are none."""
        patterns = [f"{prefix}/*" for prefix in prefixes] or ["*"]
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=actions, resources=[self.bucket.arn_for_objects(pattern) for pattern in patterns])
        )
        acknowledge_wildcard(
            role,
            self.bucket,
            self.arn,
            *(f"/{pattern}" for pattern in patterns),
            reason="The rest of an object's key is made of the time and a random part when it is written.",
        )


def _temporary(folder: str, days: int) -> s3.LifecycleRule:
    return s3.LifecycleRule(
        id=folder,
        prefix=f"{folder}/",
        expiration=Duration.days(days),
        noncurrent_version_expiration=Duration.days(1),
    )


def _lifecycle(infrequent_access_after_days: int | None, expire_after_days: int | None) -> s3.LifecycleRule:
    transitions = (
        [
            s3.Transition(
                storage_class=s3.StorageClass.INFREQUENT_ACCESS,
                transition_after=Duration.days(infrequent_access_after_days),
            )
        ]
        if infrequent_access_after_days
        else None
    )
    return s3.LifecycleRule(
        id="age",
        transitions=transitions,
        expiration=Duration.days(expire_after_days) if expire_after_days else None,
        noncurrent_version_expiration=Duration.days(OLD_VERSION_DAYS),
        abort_incomplete_multipart_upload_after=Duration.days(ABORT_UPLOAD_DAYS),
    )
