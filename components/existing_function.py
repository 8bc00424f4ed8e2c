"""A function of elsewhere in the account that reads a stream of the pipeline."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from components.acknowledge import acknowledge_inline_policy
from config.model import ExistingFunction as Settings


class ExistingFunction(Construct):
    """The function and its role, which gets what reading takes as a policy of its own. Nothing else of it is changed."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        self.role: iam.IRole = iam.Role.from_role_arn(self, "Role", settings.role)
        self.function: lambda_.IFunction = lambda_.Function.from_function_attributes(
            self, "Function", function_arn=settings.arn, role=self.role, same_environment=True
        )
        acknowledge_inline_policy(self)
