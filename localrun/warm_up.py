"""Takes the cold start out of the first events: on two cores it would delay them by ten seconds.

Nothing of it stays: the index is deleted, and the functions are invoked with batches of no records.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from localrun.aws import session
from localrun.delivery.http import Server, Unreachable
from localrun.errors import LocalRunError

INDEX = "weir-warm-up"
#: After these the node's bulk requests have reached the speed they keep (measured: 1.1 s the first, 0.1 s from the fourth on).
BULKS = 5
DOCUMENTS = 500
#: Shards of a stream are read at once, and each needs its own copy of the function.
COPIES = 2
EMPTY_BATCH = b'{"Records": []}'


def warm_up_search(endpoint: str) -> None:
    """Index, search and delete a few documents. Raises LocalRunError when the node refuses."""
    node = Server(endpoint, 60.0)
    try:
        for bulk in range(BULKS):
            _ask(node, "POST", f"/{INDEX}/_bulk?refresh=true", _documents(bulk), "application/x-ndjson")
            _ask(node, "POST", f"/{INDEX}/_search", json.dumps(_SEARCH).encode())
        _ask(node, "DELETE", f"/{INDEX}")
    except Unreachable as error:
        raise LocalRunError(str(error)) from error
    finally:
        node.close()


def _ask(node: Server, method: str, path: str, body: bytes = b"", kind: str = "application/json") -> None:
    status, answer = node.request(method, path, body, kind)
    if status >= 300 or json.loads(answer).get("errors"):
        raise LocalRunError(f"OpenSearch refuses {method} {path} with {status}: {answer[:1_000].decode(errors='replace')}")


#: What the console and the demonstration ask all the time.
_SEARCH = {"size": 10, "sort": [{"at": "desc"}], "aggs": {"by": {"date_histogram": {"field": "at", "fixed_interval": "50ms"}}}}


def _documents(bulk: int) -> bytes:
    lines = []
    for number in range(DOCUMENTS):
        at = f"2026-01-01T00:00:{bulk:02}.{number:03}Z"
        document = {"at": at, "message": f"GET /{number} answered 200", "source": {"ip": "192.0.2.1"}, "bytes": number}
        lines += [json.dumps({"index": {"_id": f"{bulk}-{number}"}}), json.dumps(document)]
    return "\n".join([*lines, ""]).encode()


def warm_up_functions(endpoint: str, names: Iterable[str]) -> None:
    """Invoke functions that read streams with nothing to do. Raises LocalRunError with the words of one that fails."""
    client = session(endpoint).client("lambda")

    def invoke(name: str) -> None:
        answer = client.invoke(FunctionName=name, Payload=EMPTY_BATCH)
        if answer.get("FunctionError"):
            raise LocalRunError(
                f"the function {name} does not start: {answer['Payload'].read()[:2_000].decode(errors='replace')}"
            )

    copies = [name for name in names for _ in range(COPIES)]
    with ThreadPoolExecutor(len(copies)) as pool:
        list(pool.map(invoke, copies))
