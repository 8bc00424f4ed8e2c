"""Kinesis: record limits of the stream, records that cost little, and the stream a GetRecords call is about."""

from __future__ import annotations

import json
from typing import Any

import pybase64
from ministack.core import iam_actions
from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis
from ministack.services.cloudformation import provisioners

from localrun.emulator import throttling
from localrun.emulator.layout import Response, Stream, replace, require
from localrun.emulator.records import append, get_records, get_shard_iterator
from localrun.emulator.retention import forget_iterators, keep_house

#: Kinesis API reference, PutRecords: records of a request, bytes of a request with the partition keys, characters of a key.
MAX_REQUEST_RECORDS = 500
MAX_REQUEST_BYTES = 10 * 1_024 * 1_024
MAX_KEY_CHARACTERS = 256
DEFAULT_RECORD_KIB = 1_024


def correct() -> None:
    for name in (
        "_streams",
        "_resolve_stream",
        "_resolve_stream_by_arn",
        "_sequence_counter",
        "_sequence_lock",
        "_shard_iterators",
    ):
        require(kinesis, name)
    require(kinesis, "ITERATOR_EXPIRY_SECONDS")
    replace(kinesis, "_expire_records", keep_house)
    replace(kinesis, "_expire_iterators", forget_iterators)
    replace(kinesis, "_put_record", put_record)
    replace(kinesis, "_put_records", put_records)
    replace(kinesis, "put_record_internal", put_own)
    replace(kinesis, "_get_shard_iterator", get_shard_iterator(require(kinesis, "_get_shard_iterator")))
    replace(kinesis, "_get_records", get_records)
    correct_get_records_resource()
    correct_stream_properties()


def put_record(data: dict[str, Any]) -> Response:
    stream, refusal = accepting_stream(data, [data])
    if refusal:
        return refusal
    keep_house(stream)
    (result,) = append(stream, [data])
    if "ErrorCode" in result:
        return error_response_json(result["ErrorCode"], result["ErrorMessage"], 400)
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


def put_own(stream_arn: str, partition_key: str, data: bytes) -> bool:
    """Put a record for a service of MiniStack, as of a change in DynamoDB, which would not put a refused one again."""
    stream = kinesis._resolve_stream_by_arn(stream_arn)
    if not stream or stream["StreamStatus"] != "ACTIVE":
        return False
    keep_house(stream)
    append(stream, [{"PartitionKey": partition_key, "Data": pybase64.b64encode_as_string(data)}], refusing=False)
    return True


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
            size = len(pybase64.b64decode(record.get("Data", ""), None, True)) + len(key.encode())
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
