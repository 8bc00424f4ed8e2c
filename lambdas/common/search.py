"""Signed requests to the OpenSearch domain."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import botocore.session
import orjson
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from urllib3.connection import HTTPConnection
from urllib3.exceptions import HTTPError

from common.settings import SearchSettings

CONNECT_SECONDS = 3.0
#: A bulk request a busy domain has not answered by then is given up; ids make its repetition harmless.
READ_SECONDS = 30.0

Method = Literal["GET", "POST", "PUT"]


class SearchError(Exception):
    """The domain refused a request for good. The text is the service's own, with the request it refused."""

    def __init__(self, request: str, status: int, words: str) -> None:
        super().__init__(f"{request}: {status}: {words}")
        self.status = status
        self.words = words


class SearchUnavailable(Exception):
    """The domain was not reached, or is too busy: the same request may succeed later."""


class CredentialSource(Protocol):
    """A session of botocore or of boto3."""

    def get_credentials(self) -> Credentials | None:
        """Those in force now."""


@dataclass(frozen=True, slots=True)
class SearchClient:
    """Keeps its connections between requests. Credentials are asked for at each request, since they expire."""

    url: str
    """Base URL without a slash at its end."""
    region: str
    session: CredentialSource
    pool: urllib3.PoolManager

    def request(
        self,
        method: Method,
        path: str,
        body: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        seconds: float = READ_SECONDS,
    ) -> Any:
        """The decoded JSON answer to `method` on `path` (with its query string, percent-encoded), within `seconds`.

        Raises SearchUnavailable for 429, 5xx and whatever is between here and the domain; SearchError for any other refusal.
        """
        url = f"{self.url}{path}"
        signed = AWSRequest(method=method, url=url, data=body, headers={"content-type": "application/json"} | (headers or {}))
        SigV4Auth(self._credentials(), "es", self.region).add_auth(signed)
        name = f"{method} {path.partition('?')[0]}"
        try:
            answer = self.pool.request(
                method,
                url,
                body=body,
                headers=dict(signed.headers.items()),
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, seconds), total=seconds),
                retries=False,
            )
        except HTTPError as error:
            raise SearchUnavailable(f"{name}: {self.url} was not reached: {error}") from error
        if answer.status == 429 or answer.status >= 500:
            raise SearchUnavailable(f"{name}: {answer.status}: {words(answer.data)}")
        if answer.status >= 300:
            raise SearchError(name, answer.status, words(answer.data))
        return orjson.loads(answer.data)

    def _credentials(self) -> Credentials:
        credentials = self.session.get_credentials()
        if credentials is None:
            raise RuntimeError("no AWS credentials to sign requests with: give the function a role, or set AWS_ACCESS_KEY_ID")
        return credentials


def words(body: bytes) -> str:
    """What the service says in an error answer: OpenSearch's type and reason, AWS's message, or the text as it is."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.decode("utf-8", "replace").strip()[:1_000]
    if isinstance(answer, dict):
        error = answer.get("error")
        if isinstance(error, dict):
            return reason(error)
        for key in ("error", "Message", "message"):
            if isinstance(answer.get(key), str):
                return str(answer[key])
    return orjson.dumps(answer).decode()[:1_000]


def reason(error: dict[str, Any]) -> str:
    """Type and reason of an OpenSearch error, and of what caused it."""
    text = f"{error.get('type')}: {error.get('reason')}"
    cause = error.get("caused_by")
    return f"{text}; caused by {reason(cause)}" if isinstance(cause, dict) else text


def connect(settings: SearchSettings) -> SearchClient:
    """A client of the domain `settings` name."""
    return client_of(settings.search_url, settings.aws_region, botocore.session.Session())


def client_of(url: str, region: str, session: CredentialSource) -> SearchClient:
    """A client of the domain at `url` that signs with the credentials of `session`."""
    keepalive = (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    pool = urllib3.PoolManager(socket_options=[*HTTPConnection.default_socket_options, keepalive])
    return SearchClient(url.rstrip("/"), region, session, pool)
