"""The role a Firehose stream acts with, and where it says what it could not deliver."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from components.acknowledge import acknowledge_inline_policy
from components.at_rest import AtRest
from components.function import PipelineFunction
from components.key import allow_key


class DeliveryRole(Construct):
    """The role of one Firehose stream, and its log of failed deliveries."""

    def __init__(self, scope: Construct, construct_id: str, *, description: str, at_rest: AtRest) -> None:
        super().__init__(scope, construct_id)
        self.log_group = at_rest.log_group(self, "Logs")
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("firehose.amazonaws.com"), description=description)
        self.role.add_to_policy(iam.PolicyStatement(actions=["logs:PutLogEvents"], resources=[self.log_group.log_group_arn]))
        acknowledge_inline_policy(self.role)

    def grant_processor(self, function: PipelineFunction) -> None:
        """Lets Firehose call its processor (Firehose developer guide, "Grant Firehose access to a Lambda function")."""
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"], resources=[function.arn])
        )

    def grant_secret(self, secret: secretsmanager.ISecret) -> None:
        """Lets Firehose read this one secret, and decrypt it where it has a key of its own (Firehose developer guide, "Grant
        access to Firehose to retrieve the secret")."""
        self.role.add_to_policy(iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[secret.secret_arn]))
        if secret.encryption_key:
            allow_key(self.role, secret.encryption_key, through="secretsmanager", actions=["kms:Decrypt"])
