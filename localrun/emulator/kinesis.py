"""Kinesis: record limits of the stream, records and housekeeping that cost little, and the stream a
GetRecords call is about.
"""

from __future__ import annotations

import binascii
import json
import logging
import time
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis
from ministack.services.cloudformation import provisioners

from localrun.emulator import resharding, throttling
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
        "_partition_key_to_hash",
        "_sequence_counter",
        "_sequence_lock",
    ):
        require(kinesis, name)
    replace(kinesis, "_expire_records", keep_house)
    replace(kinesis, "_expire_iterators", forget_iterators)
    replace(kinesis, "_put_record", put_record)
    replace(kinesis, "_put_records", put_records)
    # MiniStack looks at each record's base64 again at every read.
    replace(kinesis, "_ensure_base64", lambda data: data)
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
    (result,) = append(stream, [data])
    return json_response(result)


def put_records(data: dict[str, Any]) -> Response:
    stream, refusal = accepting_stream(data, data.get("Records", []))
    if refusal:
        return refusal
    keep_house(stream)
    results = append(stream, data["Records"])
    failed = sum("ErrorCode" in result for result in results)
    return json_response(
        {"FailedRecordCount": failed, "Records": results, "EncryptionType": stream.get("EncryptionType", "NONE")}
    )


def append(stream: Stream, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put records on their shards, but those that throttling refuses; returns the result of each."""
    name, encryption, shards = stream["StreamName"], stream.get("EncryptionType", "NONE"), stream["shards"]
    ranges = resharding.hash_ranges(stream)
    arrival = round(time.time(), 3)
    results: list[dict[str, Any]] = []
    for record, sequence in zip(records, sequence_numbers(len(records)), strict=True):
        explicit = record.get("ExplicitHashKey")
        hash_key = int(explicit) if explicit else kinesis._partition_key_to_hash(record["PartitionKey"])
        shard = resharding.shard_of(hash_key, ranges)
        if throttling.refuses_one(name):
            results.append(throttling.error(name, shard))
            continue
        shards[shard]["records"].append(
            {
                "SequenceNumber": sequence,
                "ApproximateArrivalTimestamp": arrival,
                "Data": record.get("Data", ""),
                "PartitionKey": record["PartitionKey"],
            }
        )
        results.append({"SequenceNumber": sequence, "ShardId": shard, "EncryptionType": encryption})
    return results


def sequence_numbers(count: int) -> list[str]:
    """The next sequence numbers, in the form of MiniStack's."""
    with kinesis._sequence_lock:
        first = kinesis._sequence_counter + 1
        kinesis._sequence_counter += count
        milliseconds = int(time.time() * 1_000)
    return [f"{milliseconds:020d}{number:010d}" for number in range(first, first + count)]


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
        try:
            size = len(binascii.a2b_base64(record.get("Data", ""), strict_mode=True)) + len(key.encode())
        except ValueError as error:  # what the data of a record that is no base64 is refused with: API reference, "Common Errors"
            return error_response_json("SerializationException", f"data: {error}", 400)
        if size > max_record_kib * 1_024:
            return invalid(f"data: {size} bytes with the partition key, the stream takes {max_record_kib} KiB")
        total += size
    return invalid(f"records: {total} bytes, a request takes {MAX_REQUEST_BYTES}") if total > MAX_REQUEST_BYTES else None


def invalid(reason: str) -> Response:
    return error_response_json("ValidationException", f"1 validation error detected: {reason}", 400)


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
