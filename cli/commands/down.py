"""`weir down`: stop what `weir up` started."""

from __future__ import annotations

from cli.output import out
from localrun import background


def down() -> None:
    """Stop the running pipeline and everything it started."""
    out.print("Stopped." if background.stop() else "Nothing was running.")
