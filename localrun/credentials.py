"""Clients that act as a deployed role, for engines that outlive one session."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any

from botocore.config import Config

from localrun.aws import role_session

#: AssumeRole gives an hour unless asked otherwise (STS API reference, AssumeRole, DurationSeconds): renewed well before.
RENEW_SECONDS = 2_700


class Role:
    """Clients with the permissions of one deployed role, by service name. Safe to share between threads."""

    def __init__(
        self, endpoint: str, role_arn: str, session_name: str, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """`session_name` appears in the service's own error messages: at most 64 characters are kept."""
        self.arn = role_arn
        self.endpoint = endpoint
        self._name = session_name[:64]
        self._monotonic = monotonic
        self._lock = Lock()
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._renew_at = 0.0

    def client(self, service: str, config: Config | None = None) -> Any:
        """A boto3 client, to be asked for before each call and not kept. `config` counts when the client is made.

        Raises botocore's ClientError if the role cannot be assumed.
        """
        with self._lock:
            if self._session is None or self._monotonic() >= self._renew_at:
                self._session = role_session(self.endpoint, self.arn, self._name)
                self._clients = {}
                self._renew_at = self._monotonic() + RENEW_SECONDS
            if service not in self._clients:
                self._clients[service] = self._session.client(service, config=config)
            return self._clients[service]
