"""How everything an environment stores is encrypted, kept and removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class AtRest:
    """Decided once an environment, the same for all that stores something."""

    key: kms.IKey
    log_retention_days: int
    """How long CloudWatch Logs keeps what the pipeline's parts say about themselves."""
    removal_policy: RemovalPolicy
    deletion_protection: bool

    def log_group(self, scope: Construct, construct_id: str) -> logs.LogGroup:
        """An encrypted log group with the environment's retention."""
        group = logs.LogGroup(scope, construct_id, encryption_key=self.key, removal_policy=self.removal_policy)
        # The construct's own property is an enumeration; the days are checked against what CloudWatch accepts already.
        cast(logs.CfnLogGroup, group.node.default_child).retention_in_days = self.log_retention_days
        return group
