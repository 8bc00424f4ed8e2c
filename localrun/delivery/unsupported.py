"""Why a delivery stream is not run."""

from __future__ import annotations


class Unsupported(ValueError):
    """The delivery stream asks for what is not run locally, or for what Firehose refuses."""
