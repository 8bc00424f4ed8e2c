"""Query executions: started, run, stopped, and their results page by page.

Source: Athena API reference, StartQueryExecution, GetQueryResults, StopQueryExecution, QueryExecutionStatus; Athena user guide,
"Override client-side settings", "Specify a query result location".
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import athena, s3

from localrun.emulator.athena.objects import Refused, ScanLimitExceeded
from localrun.emulator.athena.permissions import Caller
from localrun.emulator.athena.query import Query, Result
from localrun.emulator.athena.statement import MalformedQuery, parse_statement
from localrun.emulator.athena.values import csv_file
from localrun.emulator.layout import Response

logger = logging.getLogger("weir")

#: GetQueryResults, MaxResults.
MAX_ROWS = 1_000

_running: dict[str, Query] = {}
_tasks: set[asyncio.Task[None]] = set()


class Invalid(Exception):
    """A request Athena refuses."""


def start_query_execution(data: dict[str, Any]) -> Response:
    text = data.get("QueryString") or ""
    context = {"Database": "default", **(data.get("QueryExecutionContext") or {})}
    try:
        workgroup = _workgroup(data.get("WorkGroup") or "primary")
        results = _results(data, workgroup)
        statement = parse_statement(text, context["Database"])
    except MalformedQuery as error:
        return _refused(str(error), AthenaErrorCode="MALFORMED_QUERY")
    except Invalid as error:
        return _refused(str(error))
    query_id = new_uuid()
    results["OutputLocation"] = f"{results['OutputLocation'].rstrip('/')}/{query_id}.csv"
    execution: dict[str, Any] = {
        "QueryExecutionId": query_id,
        "Query": text,
        "StatementType": "DML",
        "ResultConfiguration": results,
        "QueryExecutionContext": context,
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"DataScannedInBytes": 0},
        "WorkGroup": workgroup["Name"],
        "EngineVersion": {
            "SelectedEngineVersion": "Athena engine version 3",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
    }
    athena._executions[query_id] = execution
    limit = (workgroup.get("Configuration") or {}).get("BytesScannedCutoffPerQuery")
    caller = Caller()
    make = partial(Query, statement, caller, int(limit) if limit else None)
    task = asyncio.get_running_loop().create_task(_run(execution, make, caller))
    _tasks.add(task)  # the loop itself does not keep it
    task.add_done_callback(_tasks.discard)
    return json_response({"QueryExecutionId": query_id})


def _workgroup(name: str) -> dict[str, Any]:
    workgroup = athena._workgroups.get(name)
    if workgroup is None:
        raise Invalid(f"WorkGroup {name} is not found.")
    if workgroup["State"] == "DISABLED":
        raise Invalid(f"WorkGroup {name} is disabled.")
    found: dict[str, Any] = workgroup
    return found


def _results(data: dict[str, Any], workgroup: dict[str, Any]) -> dict[str, Any]:
    """Where results go and how they are encrypted: as the workgroup says if it says so or the caller does not."""
    configuration = workgroup.get("Configuration") or {}
    own = dict(configuration.get("ResultConfiguration") or {})
    given = dict(data.get("ResultConfiguration") or {})
    # Athena user guide, "Override client-side settings": enforced unless it is switched off.
    enforced = str(configuration.get("EnforceWorkGroupConfiguration", workgroup["Name"] != "primary")).lower() == "true"
    chosen = own if enforced or not given.get("OutputLocation") else given
    if not chosen.get("OutputLocation"):
        raise Invalid(
            "No output location provided. An output location is required either through the Workgroup result configuration "
            "setting or as an API input."
        )
    bucket = urlsplit(chosen["OutputLocation"]).netloc
    if bucket not in s3._buckets:
        raise Invalid(f"Unable to verify/create output bucket {bucket}")
    return chosen


async def _run(execution: dict[str, Any], make: Callable[[], Query], caller: Caller) -> None:
    query_id, status = execution["QueryExecutionId"], execution["Status"]
    started = time.monotonic()
    query: Query | None = None
    try:
        if status["State"] == "CANCELLED":
            return
        status["State"] = "RUNNING"
        query = _running[query_id] = make()
        found = await asyncio.to_thread(query.run)
        if status["State"] == "RUNNING":
            _write(execution, found, caller)
            execution["_result"] = found
            _end(status, "SUCCEEDED")
    except ScanLimitExceeded as refusal:
        _end(status, "CANCELLED", str(refusal))
    except Refused as refusal:
        _end(status, "FAILED", str(refusal))
    except Exception as error:
        logger.exception("Athena query %s", query_id)
        _end(status, "FAILED", f"GENERIC_INTERNAL_ERROR: {error}")
    finally:
        _running.pop(query_id, None)
        took = int((time.monotonic() - started) * 1_000)
        execution["Statistics"] = {
            "EngineExecutionTimeInMillis": took,
            "TotalExecutionTimeInMillis": took,
            "DataScannedInBytes": query.scanned if query else 0,
        }


def _end(status: dict[str, Any], state: str, reason: str = "") -> None:
    """The first end counts: a query that was stopped stays stopped."""
    if status["State"] == "RUNNING":
        status.update(State=state, CompletionDateTime=time.time(), **({"StateChangeReason": reason} if reason else {}))


def _write(execution: dict[str, Any], found: Result, caller: Caller) -> None:
    results = execution["ResultConfiguration"]
    place = urlsplit(results["OutputLocation"])
    key = place.path.lstrip("/")
    caller.write_results(place.netloc, key)
    body = csv_file([column["Name"] for column in found.columns], found.rows)
    headers = {"content-type": "application/octet-stream", "content-length": str(len(body))}
    encryption = results.get("EncryptionConfiguration") or {}
    if encryption.get("EncryptionOption") == "SSE_S3":
        headers["x-amz-server-side-encryption"] = "AES256"
    elif encryption.get("EncryptionOption") == "SSE_KMS":
        headers["x-amz-server-side-encryption"] = "aws:kms"
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = encryption["KmsKey"]
    status, _, answer = s3._put_object(place.netloc, key, body, headers)
    if status >= 300:
        raise Refused(f"Unable to write results to {results['OutputLocation']}: {answer.decode(errors='replace')}")


def get_query_results(data: dict[str, Any]) -> Response:
    """A page. The first row of the first is the names of the columns, which counts as a row."""
    query_id = data.get("QueryExecutionId")
    execution = athena._executions.get(query_id)
    if execution is None:
        return _refused(f"QueryExecution {query_id} was not found")
    state = execution["Status"]["State"]
    if state != "SUCCEEDED":
        reason = execution["Status"].get("StateChangeReason")
        return _refused(
            f"Query did not finish successfully. Final query state: {state}"
            if reason or state == "CANCELLED"
            else f"Query has not yet finished. Current state: {state}"
        )
    place = urlsplit(execution["ResultConfiguration"]["OutputLocation"])
    try:
        Caller().read_object(place.netloc, place.path.lstrip("/"))
    except Refused as refusal:
        return error_response_json("AccessDeniedException", str(refusal), 400)
    size, token = data.get("MaxResults") or MAX_ROWS, data.get("NextToken") or "0"
    if not 1 <= size <= MAX_ROWS:
        return _refused(f"MaxResults is more than maximum allowed length {MAX_ROWS}.")
    if not token.isdigit():
        return _refused("Malformed NextToken")
    found: Result = execution["_result"]
    start = int(token)
    header = [[column["Name"] for column in found.columns]] if start == 0 else []
    rows = [*header, *found.rows[max(0, start - 1) : start + size - 1]]
    answer: dict[str, Any] = {
        "UpdateCount": 0,
        "ResultSet": {
            "Rows": [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows],
            "ResultSetMetadata": {"ColumnInfo": found.columns},
        },
    }
    if start + size - 1 < len(found.rows):
        answer["NextToken"] = str(start + size)
    return json_response(answer)


def stop_query_execution(data: dict[str, Any]) -> Response:
    query_id = data.get("QueryExecutionId") or ""
    execution = athena._executions.get(query_id)
    if execution is None:
        return _refused(f"QueryExecution {query_id} was not found")
    status = execution["Status"]
    if status["State"] in ("QUEUED", "RUNNING"):
        status.update(State="CANCELLED", StateChangeReason="Query cancelled by user", CompletionDateTime=time.time())
        if query := _running.get(query_id):
            query.stop()
    return json_response({})


def _refused(message: str, **more: Any) -> Response:
    answer: Response = error_response_json("InvalidRequestException", message, 400, extra=more or None)
    return answer
