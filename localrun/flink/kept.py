"""What is known of an application's job and snapshots beyond a restart of the worker."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from localrun.paths import write_atomically


class Job(BaseModel):
    """A job that was submitted, or is about to be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    version: int
    """Of the application."""
    restored_from: str | None
    """The savepoint or checkpoint it began with."""
    accepted: bool = False
    """Whether the cluster has taken it; until then it is submitted again under the same id, of which it takes one."""

    @classmethod
    def new(cls, version: int, restored_from: str | None) -> Job:
        return cls(id=uuid.uuid4().hex, version=version, restored_from=restored_from)

    def last_saved(self, checkpoints: Path) -> str | None:
        """The newest whole checkpoint below the cluster's directory of them, or what the job began with."""
        whole = (checkpoints / self.id).glob("chk-*/_metadata")
        newest = max((file.parent for file in whole), key=lambda found: int(found.name.removeprefix("chk-")), default=None)
        return newest.as_uri() if newest else self.restored_from


class Kept(BaseModel):
    """Of one application."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    job: Job | None = None
    snapshots: Mapping[str, str | None] = {}
    """The savepoint behind each of the application's snapshots; None: of a job that had no state yet."""

    @classmethod
    def read(cls, file: Path) -> Kept:
        return cls.model_validate_json(file.read_bytes()) if file.exists() else cls()

    def write(self, file: Path) -> None:
        write_atomically(file, self.model_dump_json(indent=1))
