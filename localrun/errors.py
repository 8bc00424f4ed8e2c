"""What the embedded run cannot do, and why."""

from __future__ import annotations


class LocalRunError(Exception):
    """What is wrong, where, and what to do; its text is all a user needs to see."""
