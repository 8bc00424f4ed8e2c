"""Who hears of trouble."""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from components.at_rest import AtRest
from components.topic import AlertTopic
from config.model import Environment


class AlertingStack(Stack):
    """Exposes `alerts`, the topic alarms publish to."""

    def __init__(self, scope: Construct, construct_id: str, *, environment: Environment, at_rest: AtRest) -> None:
        super().__init__(
            scope,
            construct_id,
            description="Weir: the alert topic",
            termination_protection=environment.removal.deletion_protection,
        )
        self.alerts = AlertTopic(self, "Alerts", settings=environment.alerting, at_rest=at_rest)
        CfnOutput(self, "AlertTopic", value=self.alerts.topic.topic_arn)
