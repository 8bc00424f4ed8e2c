"""The panels' rows, read from the index only when the page asks, and no more often than the index can well bear."""

from __future__ import annotations

from threading import Lock
from typing import Any

from localrun.console.engines import Health, ask_all
from localrun.console.panels import ANSWER_PATHS, PANELS, Panel
from localrun.delivery.http import Server
from localrun.event_sources.clock import Clock
from localrun.latency import UnusableAnswer

REFRESH_SECONDS = 5.0
#: The searches of the panels take at most this share of a core from a pipeline that needs it.
SHARE = 0.05


class Dashboard:
    """Safe to ask from several threads: one of them searches, all get its result."""

    def __init__(self, server: Server, clock: Clock) -> None:
        self._server = server
        self._clock = clock
        self._health = Health("panels", clock)
        self._asking = Lock()
        self._panels: list[dict[str, Any]] = []
        self._next = float("-inf")

    def answer(self) -> dict[str, Any]:
        """See `localrun.console.app`."""
        with self._asking:
            if self._clock.now() >= self._next:
                began = self._clock.now()
                self._panels = [_shown(panel, None, None) for panel in PANELS]
                with self._health.watching():
                    self._panels = self._read(began)
                took = self._clock.now() - began
                self._next = began + max(REFRESH_SECONDS, took / SHARE)
            problem = self._health.problem
            return {
                "panels": self._panels,
                "problem": problem._asdict() if problem else None,
                "refresh_seconds": max(self._next - self._clock.now(), 1.0),
            }

    def _read(self, now: float) -> list[dict[str, Any]]:
        answers = ask_all(self._server, [panel.search(now) for panel in PANELS], ANSWER_PATHS)
        shown = []
        for panel, answer in zip(PANELS, answers, strict=True):
            try:
                shown.append(_shown(panel, panel.rows(answer), None))
            except UnusableAnswer as error:  # of this panel alone
                shown.append(_shown(panel, None, str(error)))
        return shown


def _shown(panel: Panel, rows: list[dict[str, Any]] | None, problem: str | None) -> dict[str, Any]:
    return {
        "name": panel.name,
        "title": panel.title,
        "spec": panel.specification(),
        "rows": [] if rows is None else rows,
        "problem": problem,
    }
