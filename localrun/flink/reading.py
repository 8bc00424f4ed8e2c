"""What the worker says of the applications, for whoever shows it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def read_applications(directory: Path) -> dict[str, dict[str, Any]]:
    """The facts of each deployed application by name (`figures.py`), out of the worker's directory; none where there is none."""
    file = directory / "status.json"
    parts: dict[str, dict[str, Any]] = json.loads(file.read_bytes())["parts"] if file.exists() else {}
    return {name: facts for name, facts in parts.items() if "status" in facts}


def wrong(facts: Mapping[str, Any]) -> str:
    """What fails in an application now, in one line; nothing where all is well."""
    return "; ".join(facts["failing"].values())
