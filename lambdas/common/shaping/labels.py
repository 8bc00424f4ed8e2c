"""What an environment knows of a source and no record says: `labels`."""

from __future__ import annotations

from collections.abc import Mapping

from common.logtype import JsonObject


class Labels:
    """Adds labels; a record's own label of the same name stays."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = dict(labels)

    def apply(self, document: JsonObject) -> None:
        own = document.get("labels")
        document["labels"] = self._labels | own if isinstance(own, dict) else dict(self._labels)
