"""Kinesis: record limits of the stream, housekeeping that costs little, and the stream a GetRecords call is about."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis
from ministack.services.cloudformation import provisioners

from localrun.emulator import throttling
from localrun.emulator.layout import replace, require

logger = logging.getLogger("weir")

#: Records kept a shard, at about 1.2 KB of memory each: a minute of lag at 4,000 records a second.
RECORDS_KEPT = 250_000
HOUSEKEEPING_SECONDS = 5.0

#: Kinesis API reference, PutRecords: records of a request, bytes of a request with the partition keys, characters of a key.
MAX_REQUEST_RECORDS = 500
MAX_REQUEST_BYTES = 10 * 1_024 * 1_024
MAX_KEY_CHARACTERS = 256
DEFAULT_RECORD_KIB = 1_024

Stream = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]

_last_housekeeping: dict[str, float] = {}
_removed: dict[str, int] = {}


def correct() -> None:
    for name in (
        "_streams",
        "_shard_iterators",
        "_resolve_stream",
        "_route_to_shard",
        "_partition_key_to_hash",
        "_next_sequence_number",
    ):
        require(kinesis, name)
    replace(kinesis, "_expire_records", keep_house)
    replace(kinesis, "_expire_iterators", forget_iterators)
    replace(kinesis, "_put_record", put_record)
    replace(kinesis, "_put_records", put_records)
    correct_get_records_resource()
    correct_stream_properties()


def records_put() -> dict[str, int]:
    """Records put on each stream since the emulator started."""
    return {
        stream["StreamName"]: _removed.get(stream["StreamARN"], 0)
        + sum(len(shard["records"]) for shard in stream["shards"].values())
        for stream in list(kinesis._streams._data.values())
    }


def keep_house(stream: Stream) -> None:
    """Drop records past their retention, and past RECORDS_KEPT.

    MiniStack looks through every record of the stream at every call, and leaves iterators, which are positions, where they
    were: past records that were never read. This looks now and then, and moves them.
    """
    now = time.monotonic()
    if now - _last_housekeeping.get(stream["StreamARN"], 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping[stream["StreamARN"]] = now
    oldest = time.time() - stream["RetentionPeriodHours"] * 3_600
    for shard_id, shard in stream["shards"].items():
        records = shard["records"]
        surplus = max(0, len(records) - RECORDS_KEPT)
        while surplus < len(records) and records[surplus]["ApproximateArrivalTimestamp"] < oldest:
            surplus += 1
        if surplus:
            drop(stream, shard_id, surplus)


def drop(stream: Stream, shard_id: str, count: int) -> None:
    """Remove a shard's first `count` records, and move its iterators along."""
    del stream["shards"][shard_id]["records"][:count]
    if stream["StreamARN"] not in _removed:
        logger.warning(
            "%s: more than %d records a shard, dropping the oldest: who lags further behind will miss them",
            shard_id,
            RECORDS_KEPT,
        )
    _removed[stream["StreamARN"]] = _removed.get(stream["StreamARN"], 0) + count
    for iterator in kinesis._shard_iterators.values():
        if iterator["stream"] == stream["StreamName"] and iterator["shard_id"] == shard_id:
            iterator["position"] = max(0, iterator["position"] - count)


def forget_iterators() -> None:
    """Remove expired iterators, now and then: each GetRecords makes a new one, and MiniStack looks through all at every call."""
    now = time.monotonic()
    if now - _last_housekeeping.get("iterators", 0.0) < HOUSEKEEPING_SECONDS:
        return
    _last_housekeeping["iterators"] = now
    oldest = time.time() - kinesis.ITERATOR_EXPIRY_SECONDS
    for token in [token for token, iterator in kinesis._shard_iterators.items() if iterator["created_at"] < oldest]:
        del kinesis._shard_iterators[token]


def put_record(data: dict[str, Any]) -> Response:
    stream, refusal = accepting_stream(data, [data])
    if refusal:
        return refusal
    keep_house(stream)
    shard_id, sequence = append(stream, data)
    return json_response(
        {"ShardId": shard_id, "SequenceNumber": sequence, "EncryptionType": stream.get("EncryptionType", "NONE")}
    )


def put_records(data: dict[str, Any]) -> Response:
    stream, refusal = accepting_stream(data, data.get("Records", []))
    if refusal:
        return refusal
    keep_house(stream)
    encryption = stream.get("EncryptionType", "NONE")
    results: list[dict[str, Any]] = []
    failed = 0
    for record in data["Records"]:
        if throttling.refuses_one(stream["StreamName"]):
            results.append(throttling.error(stream["StreamName"], shard_of(stream, record)))
            failed += 1
            continue
        shard_id, sequence = append(stream, record)
        results.append({"SequenceNumber": sequence, "ShardId": shard_id, "EncryptionType": encryption})
    return json_response({"FailedRecordCount": failed, "Records": results, "EncryptionType": encryption})


