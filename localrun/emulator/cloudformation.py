"""CloudFormation: what MiniStack refuses and this run can do without, accepted. Each is named in `limits`."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services.cloudformation import provisioners

from localrun.emulator.layout import require


def correct() -> None:
    accept_metric_math_alarms()


def accept_metric_math_alarms() -> None:
    """MiniStack evaluates alarms on one metric, and fails the stack on one that computes with several."""
    handler = require(provisioners, "_RESOURCE_HANDLERS")["AWS::CloudWatch::Alarm"]
    physical_name = require(provisioners, "_physical_name")
    original = handler["create"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        if "Metrics" not in properties:
            return original(logical_id, properties, stack_name)
        name = properties.get("AlarmName") or physical_name(stack_name, logical_id)
        return name, {"Arn": f"arn:aws:cloudwatch:{get_region()}:{get_account_id()}:alarm:{name}"}

    handler["create"] = create
