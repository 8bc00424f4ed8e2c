"""A function of the pipeline, and what the functions of one stack share."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from components.acknowledge import acknowledge, acknowledge_any_resource, acknowledge_inline_policy
from components.at_rest import AtRest
from components.network import PrivateNetwork
from components.packaging import common_code, dependencies_code
from config.model import Functions

#: Of the metrics that functions report themselves; their dimension `service` is the function's package.
METRICS_NAMESPACE = "Weir"

#: Why functions have no network where an environment has none.
PUBLIC = "The environment says `network.vpc: false`: everything the function calls has a public endpoint guarded by IAM."

#: A function inside a VPC manages its network interfaces; EC2 offers no narrower resource for these (Lambda developer
#: guide, "Giving Lambda functions access to resources in an Amazon VPC": required permissions).
_NETWORK_INTERFACE_ACTIONS = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]


class FunctionPlatform(Construct):
    """What the functions of one stack share: runtime, layers, network, and how their logs are kept.

    Each stack has its own layers: a layer version is replaced with every change, and CloudFormation refuses to replace
    what another stack imports.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Functions,
        network: PrivateNetwork | None,
        at_rest: AtRest,
        outside: str = PUBLIC,
    ) -> None:
        """`outside` says why functions without a network have none."""
        super().__init__(scope, construct_id)
        self.settings = settings
        self.network = network
        self.outside = outside
        self.at_rest = at_rest
        # Made from the version: the construct library names a new runtime later than Lambda offers it.
        self.runtime = lambda_.Runtime(f"python{settings.python}", lambda_.RuntimeFamily.PYTHON)
        self.architecture = lambda_.Architecture.ARM_64 if settings.architecture == "arm64" else lambda_.Architecture.X86_64
        self.layers: list[lambda_.ILayerVersion] = [
            self._layer("Common", common_code()),
            self._layer("Dependencies", dependencies_code(python=settings.python, architecture=settings.architecture)),
        ]

    def _layer(self, construct_id: str, code: lambda_.Code) -> lambda_.LayerVersion:
        return lambda_.LayerVersion(
            self,
            construct_id,
            code=code,
            description=f"Weir, {construct_id.lower()}",
            compatible_runtimes=[self.runtime],
            compatible_architectures=[self.architecture],
        )


class PipelineFunction(Construct):
    """A Python function with its own role and log group. It may write its log and its traces; the stack grants the rest."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        package: str,
        description: str,
        code: lambda_.Code,
        platform: FunctionPlatform,
        memory_mib: int,
        timeout_seconds: int,
        variables: Mapping[str, str],
        failures_go_to: str,
    ) -> None:
        """`name` is the physical name; `package` holds the handler, and names the service in logs and metrics;
        `variables` join the environment variables every function has; `failures_go_to` says where what the function cannot
        process ends, since none has a dead-letter queue of its own."""
        super().__init__(scope, construct_id)
        settings, network = platform.settings, platform.network
        self.log_group = platform.at_rest.log_group(self, "Logs")
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=f"{name}: {description}"
        )
        self._grant_own_log()
        if network:
            self._grant_network_interfaces()
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            description=description,
            code=code,
            handler=f"{package}.handler.handler",
            runtime=platform.runtime,
            architecture=platform.architecture,
            layers=platform.layers,
            memory_size=memory_mib,
            timeout=Duration.seconds(timeout_seconds),
            environment={
                "POWERTOOLS_SERVICE_NAME": package,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "POWERTOOLS_LOG_LEVEL": settings.log_level,
                **variables,
            },
            role=self.role,
            log_group=self.log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            tracing=lambda_.Tracing.ACTIVE,
            vpc=network.vpc if network else None,
            vpc_subnets=ec2.SubnetSelection(subnets=network.subnets) if network else None,
            security_groups=[network.function_security_group] if network else None,
        )
        self._acknowledge(failures_go_to=failures_go_to, outside=None if network else platform.outside)

    @property
    def name(self) -> str:
        return self.function.function_name

    @property
    def arn(self) -> str:
        return self.function.function_arn

    def _grant_own_log(self) -> None:
        # The managed policy for this lets a function write to every log group of the account.
        self.role.add_to_policy(
            iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self.log_group.log_group_arn])
        )

    def _grant_network_interfaces(self) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=_NETWORK_INTERFACE_ACTIONS, resources=["*"]))

    def _acknowledge(self, *, failures_go_to: str, outside: str | None) -> None:
        acknowledge_inline_policy(self.role)
        acknowledge_any_resource(
            self.role,
            reason="X-Ray's PutTraceSegments and PutTelemetryRecords, and a VPC function's network interface actions, know "
            "no narrower resource (service authorization reference).",
        )
        acknowledge(
            self.function,
            "AwsSolutions-L1",
            "Serverless-LambdaLatestVersion",
            reason="The runtime is a value of the environment: the newest the locked dependencies are tested with.",
        )
        acknowledge(self.function, "NIST.800.53.R5-LambdaDLQ", "Serverless-LambdaDLQ", reason=failures_go_to)
        acknowledge(
            self.function,
            "NIST.800.53.R5-LambdaConcurrency",
            reason="Its caller bounds it (a mapping by shards × parallelization factor, Firehose by its buffers); a "
            "reservation would throttle it after a stream has grown.",
        )
        if outside:
            acknowledge(self.function, "NIST.800.53.R5-LambdaInsideVPC", reason=outside)