def append(stream: Stream, record: dict[str, Any]) -> tuple[str, str]:
    """Put one record on its shard; returns the shard and the sequence number."""
    shard_id = shard_of(stream, record)
    sequence = kinesis._next_sequence_number()
    stream["shards"][shard_id]["records"].append(
        {
            "SequenceNumber": sequence,
            "ApproximateArrivalTimestamp": round(time.time(), 3),
            "Data": record.get("Data", ""),
            "PartitionKey": record["PartitionKey"],
        }
    )
    return shard_id, sequence


def shard_of(stream: Stream, record: dict[str, Any]) -> str:
    """The shard a record goes to."""
    explicit = record.get("ExplicitHashKey")
    hash_key = int(explicit) if explicit else kinesis._partition_key_to_hash(record["PartitionKey"])
    shard: str = kinesis._route_to_shard(hash_key, stream)
    return shard


def accepting_stream(data: dict[str, Any], records: list[dict[str, Any]]) -> tuple[Stream, Response | None]:
    """The stream a put is for, and why it is refused: the stream's record size counts, which MiniStack takes for 1 MiB."""
    name, stream = kinesis._resolve_stream(data)
    if not stream:
        return {}, error_response_json("ResourceNotFoundException", f"Stream {name} not found", 400)
    if stream["StreamStatus"] != "ACTIVE":
        return {}, error_response_json("ResourceInUseException", f"Stream {name} is {stream['StreamStatus']}", 400)
    if throttling.refuses_all(stream["StreamName"], len(records)):
        return {}, error_response_json(throttling.CODE, f"Rate exceeded for stream {stream['StreamName']}.", 400)
    return stream, refusal_of(records, stream.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB))


def refusal_of(records: list[dict[str, Any]], max_record_kib: int) -> Response | None:
    if not 1 <= len(records) <= MAX_REQUEST_RECORDS:
        return invalid(f"records: {len(records)} of them, a request takes 1 to {MAX_REQUEST_RECORDS}")
    total = 0
    for record in records:
        key = record.get("PartitionKey", "")
        if not 1 <= len(key) <= MAX_KEY_CHARACTERS:
            return invalid(f"partitionKey: {len(key)} characters, a key has 1 to {MAX_KEY_CHARACTERS}")
        size = decoded_length(record.get("Data", "")) + len(key.encode())
        if size > max_record_kib * 1_024:
            return invalid(f"data: {size} bytes with the partition key, the stream takes {max_record_kib} KiB")
        total += size
    return invalid(f"records: {total} bytes, a request takes {MAX_REQUEST_BYTES}") if total > MAX_REQUEST_BYTES else None


def invalid(reason: str) -> Response:
    return error_response_json("ValidationException", f"1 validation error detected: {reason}", 400)


def decoded_length(encoded: str) -> int:
    """Bytes that base64 text stands for, without decoding it."""
    return len(encoded) * 3 // 4 - encoded[-2:].count("=")


def correct_get_records_resource() -> None:
    """A GetRecords call may name its stream through its iterator alone; MiniStack then checks the grant against `*`."""
    original = require(iam_actions, "extract_resource_arn")

    def extract_resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, *rest: Any) -> str:
        arn = original(service, method, path, headers, body, *rest)
        if service == "kinesis" and arn == "*" and b"ShardIterator" in (body or b""):
            iterator = kinesis._shard_iterators.get(json.loads(body).get("ShardIterator"))
            if iterator:
                return iterator["stream_arn"]
        return arn

    replace(iam_actions, "extract_resource_arn", extract_resource_arn)


def correct_stream_properties() -> None:
    """Keep a template's StreamEncryption and MaxRecordSizeInKiB, which MiniStack ignores."""
    handler = require(provisioners, "_RESOURCE_HANDLERS")["AWS::Kinesis::Stream"]
    original = handler["create"]

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        name, attributes = original(logical_id, properties, stack_name)
        stream = kinesis._streams[name]
        if encryption := properties.get("StreamEncryption"):
            stream.update(EncryptionType=encryption["EncryptionType"], KeyId=encryption["KeyId"])
        stream["MaxRecordSizeInKiB"] = int(properties.get("MaxRecordSizeInKiB", DEFAULT_RECORD_KIB))
        return name, attributes

    handler["create"] = create
