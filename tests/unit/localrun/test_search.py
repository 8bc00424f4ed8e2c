"""Questions to the node: an answer, its own words when it refuses, and patience while an index is being made."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from localrun import search
from localrun.errors import LocalRunError
from localrun.processes import free_ports
from localrun.search import Search

COUNT: dict[str, object] = {"query": {"match_all": {}}}


class Node(ThreadingHTTPServer):
    """Gives prepared answers, the last one again and again, and keeps the questions."""

    daemon_threads = True

    def __init__(self, *answers: tuple[int, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = list(answers)
        self.asked: list[tuple[str, str, bytes]] = []
        self.connections: set[tuple[str, int]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    server: Node

    def answer(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, content))
        self.server.connections.add(self.client_address)
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as the base class calls it
        pass


@contextmanager
def serving(*answers: tuple[int, bytes]) -> Iterator[tuple[Node, Search]]:
    with Node(*answers) as node:
        thread = threading.Thread(target=node.serve_forever, args=(0.01,))
        thread.start()
        try:
            with closing(Search(node.url)) as asking:
                yield node, asking
        finally:
            node.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def short_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAUSE_SECONDS", 0.001)


def test_an_answer_is_read_as_json() -> None:
    with serving((200, '{"count": 3, "name": "é"}'.encode())) as (node, asking):
        assert asking.ask("POST", "/logs-*/_count", COUNT) == {"count": 3, "name": "é"}
        assert node.asked == [("POST", "/logs-*/_count", b'{"query":{"match_all":{}}}')]


def test_a_question_without_a_body_sends_none() -> None:
    with serving((200, b"[]")) as (node, asking):
        assert asking.ask("GET", "/_cat/indices?format=json") == []
        assert node.asked == [("GET", "/_cat/indices?format=json", b"")]


def test_every_question_goes_over_one_connection() -> None:
    with serving((200, b"{}")) as (node, asking):
        for _ in range(3):
            asking.ask("GET", "/")
        assert len(node.asked) == 3
        assert len(node.connections) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
def test_a_refusal_has_the_question_the_status_and_the_nodes_own_words(status: int) -> None:
    words = b'{"error":{"reason":"unknown field [evnt.ingested]"}}'
    with serving((status, words)) as (node, asking):
        with pytest.raises(LocalRunError) as refused:
            asking.ask("POST", "/logs-*/_search", COUNT)
        assert str(refused.value) == f"OpenSearch refuses POST /logs-*/_search with {status}: {words.decode()}"
        assert len(node.asked) == 1


def test_a_long_refusal_is_cut_and_one_that_is_not_text_is_shown() -> None:
    with serving((400, b"\xff" + b"x" * 5_000)) as (_, asking):
        with pytest.raises(LocalRunError) as refused:
            asking.ask("GET", "/")
        assert str(refused.value).endswith(f"with 400: \N{REPLACEMENT CHARACTER}{'x' * 1_999}")


def test_an_index_that_is_being_made_is_waited_for() -> None:
    with serving((503, b"no shard"), (503, b"no shard"), (200, b'{"count": 1}')) as (node, asking):
        assert asking.ask("POST", "/logs-*/_count", COUNT) == {"count": 1}
        assert node.asked == [("POST", "/logs-*/_count", b'{"query":{"match_all":{}}}')] * 3


def test_a_refusal_after_a_wait_is_still_a_refusal() -> None:
    with serving((503, b"no shard"), (400, b"bad query")) as (node, asking):
        with pytest.raises(LocalRunError, match="with 400: bad query"):
            asking.ask("GET", "/")
        assert len(node.asked) == 2


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PATIENCE_SECONDS", 0.05)
    with serving((503, b"all shards failed")) as (node, asking):
        with pytest.raises(LocalRunError, match="OpenSearch refuses GET /_search with 503: all shards failed"):
            asking.ask("GET", "/_search")
        assert len(node.asked) > 1


def test_a_node_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    with closing(Search(url)) as asking, pytest.raises(LocalRunError, match=f"{url} does not answer: ConnectionRefusedError"):
        asking.ask("GET", "/")


def test_a_node_that_does_not_answer_in_time_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "TIMEOUT_SECONDS", 0.05)
    with (
        Node((200, b"{}")) as node,  # listens, and serves nobody
        closing(Search(node.url)) as asking,
        pytest.raises(LocalRunError, match=f"{node.url} does not answer: TimeoutError"),
    ):
        asking.ask("GET", "/")


def test_a_connection_that_was_given_up_is_opened_again() -> None:
    with serving((200, b"{}")) as (node, asking):
        asking.ask("GET", "/")
        asking.close()
        assert asking.ask("GET", "/") == {}
        assert len(node.connections) == 2
