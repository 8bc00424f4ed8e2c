"""Realistic log traffic for demonstrations and measurements: the same seed and times give the same records.

`Generator` is what to use. The ids its events get come from the functions' own code, so that a reader of the index can say
which of them are missing.
"""

from __future__ import annotations

from producers.generator.generator import Generator
from producers.generator.sample import Sample
from producers.generator.scenario import Scenario

__all__ = ["Generator", "Sample", "Scenario"]
