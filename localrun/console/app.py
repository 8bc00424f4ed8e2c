"""The console's addresses.

    GET /            the page
    GET /api/health  {"ok": true} when the console itself runs
    GET /api/status  what the last sample found; asking for it makes the console look every second for the next ten
    GET /api/panels  the dashboard; searches the index, at most every few seconds

Keys of /api/status. Times are epoch seconds; a number that is not known now is null, never an old one:

    time         when the sample was taken
    ready        whether the pipeline is deployed (before, streams have no names and records are not counted)
    environment  its name, or null
    tiles        records_in (put on raw), documents (searchable), errors (records put on the errors stream), each
                 {"total": since the start, "per_second": over the last 5 seconds}; latency, from put on raw to searchable, in
                 seconds: {"p50", "p99": null too when it is more than 60, "documents": how many were measured in the last minute,
                 "slower": how many took more than 60 seconds (null in the first minute), "window_seconds"}
    series       {"time", "records_in", "documents", "errors"}: equally long lists for the last 5 minutes, a second each
    events       newest documents first: {"time", "dataset", "service", "source", "user", "outcome", "message"}, all text
    problems     what does not work now: [{"what", "since", "text"}]
    absent       what AWS has and this run has not
    engines      [{"name", "pid", "log"}]
    applications {name: what its Flink job does, see localrun.flink.figures}
    links        {text: URL}

Keys of /api/panels:

    panels           [{"name", "title", "spec": Vega-Lite, whose data is named "rows", "rows", "problem": text or null}]
    problem          {"what", "since", "text"} when the index does not answer, or null
    refresh_seconds  when to ask again
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from threading import Thread
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from localrun.console.dashboard import Dashboard
from localrun.console.sampler import Sampler
from localrun.event_sources.clock import Clock
from localrun.processes import LOCALHOST

PAGE = Path(__file__).parent / "page"
FILES = {"/": ("index.html", "text/html"), "/page.js": ("page.js", "text/javascript"), "/style.css": ("style.css", "text/css")}
HEADERS = {
    # What a log says can become neither script nor request. Vega's charts bring styles, and are told not to use eval.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
#: Seconds a browser keeps the charts' library.
LIBRARY_SECONDS = 86_400
#: In a process of its own: making the bundle takes 150 MB, which ours would keep.
_BUNDLE = (sys.executable, "-c", "import sys, vl_convert; sys.stdout.buffer.write(vl_convert.javascript_bundle().encode())")


def application(sampler: Sampler, dashboard: Dashboard, clock: Clock) -> Starlette:
    """The ASGI application; the sampler runs as long as it does."""
    library = Library()

    @asynccontextmanager
    async def sampling(app: Starlette) -> AsyncIterator[None]:
        Thread(target=sampler.run, daemon=True).start()
        yield
        clock.stop()

    async def file(request: Request) -> Response:
        name, kind = FILES[request.url.path]
        return Response(page_file(name), media_type=kind, headers=HEADERS)

    async def health(request: Request) -> Response:
        return as_json({"ok": True})

    async def status(request: Request) -> Response:
        return as_json(sampler.status())

    def panels(request: Request) -> Response:  # in a thread: it waits for the index
        return as_json(dashboard.answer())

    async def vega(request: Request) -> Response:
        try:
            script = await library.script()
        except OSError as error:
            return Response(f"Vega cannot be bundled: {error}", 503, media_type="text/plain", headers=HEADERS)
        kept = HEADERS | {"Cache-Control": f"max-age={LIBRARY_SECONDS}"}
        return Response(script, media_type="text/javascript", headers=kept)

    return Starlette(
        routes=[
            *(Route(path, file) for path in FILES),
            Route("/api/health", health),
            Route("/api/status", status),
            Route("/api/panels", panels),
            Route("/vega.js", vega),
        ],
        # A site the browser visits may give its own name this machine's address; its pages must not read the logs.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[LOCALHOST, "localhost"])],
        lifespan=sampling,
    )


class Library:
    """Vega, Vega-Lite and Vega-Embed in one script, made at the first request."""

    def __init__(self) -> None:
        self._script = b""
        self._making = asyncio.Lock()

    async def script(self) -> bytes:
        """Raises OSError."""
        async with self._making:
            if not self._script:
                pipe = asyncio.subprocess.PIPE
                process = await asyncio.create_subprocess_exec(
                    *_BUNDLE, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
                )
                script, complaint = await process.communicate()
                if process.returncode:
                    raise OSError(complaint.decode(errors="replace").strip().rpartition("\n")[2])
                self._script = script
        return self._script


@cache
def page_file(name: str) -> bytes:
    return (PAGE / name).read_bytes()


def as_json(value: Any) -> Response:
    """Pure ASCII: a log may hold half a surrogate pair, which has no UTF-8."""
    return Response(json.dumps(value, allow_nan=False), media_type="application/json", headers=HEADERS)
