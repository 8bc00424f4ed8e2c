"""The domain while it is being set up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson
from aws_lambda_powertools import Logger

from common.deadline import Deadline
from common.search import SearchClient, SearchUnavailable

#: Of one request: cluster state changes take seconds on a busy domain.
_SECONDS = 10.0

logger = Logger(child=True)


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that may not answer yet: a new one does not for some minutes."""

    client: SearchClient
    deadline: Deadline

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Puts `body` at `path`, which replaces what is there. Repeated until the deadline while the domain is unavailable.

        Raises SearchUnavailable after that, and SearchError with the domain's words when it refuses.
        """
        content = orjson.dumps(body)
        attempt = 0
        while True:
            try:
                self.client.request("PUT", path, content, seconds=max(1, min(_SECONDS, self.deadline.left())))
            except SearchUnavailable as error:
                logger.warning("domain not ready", extra={"reason": str(error)})
                if not self.deadline.pause(attempt, before=_SECONDS):
                    raise
                attempt += 1
            else:
                return
