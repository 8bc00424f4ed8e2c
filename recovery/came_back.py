"""Whether events that were sent again are in the index: asked of its domain by signed requests, on this machine as on AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson

from common.deadline import Deadline
from common.search import SearchClient, SearchError, SearchUnavailable
from localrun.errors import LocalRunError

#: Ids a search names.
PAGE = 1_000
#: Nothing tells when a refresh has made a document visible; a search does.
LOOK_SECONDS = 0.5
#: When no more have come for so long, no more will: longer than a poll, a batch and a refresh.
STILL_SECONDS = 15.0
#: While an index is being made the domain answers 503, as none of its shards can be asked yet.
PATIENCE_SECONDS = 15.0

INDICES = "logs-*"
#: The asterisk stays as it is: the service signs what it receives once encoded, as botocore signs what it is given.
_SEARCH = f"/{INDICES}/_search"


class NotAsked(LocalRunError):
    """The index cannot be asked: why, and which permission or network path is missing."""


@dataclass(frozen=True, slots=True)
class Index:
    """The index families of a deployed domain. Its methods raise NotAsked."""

    client: SearchClient

    def close(self) -> None:
        """Give up the connections; the next question opens others."""
        self.client.pool.clear()

    def check(self) -> None:
        """Ask for an event that is not there."""
        self.found([""])

    def found(self, ids: Sequence[str]) -> set[str]:
        """Which of these events a search finds: their ids are asked for, and not those of documents, which Firehose chooses."""
        found: set[str] = set()
        waiting = iter(ids)
        while page := list(islice(waiting, PAGE)):
            # A document of the same event may be in the index of another day.
            body = {"query": {"terms": {"event.id": page}}, "size": 10 * PAGE, "_source": ["event.id"]}
            hits = self._ask(body).get("hits", {}).get("hits", ())
            found.update(hit["_source"]["event"]["id"] for hit in hits)
        return found

    def wait(self, ids: Set[str], report: Callable[[str], None]) -> int:
        """Wait until all are there, or no more come; returns how many are."""
        missing = set(ids)
        changed = time.monotonic()
        while missing and time.monotonic() - changed < STILL_SECONDS:
            found = self.found(sorted(missing))
            if found:
                missing -= found
                changed = time.monotonic()
                report(f"{len(ids) - len(missing):,} of {len(ids):,} events are back")
            if missing:
                time.sleep(LOOK_SECONDS)
        return len(ids) - len(missing)

    def _ask(self, body: dict[str, Any]) -> Any:
        deadline = Deadline(PATIENCE_SECONDS)
        attempt = 0
        while True:
            try:
                return self.client.request("POST", f"{_SEARCH}?filter_path=hits.hits._source", orjson.dumps(body))
            except SearchError as error:
                raise NotAsked(f"{error}; {_permission(error)}") from error
            except SearchUnavailable as error:
                if not deadline.pause(attempt, before=1):
                    raise NotAsked(f"{error}; {_path(self.client.url)}") from error
                attempt += 1


def _permission(error: SearchError) -> str:
    """What a refusal asks for. The domain has two guards: IAM and, behind it, its own roles (OpenSearch Service developer guide,
    "Identity and Access Management" and "Fine-grained access control"); only the second speaks of a security_exception."""
    if error.status not in (401, 403):
        return "the domain does not take the search itself"
    if "security_exception" in error.words:
        return f"map the IAM role of your credentials to an OpenSearch role that may read {INDICES}"
    return f"your credentials need a policy that allows es:ESHttpPost on <ARN of the domain>{_SEARCH}"


def _path(url: str) -> str:
    """What is missing between here and a domain. The name of one in a VPC begins so (OpenSearch Service developer guide,
    "Launching your domains within a VPC")."""
    if (urlsplit(url).hostname or "").startswith("vpc-"):
        return "the domain answers in its VPC only: run this where a VPN or a host of the VPC leads to its port 443"
    return "the domain is down, or no network path leads from here to it"
