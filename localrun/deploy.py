"""Deploying into the embedded AWS as into a real account: the CDK command line, the bootstrap stack, and an assumed role.

The role may do nothing but assume the bootstrap roles, as in AWS's own advice for deployment pipelines (CDK developer guide,
"Bootstrapping": minimal permissions for deployment).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from botocore.exceptions import WaiterError

from flink.build import fingerprint
from localrun.aws import ACCOUNT, program_environment, role_credentials, session
from localrun.errors import LocalRunError
from localrun.paths import PROJECT, cache_dir, write_atomically
from localrun.processes import describe_exit
from localrun.tools import Tools, last_lines

NODE_DIRECTORY = PROJECT / "cli" / "node"
NODE_LOCK = NODE_DIRECTORY / "package-lock.json"
CDK = NODE_DIRECTORY / "node_modules" / ".bin" / "cdk"
DEPLOYER = "weir-deployer"
TOOLKIT = "CDKToolkit"
#: What `cdk bootstrap` lets CloudFormation do where nothing else is asked for.
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
#: All a synth reads, the versions of what it runs on among it.
ASSEMBLY_INPUTS = (
    *("app.py", "cdk.json", "components", "config", "lake", "lambdas", "search", "stacks"),
    *("requirements.txt", "cli/node/package-lock.json"),
)
#: The names CDK's bootstrap gives its roles (CDK developer guide, "Customize bootstrapping": default qualifier).
BOOTSTRAP_ROLES = f"arn:aws:iam::{ACCOUNT}:role/cdk-hnb659fds-*"
#: Keys of the outputs CDK adds where one stack uses another's resource.
CDK_EXPORT = "ExportsOutput"
#: A hung custom resource would otherwise hold the deployment for its own hour.
DEPLOY_SECONDS = 300.0
SYNTH_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Deployment:
    """What to deploy, and where to."""

    environment: str
    endpoint: str
    directory: Path
    """Kept between runs, so that what was bundled once is used again."""
    project: Path = PROJECT
    """Where cdk.json is."""

    @property
    def assembly(self) -> Path:
        return self.directory / "cdk.out"

    @property
    def stack_prefix(self) -> str:
        return f"weir-{self.environment}-"


def prepare(tools: Tools) -> None:
    """Install the pinned CDK command line where the launcher has not. Raises LocalRunError."""
    if CDK.exists():
        return
    tools.report("installing the CDK command line")
    npm = Path(sys.executable).parent / "npm"
    code, output = tools.output(
        "npm", [npm, "ci", "--no-fund", "--no-audit"], os.environ | {"PATH": path_with_node()}, cwd=NODE_DIRECTORY
    )
    if code:
        raise LocalRunError(f"npm failed ({describe_exit(code)}); check the network, then run it again:\n{last_lines(output)}")


def synthesize(deployment: Deployment, tools: Tools) -> None:
    """Write the cloud assembly, unless it is there already, made of the same files by the same Python.

    Raises LocalRunError with the words of what refused it.
    """
    stamp = deployment.directory / "assembly-inputs"
    inputs = assembly_inputs(deployment)
    if stamp.exists() and stamp.read_text() == inputs and (deployment.assembly / "manifest.json").exists():
        return
    stamp.unlink(missing_ok=True)
    tools.report("synthesizing the templates")
    arguments = ("synth", "--quiet", "--context", f"env={deployment.environment}", "--output", deployment.assembly)
    code, output = cdk(deployment, tools, "synth", arguments, SYNTH_SECONDS)
    if code:
        raise LocalRunError(f"the environment `{deployment.environment}` cannot be synthesized:\n{last_lines(output)}")
    stamp.write_text(inputs)


def assembly_inputs(deployment: Deployment) -> str:
    """Hash of all a synth reads: app.py looks at nothing but files, so the same files give the same templates."""
    digest = hashlib.sha256(f"{deployment.environment}\0{sys.version}\0{platform.machine()}\0{fingerprint()}".encode())
    for name in ASSEMBLY_INPUTS:
        path = deployment.project / name
        files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in files:
            if "__pycache__" not in file.parts:
                content = file.read_bytes()
                digest.update(f"{file.relative_to(deployment.project)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def bootstrap(deployment: Deployment, tools: Tools) -> None:
    """Prepare the account for CDK, and make the role that deploys. Raises LocalRunError."""
    cloudformation = session(deployment.endpoint).client("cloudformation")
    cloudformation.create_stack(
        StackName=TOOLKIT,
        TemplateBody=bootstrap_template(deployment, tools),
        Parameters=[{"ParameterKey": "CloudFormationExecutionPolicies", "ParameterValue": ADMINISTRATOR}],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=TOOLKIT, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    except WaiterError as error:
        raise failure("bootstrap", str(error), str(error), deployment, TOOLKIT) from error
    iam = session(deployment.endpoint).client("iam")
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": BOOTSTRAP_ROLES}
    iam.create_role(RoleName=DEPLOYER, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [root]}))
    iam.put_role_policy(
        RoleName=DEPLOYER, PolicyName="deploy", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [assume]})
    )


def bootstrap_template(deployment: Deployment, tools: Tools) -> str:
    """The command line's own bootstrap template, asked for once and kept for its version. Raises LocalRunError."""
    kept = cache_dir() / f"bootstrap-{hashlib.sha256(NODE_LOCK.read_bytes()).hexdigest()[:12]}.yaml"
    if not kept.exists():
        # Outside the project, or the command line would synthesize it first.
        arguments = ("bootstrap", "--show-template")
        code, output = cdk(deployment, tools, "bootstrap", arguments, DEPLOY_SECONDS, cwd=deployment.directory)
        if code:
            raise LocalRunError(
                f"the CDK command line gives no bootstrap template ({describe_exit(code)}):\n{last_lines(output)}"
            )
        write_atomically(kept, output)
    return kept.read_text()


