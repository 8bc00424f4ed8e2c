"""A kept connection, and what happens when the server closes it."""

from __future__ import annotations

import socket
from contextlib import closing
from threading import Thread

import pytest

from localrun.delivery.http import Server, Unreachable

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Listener:
    """Answers each connection as often as told, then closes it."""

    def __init__(self, *answers: int) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.connections = 0
        Thread(target=self._serve, args=(answers,), daemon=True).start()

    def _serve(self, answers: tuple[int, ...]) -> None:
        for count in answers:
            connection, _ = self._socket.accept()
            self.connections += 1
            with connection:
                for _ in range(count):
                    connection.recv(65_536)
                    connection.sendall(ANSWER)

    def close(self) -> None:
        self._socket.close()


def test_a_connection_is_kept_and_replaced_when_the_server_closes_it() -> None:
    with closing(Listener(2, 1)) as listener, closing(Server(listener.url)) as server:
        assert [server.request("GET", "/") for _ in range(3)] == [(200, b"ok")] * 3
        assert listener.connections == 2


def test_a_server_that_closes_a_new_connection_is_unreachable() -> None:
    with closing(Listener(1, 0)) as listener, closing(Server(listener.url)) as server:
        server.request("GET", "/")
        with pytest.raises(Unreachable, match="does not answer"):
            server.request("GET", "/")


def test_nobody_listening_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(Unreachable, match=f"127.0.0.1:{port} does not answer: ConnectionRefusedError"):
        Server(f"http://127.0.0.1:{port}").request("GET", "/")
