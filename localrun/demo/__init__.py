"""A demonstration: realistic traffic into the running pipeline, and an account of what became of every event."""

from localrun.demo.report import Report
from localrun.demo.run import run

__all__ = ["Report", "run"]
