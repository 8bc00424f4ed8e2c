"""What `SearchClient` promises: signed requests, and errors that say what the service said."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from common.search import SearchClient, SearchError, SearchUnavailable, words
from tests.unit.functions.fakes import Answer, Request, Server, connected


class Script:
    """Gives one answer to every request."""

    def __init__(self) -> None:
        self.reply: Answer = (200, {"acknowledged": True})

    def answer(self, request: Request) -> Answer:
        return self.reply


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def server(script: Script) -> Iterator[Server]:
    with Server(script.answer) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[SearchClient]:
    with connected(server.url) as client:
        yield client


def test_a_request_is_signed_for_the_service_and_region(client: SearchClient, server: Server) -> None:
    assert client.request("PUT", "/_index_template/logs", b"{}") == {"acknowledged": True}
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("PUT", "/_index_template/logs", b"{}")
    assert request.headers["content-type"] == "application/json"
    scope, signed, _ = request.headers["authorization"].split(", ")
    assert scope.startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert scope.endswith("/eu-central-1/es/aws4_request")
    assert signed == "SignedHeaders=content-type;host;x-amz-date"


def test_connections_are_kept(client: SearchClient, server: Server) -> None:
    for _ in range(3):
        client.request("GET", "/")
    assert len(server.requests) == 3
    assert client.pool.connection_from_url(server.url).num_connections == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_domain_is_unavailable(client: SearchClient, script: Script, status: int) -> None:
    script.reply = (status, {"error": {"type": "rejected_execution", "reason": "queue full"}, "status": status})
    with pytest.raises(SearchUnavailable, match=f"GET /: {status}: rejected_execution: queue full"):
        client.request("GET", "/")


def test_a_refusal_has_the_services_own_words(client: SearchClient, script: Script) -> None:
    message = "User: arn:aws:sts::123456789012:assumed-role/route is not authorized to perform: es:ESHttpPost"
    script.reply = (403, {"Message": message})
    with pytest.raises(SearchError, match=r"POST /_bulk: 403: User: .* is not authorized to perform: es:ESHttpPost") as caught:
        client.request("POST", "/_bulk?filter_path=errors", b"{}")
    assert (caught.value.status, caught.value.words) == (403, message)


def test_a_domain_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with connected(url) as client, pytest.raises(SearchUnavailable, match=f"GET /: {url} was not reached"):
        client.request("GET", "/")


def test_a_domain_that_does_not_answer_in_time_is_unavailable() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        connected(f"http://127.0.0.1:{silent.getsockname()[1]}") as client,
        pytest.raises(SearchUnavailable, match="timed out"),
    ):
        client.request("GET", "/", seconds=0.05)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            b'{"error":{"type":"mapper_parsing_exception","reason":"failed to parse","caused_by":{"type":"x","reason":"y"}}}',
            "mapper_parsing_exception: failed to parse; caused by x: y",
        ),
        (b'{"Message":"not authorized"}', "not authorized"),
        (b'{"message":"The security token is invalid"}', "The security token is invalid"),
        (b'{"error":"no handler found","status":400}', "no handler found"),
        (b'{"status":"UNAUTHORIZED"}', '{"status":"UNAUTHORIZED"}'),
        (b"<html>Bad gateway</html>\n", "<html>Bad gateway</html>"),
    ],
)
def test_words_are_found_in_every_form_of_answer(body: bytes, expected: str) -> None:
    assert words(body) == expected