def deploy(deployment: Deployment, tools: Tools) -> dict[str, dict[str, str]]:
    """Deploy every stack of the assembly as the deployer role; returns the stack outputs by pipeline step.

    Raises LocalRunError with CloudFormation's reasons.
    """
    outputs = deployment.directory / "outputs.json"
    outputs.unlink(missing_ok=True)
    role = role_credentials(deployment.endpoint, f"arn:aws:iam::{ACCOUNT}:role/{DEPLOYER}", "weir-up")
    arguments = (
        # `--all` means the stacks outside any stage.
        *(
            "deploy",
            f"weir-{deployment.environment}/*",
            "--app",
            deployment.assembly,
            "--require-approval",
            "never",
            "--method",
            "direct",
        ),
        *("--concurrency", "4", "--progress", "events", "--outputs-file", outputs),
    )
    code, output = cdk(deployment, tools, "deploy", arguments, DEPLOY_SECONDS, credentials=role)
    if code:
        raise failure("deployment", describe_exit(code), output, deployment, deployment.stack_prefix)
    return by_step(json.loads(outputs.read_text()), deployment.stack_prefix)


def by_step(outputs: dict[str, dict[str, str]], stack_prefix: str) -> dict[str, dict[str, str]]:
    """The command line's outputs file, `{stack name: {key: value}}`, by pipeline step and without CDK's own links of stacks."""
    return {
        stack.removeprefix(stack_prefix): {key: value for key, value in values.items() if not key.startswith(CDK_EXPORT)}
        for stack, values in outputs.items()
    }


def cdk(
    deployment: Deployment,
    tools: Tools,
    name: str,
    arguments: tuple[str | Path, ...],
    timeout: float,
    *,
    cwd: Path | None = None,
    credentials: dict[str, str] | None = None,
) -> tuple[int, str]:
    environment = program_environment(deployment.endpoint, credentials) | {
        "PATH": path_with_node(),
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Minutes of CPU a run over what the project's tests check once; see docs/architecture.md.
        "CDK_VALIDATION": "false",
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "1",
    }
    command = (CDK, *arguments, "--ci", "--no-color", "--no-notices", "--no-version-reporting")
    return tools.output(name, command, environment, cwd=cwd or deployment.project, timeout=timeout)


def path_with_node() -> str:
    """PATH with the project's own environment first: its Python, and the Node that is a package of it."""
    return os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)))


def failure(what: str, ending: str, output: str, deployment: Deployment, stack_prefix: str) -> LocalRunError:
    """The error of a failed deployment: CloudFormation's own reasons, or else the end of the command line's output."""
    reasons = "\n".join(failed_resources(deployment.endpoint, stack_prefix))
    return LocalRunError(f"the {what} failed ({ending}):\n{reasons or last_lines(output)}")


def failed_resources(endpoint: str, stack_prefix: str) -> Iterator[str]:
    """One line for every resource that failed by itself, not because another one had."""
    cloudformation = session(endpoint).client("cloudformation")
    for stack in cloudformation.describe_stacks()["Stacks"]:
        if not stack["StackName"].startswith(stack_prefix):
            continue
        for event in reversed(cloudformation.describe_stack_events(StackName=stack["StackName"])["StackEvents"]):
            reason = event.get("ResourceStatusReason", "")
            if event.get("ResourceStatus", "").endswith("_FAILED") and "cancelled" not in reason:
                yield f"{stack['StackName']}: {event['LogicalResourceId']} ({event['ResourceType']}): {reason}"
