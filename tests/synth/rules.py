"""What the rule packs and cfn-lint say of synthesized templates."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from cfnlint.config import ConfigMixIn  # type: ignore[import-untyped]  # cfn-lint ships no types
from cfnlint.runner import Runner  # type: ignore[import-untyped]  # cfn-lint ships no types

#: A dependency stated although a reference implies it: the construct library adds them wholesale, and they do no harm.
NOT_APPLIED = ["W3005"]


def findings(directory: Path) -> dict[str, set[tuple[str, str]]]:
    """Rule pack → (rule, construct path) of what is open."""
    report = json.loads((directory / "validation-report.json").read_text(encoding="utf-8"))
    return {
        plugin["pluginName"]: {
            (violation["ruleName"], construct["constructPath"])
            for violation in plugin["violations"]
            for construct in violation["violatingConstructs"]
        }
        for plugin in report["pluginReports"]
    }


def lint(templates: Iterable[Path]) -> list[str]:
    """What cfn-lint finds in them."""
    options = ["--regions", "us-east-1", "--ignore-checks", *NOT_APPLIED]
    return [str(match) for match in Runner(ConfigMixIn(["--template", *map(str, templates), *options])).run()]
