"""Asking the engines, and knowing since when one does not answer."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from localrun.delivery.http import Server, Unreachable
from localrun.event_sources.clock import Clock
from localrun.latency import UnusableAnswer

log = logging.getLogger(__name__)


class Problem(NamedTuple):
    """What does not work, for a person, and since when."""

    what: str
    since: float
    text: str


class Health:
    """Whether one thing works. Changes are logged, once each; what stays the same is not."""

    def __init__(self, what: str, clock: Clock) -> None:
        self._what = what
        self._clock = clock
        self.problem: Problem | None = None

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What fails inside becomes the problem, and goes no further; it is over when nothing fails."""
        try:
            yield
        except (Unreachable, UnusableAnswer) as error:
            self.failed(str(error))
        except Exception as error:  # a mistake of ours is shown and logged too, and must not end the sampling
            self.failed(f"{type(error).__name__}: {error}", error)
        else:
            self.works()

    def failed(self, text: str, error: Exception | None = None) -> None:
        if self.problem is None or self.problem.text != text:
            log.error("%s: %s", self._what, text, exc_info=error)
        self.problem = Problem(self._what, self.problem.since if self.problem else self._clock.now(), text)

    def works(self) -> None:
        if self.problem is not None:
            log.info("%s: works again", self._what)
        self.problem = None


class Search(NamedTuple):
    """One search of a call."""

    indices: str
    body: dict[str, Any]


def ask(server: Server, path: str, body: bytes | None = None) -> Any:
    """The JSON answer. Raises Unreachable or UnusableAnswer."""
    method, kind = ("GET", "application/json") if body is None else ("POST", "application/x-ndjson")
    status, content = server.request(method, path, body or b"", kind)
    where = server.url + path.partition("?")[0]
    if status != 200:
        raise UnusableAnswer(f"{where} answers with status {status}: {content[:300].decode(errors='replace')}")
    try:
        return json.loads(content)
    except ValueError as error:
        raise UnusableAnswer(f"{where} does not answer in JSON") from error


def ask_all(server: Server, searches: Sequence[Search], paths: Sequence[str]) -> list[dict[str, Any]]:
    """Answers to `searches`, one after the other in one call so that they take one core at most; `paths` of each are returned.

    An answer may be an error: see `need_whole`. Raises Unreachable or UnusableAnswer.
    """
    # Without the status of each, an answer of which nothing else is left would be dropped, and the next taken for it.
    wanted = ",".join(f"responses.{path}" for path in ("status", *paths))
    lines = [line for search in searches for line in ({"index": search.indices, "ignore_unavailable": True}, search.body)]
    body = "".join(json.dumps(line) + "\n" for line in lines)
    answer = ask(server, f"/_msearch?max_concurrent_searches=1&filter_path=error,{wanted}", body.encode())
    responses: list[dict[str, Any]] = answer.get("responses", [])
    if len(responses) != len(searches):
        raise UnusableAnswer(f"{len(searches)} searches were answered with {len(responses)} answers")
    return responses
