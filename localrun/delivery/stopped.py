"""A delivery that was broken off."""

from __future__ import annotations


class Stopped(Exception):
    """The worker was stopped before this was written: it must not be checkpointed."""
