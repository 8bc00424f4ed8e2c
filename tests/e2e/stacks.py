"""Changing a deployed stack while the pipeline runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from localrun.aws import session
from localrun.state import State
from topology.assembly import Assembly


@contextmanager
def template(pipeline: State, stack: str, meanwhile: Assembly, own: Assembly) -> Iterator[None]:
    """A stack with another template, and its own again afterwards."""
    update(pipeline, stack, meanwhile)
    try:
        yield
    finally:
        update(pipeline, stack, own)


def update(pipeline: State, stack: str, assembly: Assembly) -> None:
    cloudformation = session(pipeline.endpoints.aws).client("cloudformation")
    body = json.dumps(assembly.stacks[stack].template)
    cloudformation.update_stack(StackName=stack, TemplateBody=body, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"])
    cloudformation.get_waiter("stack_update_complete").wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
