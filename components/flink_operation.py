"""Starting and stopping Flink applications with their deployment: created, an application does nothing yet."""

from __future__ import annotations

from aws_cdk import ArnFormat, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from components.at_rest import AtRest
from components.flink_application import FlinkApplication
from components.flink_log import LOG_STREAM
from components.function import FunctionPlatform, PipelineFunction
from components.packaging import function_code

MEMORY_MIB = 256
#: Lambda's longest; what takes longer is gone on with by another invocation.
TIMEOUT_SECONDS = 900
#: The longest CloudFormation waits for a custom resource ("AWS::CloudFormation::CustomResource").
SERVICE_TIMEOUT = Duration.hours(1)
#: For the function's `failures_go_to`.
OPERATION_FAILURES = "CloudFormation calls it and waits: a failure, or no answer, fails the deployment and rolls it back."
#: For its platform's `outside`.
OUTSIDE_NETWORK = (
    "It calls the APIs of Managed Service for Apache Flink, CloudWatch Logs and Lambda during deployments, and touches no event: "
    "an interface endpoint for each would be there for minutes a month."
)

#: Developer guide, "Managing CMK using APIs": what who starts an application does with its key.
_KEY_ACTIONS = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"]
_VIA = "kms:ViaService"


class FlinkOperator(Construct):
    """The function that starts and stops the applications it is given, and says why one does not run."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, platform: FunctionPlatform) -> None:
        """`name` is the physical name."""
        super().__init__(scope, construct_id)
        self._at_rest: AtRest = platform.at_rest
        self.function = PipelineFunction(
            self,
            "Function",
            name=name,
            package="operate",
            description="Starts and stops Flink applications",
            code=function_code("operate"),
            platform=platform,
            memory_mib=MEMORY_MIB,
            timeout_seconds=TIMEOUT_SECONDS,
            variables={},
            failures_go_to=OPERATION_FAILURES,
        )
        # By name, because the function's policy must not need the function.
        itself = Stack.of(self).format_arn(
            service="lambda", resource="function", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        self._allow(["lambda:InvokeFunction"], itself)

    def run(self, application: FlinkApplication) -> CustomResource:
        """Has the application run from its creation on, in every version, until it is deleted."""
        self._allow(
            [
                "kinesisanalytics:DescribeApplication",
                "kinesisanalytics:DescribeApplicationOperation",
                "kinesisanalytics:ListApplicationOperations",
                "kinesisanalytics:StartApplication",
                "kinesisanalytics:StopApplication",
            ],
            application.arn,
        )
        self._allow(["logs:FilterLogEvents"], application.log_group.log_group_arn)
        self._allow_key(application)
        keep = self._at_rest.removal_policy is RemovalPolicy.RETAIN
        running = CustomResource(
            application,
            "Running",
            service_token=self.function.arn,
            resource_type="Custom::RunningFlinkApplication",
            service_timeout=SERVICE_TIMEOUT,
            properties={
                "Application": application.name,
                "Version": application.digest(),
                "AllowNonRestoredState": application.settings.allow_non_restored_state,
                "SnapshotOnDelete": keep,
                "LogGroup": application.log_group.log_group_name,
                "LogStream": LOG_STREAM,
            },
        )
        # It must be allowed, and the application have its log, before it is called. And an application is stopped before what it
        # needs is taken away.
        running.node.add_dependency(self.function, application.role, application.application, application.logging)
        return running

    def _allow_key(self, application: FlinkApplication) -> None:
        """As in the developer guide, "Managing CMK using APIs"."""
        region = Stack.of(self).region
        used_for = {
            _VIA: f"kinesisanalytics.{region}.amazonaws.com",
            "kms:EncryptionContext:aws:kinesisanalytics:arn": application.arn,
        }
        self._allow(["kms:DescribeKey"], self._at_rest.key.key_arn, StringEquals={_VIA: used_for[_VIA]})
        self._allow(_KEY_ACTIONS, self._at_rest.key.key_arn, StringEquals=used_for)
        self._allow(
            ["kms:CreateGrant"],
            self._at_rest.key.key_arn,
            StringEquals={**used_for, "kms:GrantConstraintType": "EncryptionContextSubset"},
            **{"ForAllValues:StringEquals": {"kms:GrantOperations": "Decrypt"}},
        )

    def _allow(self, actions: list[str], resource: str, **conditions: dict[str, str]) -> None:
        self.function.role.add_to_policy(iam.PolicyStatement(actions=actions, resources=[resource], conditions=conditions))
