"""How many records each stream took and each index holds."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from pydantic import BaseModel, ConfigDict

from localrun.errors import LocalRunError
from localrun.state import State

TIMEOUT_SECONDS = 5.0
#: The engines are on this machine: a proxy the user has set must not be asked for them.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Counts(BaseModel):
    """Records by stream since the start, searchable documents by index."""

    model_config = ConfigDict(frozen=True)

    streams: dict[str, int]
    indices: dict[str, int]


def read_counts(state: State) -> Counts:
    """Ask the engines. Raises LocalRunError when one does not answer."""
    streams = _get(f"{state.endpoints.aws}/_weir/streams")
    indices = _get(f"{state.endpoints.opensearch}/_cat/indices/logs-*?format=json&h=index,docs.count&s=index")
    return Counts(streams=streams, indices={row["index"]: int(row["docs.count"] or 0) for row in indices})


def _get(url: str) -> Any:
    try:
        with _direct.open(url, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except OSError as error:
        raise LocalRunError(f"{url} does not answer ({error}); look at ./weir status and the logs it names") from error
