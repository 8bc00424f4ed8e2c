"""The environment's encryption key, and how a role may use it."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class DataKey(Construct):
    """One customer-managed key for streams, buckets, table, domain, topic and log groups of an environment.

    One key, because all of it is the same data at different steps; what separates the steps are the roles' grants, each
    tied to the service the key is used through. The account's IAM policies decide about roles; the key policy names only
    the services that use the key in their own name.
    """

    def __init__(self, scope: Construct, construct_id: str, *, alias: str, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, construct_id)
        self.key = kms.Key(
            self,
            "Key",
            alias=f"alias/{alias}",
            description=f"Data at rest of {alias}",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self._let_cloudwatch_logs_encrypt()
        self._let_alarms_publish()

    def _let_cloudwatch_logs_encrypt(self) -> None:
        """Log groups are encrypted by the service itself, told apart by the encryption context (CloudWatch Logs user guide,
        "Encrypt log data using AWS KMS")."""
        stack = Stack.of(self)
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="LogGroupsOfThisAccount",
                principals=[iam.ServicePrincipal(f"logs.{stack.region}.amazonaws.com")],
                actions=["kms:Decrypt", "kms:Describe*", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
                resources=["*"],
                conditions={
                    "ArnLike": {
                        "kms:EncryptionContext:aws:logs:arn": stack.format_arn(service="logs", resource="log-group:*"),
                    }
                },
            )
        )

    def _let_alarms_publish(self) -> None:
        """An alarm writes to an encrypted topic only if the key allows it (SNS developer guide, "Key management")."""
        stack = Stack.of(self)
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {"aws:SourceArn": stack.format_arn(service="cloudwatch", resource="alarm:*")},
                },
            )
        )

    def let_flink_keep_state(self, applications: str) -> None:
        """Managed Service for Apache Flink encrypts snapshots and running state in its own name, told apart by the encryption
        context (developer guide, "Managing CMK using APIs"). `applications` is a pattern of their ARNs."""
        managing, running = "kinesisanalytics.amazonaws.com", "infrastructure.kinesisanalytics.amazonaws.com"
        context = {"ArnLike": {"kms:EncryptionContext:aws:kinesisanalytics:arn": applications}}
        described = {
            "StringEquals": {"aws:SourceAccount": Stack.of(self).account},
            "ArnLike": {"aws:SourceArn": applications},
        }
        granted = {
            **context,
            "StringEquals": {"kms:GrantConstraintType": "EncryptionContextSubset"},
            "ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"},
        }
        for sid, services, actions, conditions in (
            ("FlinkSeesKey", (managing, running), ["kms:DescribeKey"], described),
            ("FlinkKeepsSnapshots", (managing,), ["kms:Decrypt", "kms:GenerateDataKey"], context),
            ("FlinkKeepsRunningState", (running,), ["kms:Decrypt", "kms:GenerateDataKeyWithoutPlaintext"], context),
            ("FlinkGrantsRunningState", (running,), ["kms:CreateGrant"], granted),
        ):
            principals: list[iam.IPrincipal] = [iam.ServicePrincipal(name) for name in services]
            self.key.add_to_resource_policy(
                iam.PolicyStatement(sid=sid, principals=principals, actions=actions, resources=["*"], conditions=conditions)
            )

    def let_notify(self, sid: str, service: str, *, conditions: dict[str, dict[str, str]]) -> None:
        """Lets a service write to encrypted queues (S3 user guide, "Granting permissions to publish event notification messages
        to a destination"; EventBridge user guide, "Amazon SQS permissions"; SNS developer guide, "Key management")."""
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid=sid,
                principals=[iam.ServicePrincipal(service)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
                conditions=conditions,
            )
        )


def allow_key(role: iam.IRole, key: kms.IKey, *, through: str, actions: list[str]) -> None:
    """Lets a role use the key through one service only, for example `through="kinesis"`."""
    region = Stack.of(role).region
    role.add_to_principal_policy(
        iam.PolicyStatement(
            actions=actions,
            resources=[key.key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"{through}.{region}.amazonaws.com"}},
        )
    )
