"""The rule packs and cfn-lint find nothing open, and what is acknowledged is really found, with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import IConstruct

import components.acknowledge
from app import build_app
from config.loader import load_environment
from tests.synth.rules import findings, lint
from tests.synth.synthesized import NO_BUNDLING, Pipeline
from tests.synth.test_app import steps_of

PACKS = {"AwsSolutions", "Serverless", "NIST.800.53.R5"}


def test_the_rule_packs_find_nothing_open(pipeline: Pipeline) -> None:
    assert findings(pipeline.directory) == {}


def test_all_three_packs_look_at_every_stack(tmp_path: Path) -> None:
    app = build_app(load_environment("dev"), outdir=str(tmp_path), context=NO_BUNDLING)
    careless = cdk.Stack(app, "careless")
    s3.Bucket(careless, "Bucket")
    code = lambda_.Code.from_inline("def handler(event, context): ...")
    lambda_.Function(careless, "Function", runtime=lambda_.Runtime.PYTHON_3_9, handler="index.handler", code=code)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    found = findings(tmp_path)
    assert set(found) == PACKS
    for pack, open_findings in found.items():
        assert {path.partition("/")[0] for _, path in open_findings} == {"careless"}, pack
    assert ("AwsSolutions-S1", "careless/Bucket/Resource") in found["AwsSolutions"]


class Recorder:
    """Stands in for the library's acknowledgements: keeps them, and accepts nothing."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str]] = []

    def of(self, construct: IConstruct) -> Recorder:
        self._path = construct.node.path
        return self

    def acknowledge(self, *rules: cdk.Acknowledgment) -> None:
        self.kept += [(self._path, rule.id, rule.reason) for rule in rules]


@pytest.fixture(scope="module")
def unacknowledged(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[tuple[str, str, str]], set[tuple[str, str]]]:
    """What is acknowledged (path, rule, reason), and what the packs find when it is not, in the environments that differ
    most; `{}` stands for the environment."""
    recorder, found = Recorder(), set()
    for name in ("local", "dev", "prod"):
        directory = tmp_path_factory.mktemp(f"open-{name}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(components.acknowledge, "Validations", recorder)
            app = build_app(load_environment(name), outdir=str(directory), context=NO_BUNDLING)
        with pytest.raises(RuntimeError, match="ValidationFailed"):
            app.synth()
        pairs = {pair for pack in findings(directory).values() for pair in pack}
        found |= {(rule.replace(f"weir-{name}-", "{}"), path.replace(f"weir-{name}/", "{}/")) for rule, path in pairs}
        recorder.kept = [
            (path.replace(f"weir-{name}/", "{}/"), rule.replace(f"weir-{name}-", "{}"), reason)
            for path, rule, reason in recorder.kept
        ]
    return recorder.kept, found


def test_every_acknowledgement_is_of_something_found(unacknowledged: Any) -> None:
    kept, found = unacknowledged
    stale = {
        (path, rule) for path, rule, _ in kept if not any(rule == each and where.startswith(f"{path}/") for each, where in found)
    }
    assert stale == set()


def test_every_acknowledgement_says_why(unacknowledged: Any) -> None:
    kept, _ = unacknowledged
    assert len(kept) > 30
    for path, rule, reason in kept:
        assert len(reason.split()) >= 8, f"{path}: {rule}: {reason}"


def test_nothing_is_acknowledged_for_a_whole_stack(unacknowledged: Any) -> None:
    kept, _ = unacknowledged
    assert [path for path, _, _ in kept if path.count("/") < 2] == []


def test_cfn_lint_finds_nothing(pipeline: Pipeline) -> None:
    templates = sorted(pipeline.directory.glob("assembly-*/*.template.json"))
    assert len(templates) == len(steps_of(pipeline))
    assert lint(templates) == []
