"""Why a record is in the error output."""

from __future__ import annotations

from typing import NamedTuple


class Failure(NamedTuple):
    """In Firehose's own codes and words where it publishes them."""

    code: str
    message: str
