"""Whether events that were sent again are in the index."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set
from itertools import islice

from localrun.latency import INDICES
from localrun.search import Search

#: Ids a search names.
PAGE = 1_000
LOOK_SECONDS = 0.5
#: When no more have come for so long, no more will: longer than a poll, a batch and a refresh.
STILL_SECONDS = 15.0


def indexed(search: Search, ids: Sequence[str]) -> set[str]:
    """Which of `ids` a search finds. Raises LocalRunError."""
    found: set[str] = set()
    waiting = iter(ids)
    while page := list(islice(waiting, PAGE)):
        # A document of the same id may be in the index of another day.
        body = {"query": {"ids": {"values": page}}, "size": 10 * PAGE, "_source": False}
        answer = search.ask("POST", f"/{INDICES}/_search?filter_path=hits.hits._id", body)
        found.update(hit["_id"] for hit in answer.get("hits", {}).get("hits", ()))
    return found


def wait_until_indexed(search: Search, ids: Set[str], report: Callable[[str], None]) -> int:
    """Wait until all are there, or no more come; returns how many are. Raises LocalRunError."""
    missing = set(ids)
    changed = time.monotonic()
    while missing and time.monotonic() - changed < STILL_SECONDS:
        found = indexed(search, sorted(missing))
        if found:
            missing -= found
            changed = time.monotonic()
            report(f"{len(ids) - len(missing):,} of {len(ids):,} events are back")
        if missing:
            time.sleep(LOOK_SECONDS)
    return len(ids) - len(missing)
