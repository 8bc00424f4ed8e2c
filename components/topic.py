"""The topic alarms speak through."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from components.acknowledge import acknowledge
from components.at_rest import AtRest
from config.model import Alerting


class AlertTopic(Construct):
    """An encrypted topic that accepts TLS only, with the environment's subscribers."""

    def __init__(self, scope: Construct, construct_id: str, *, settings: Alerting, at_rest: AtRest) -> None:
        super().__init__(scope, construct_id)
        self.topic = sns.Topic(self, "Topic", display_name="Weir alerts", master_key=at_rest.key, enforce_ssl=True)
        # The policy that refuses plain HTTP replaces the topic's default one, which had let alarms in.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}},
            )
        )
        for email in settings.emails:
            subscription = self.topic.add_subscription(subscriptions.EmailSubscription(email))
            acknowledge(
                subscription,
                "Serverless-SNSRedrivePolicy",
                reason="A mail only repeats the alarm's state, which stays in CloudWatch: nobody reads a queue of lost mails.",
            )
