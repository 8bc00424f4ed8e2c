"""Managed Service for Apache Flink: what was deployed laid open to `localrun.flink`, which runs it.

MiniStack keeps applications and what is asked of them, and cannot list them.
"""

from __future__ import annotations

from typing import Any

from ministack.services import kinesisanalyticsv2 as service

from localrun.emulator.layout import require


def correct() -> None:
    for name in ("_applications", "_snapshots", "_settle", "application_detail"):
        require(service, name)


def applications() -> list[dict[str, Any]]:
    """Every application as DescribeApplication has it, and the names of its snapshots, the oldest first."""
    found = []
    for key, record in list(service._applications._data.items()):
        service._settle(record)
        found.append(service.application_detail(record) | {"Snapshots": list(service._snapshots._data.get(key, {}))})
    return found
