"""The embedded AWS without the rest of a pipeline."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3

from localrun import embedded_aws
from localrun.aws import session
from localrun.paths import PROJECT, make_directory
from localrun.processes import ProcessGroups, free_ports
from localrun.tools import Tools

NOWHERE = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Emulator:
    endpoint: str
    python: Path

    @property
    def session(self) -> boto3.Session:
        return session(self.endpoint)

    def get(self, path: str, method: str = "GET") -> Any:
        with urllib.request.urlopen(urllib.request.Request(self.endpoint + path, method=method), timeout=10) as answer:
            return json.load(answer)

    def deploy(self, name: str, resources: dict[str, Any]) -> None:
        cloudformation = self.session.client("cloudformation")
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        """A program on the emulator's own interpreter, beside it."""
        command = [str(self.python), "-c", program]
        return subprocess.run(command, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, timeout=60)

    def said(self, program: str) -> str:
        """What such a program prints that ends well."""
        done = self.run(program)
        assert done.returncode == 0, done.stderr
        return done.stdout


def start(groups: ProcessGroups, directory: Path, search: str = NOWHERE) -> Emulator:
    """`search` is the node behind its domains."""
    python = embedded_aws.prepare(Tools(groups, make_directory(directory), print))
    (port,) = free_ports(1)
    emulator = embedded_aws.Emulator(python, port, directory / "emulator", search)
    embedded_aws.start(emulator, groups, directory / "emulator.log")
    return Emulator(emulator.endpoint, python)
