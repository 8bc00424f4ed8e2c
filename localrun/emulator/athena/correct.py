"""Put this package in the place of MiniStack's Athena."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import athena, glue, s3

from localrun.emulator.athena import named_queries
from localrun.emulator.layout import replace, require


def correct() -> None:
    for owner, name in (
        (athena, "_executions"),
        (athena, "_named_queries"),
        (athena, "_workgroups"),
        (athena, "_arn_workgroup"),
        (glue, "_databases"),
        (glue, "_tables"),
        (iam_evaluator, "enforce"),
        (s3, "_buckets"),
        (s3, "_get_object_data"),
        (s3, "_put_object"),
    ):
        require(owner, name)
    for name in ("start_query_execution", "get_query_results", "stop_query_execution"):
        replace(athena, f"_{name}", on_first_use(name))
    correct_resource()
    named_queries.accept()


def on_first_use(name: str) -> Callable[[dict[str, Any]], Any]:
    """A function of `executions`, which is loaded when it is needed: with DuckDB and the translation it doubles a start."""

    def call(data: dict[str, Any]) -> Any:
        from localrun.emulator.athena import executions

        return getattr(executions, name)(data)

    return call


def correct_resource() -> None:
    """A call about a query execution or a named query is about its workgroup; MiniStack checks the grant against `*`.

    Source: service authorization reference, "Actions, resources, and condition keys for Amazon Athena".
    """
    original = require(iam_actions, "extract_resource_arn")

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        arn: str = original(service, method, path, headers, body, *rest)
        if service != "athena" or arn != "*":
            return arn
        request = json.loads(body or b"{}")
        found = athena._executions.get(request.get("QueryExecutionId")) or athena._named_queries.get(request.get("NamedQueryId"))
        workgroup: str = athena._arn_workgroup(found["WorkGroup"]) if found else "*"
        return workgroup

    replace(iam_actions, "extract_resource_arn", extract_resource_arn)
