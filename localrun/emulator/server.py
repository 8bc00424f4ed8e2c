"""The emulator's process: MiniStack corrected, on one port of this machine.

    python -m localrun.emulator.server PORT INTERPRETER

INTERPRETER runs the Python functions. The functions see this process's environment, so it is started with a bare one
(`localrun.embedded_aws`). Beside the AWS APIs it answers, for the engines:

    GET  /_weir/deliveries     the deployed delivery streams with their whole configuration
    GET  /_weir/applications   the deployed Flink applications with their configuration and the names of their snapshots
    POST /_weir/drain?name=X   takes out what was put directly on delivery stream X
    GET  /_weir/streams        {stream name: records put since the start}
    POST /_weir/throttle?stream=X&share=N   for tests: refuses that share of what is put on stream X (`throttling`)
"""

from __future__ import annotations

import gc
import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import ministack.app
import uvicorn

from localrun.emulator import (
    cloudformation,
    fast_json,
    firehose,
    flink,
    functions,
    kinesis,
    ranges,
    resharding,
    retention,
    throttling,
)
from localrun.emulator.athena.correct import correct as correct_athena

ROUTES: dict[tuple[str, str], Callable[[dict[str, list[str]]], Any]] = {
    ("GET", "/_weir/deliveries"): lambda query: firehose.deliveries(),
    ("GET", "/_weir/applications"): lambda query: flink.applications(),
    ("POST", "/_weir/drain"): lambda query: firehose.drain(query["name"][0]),
    ("GET", "/_weir/streams"): lambda query: retention.records_put(),
    ("POST", "/_weir/throttle"): lambda query: throttling.throttle(query["stream"][0], float(query["share"][0])),
}


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """The ASGI application: our routes, or else MiniStack."""
    if scope["type"] == "http":
        route = ROUTES.get((scope["method"], scope["path"]))
        if route:
            await answer(send, route(parse_qs(scope["query_string"].decode())))
            return
        # This machine's own loopback is as good as TLS, which policies ask of S3 (aws:SecureTransport).
        scope["headers"] = [*scope["headers"], (b"x-forwarded-proto", b"https")]
    await ministack.app.app(scope, receive, send)


async def answer(send: Any, value: Any) -> None:
    body = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main(port: int, interpreter: str) -> None:
    # How this process found its own modules is nothing for the functions it starts.
    os.environ.pop("PYTHONPATH", None)
    fast_json.correct()
    kinesis.correct()
    resharding.correct()
    firehose.correct()
    flink.correct()
    functions.correct(interpreter, f"python{sys.version_info.major}.{sys.version_info.minor}")
    cloudformation.correct()
    ranges.correct()
    correct_athena()
    # It holds records by the hundred thousand and without cycles, which the collector would look through again and again.
    gc.set_threshold(100_000, 20, 50)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=port,
        http="httptools",
        lifespan="on",
        # MiniStack sends its own date, and the CDK command line cannot read two.
        date_header=False,
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
