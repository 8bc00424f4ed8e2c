"""A deployed role's credentials in a file, for clients in Java, which read it again when it changes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from localrun.aws import role_credentials
from localrun.credentials import RENEW_SECONDS


class Profile:
    """One application's. Nobody else of this machine may read it."""

    def __init__(self, endpoint: str, file: Path, name: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.file = file
        self.name = name
        self._endpoint = endpoint
        self._monotonic = monotonic
        self._role: str | None = None
        self._renew_at = 0.0

    def renew(self, role_arn: str) -> None:
        """Write the file where it is due. Raises botocore's ClientError if the role cannot be assumed."""
        if role_arn == self._role and self._monotonic() < self._renew_at:
            return
        keys = role_credentials(self._endpoint, role_arn, self.name[:64])
        lines = (f"{name.lower()} = {value}\n" for name, value in keys.items())
        scratch = self.file.with_suffix(".new")
        scratch.unlink(missing_ok=True)
        with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"[{self.name}]\n" + "".join(lines))
        scratch.replace(self.file)
        self._role, self._renew_at = role_arn, self._monotonic() + RENEW_SECONDS

    def groups(self, deployed: Mapping[str, Mapping[str, str]]) -> list[dict[str, object]]:
        """Property groups as deployed, those that name something of AWS with where it is here, and whose permissions count."""
        here = {
            "aws.endpoint": self._endpoint,
            "aws.credentials.provider": "PROFILE",
            "aws.credentials.provider.profile.path": str(self.file),
            "aws.credentials.provider.profile.name": self.name,
        }
        return [
            {"PropertyGroupId": name, "PropertyMap": {**values, **(here if "aws.region" in values else {})}}
            for name, values in deployed.items()
        ]
