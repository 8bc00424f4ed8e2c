"""Kinesis: a reshard closes shards, whose records stay; MiniStack deletes both, and who had not read them has lost them.

Streams developer guide, "Reshard a stream" and "Data routing, data persistence, and shard state after a reshard": a parent takes
no more records, is listed and read until its records expire, and ends with an ending sequence number. API reference, GetRecords:
NextShardIterator is null, and ChildShards are named, when the end of a closed shard was read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import kinesis

from localrun.emulator.layout import Response, Shard, Stream, replace, require

ENDING = "ending_sequence_number"
#: A shard has two parents at most, and so has a shard of UpdateShardCount.
MOST_PARENTS = 2


def correct() -> None:
    for name in ("_resolve_stream", "_build_shards", "_max_shard_index", "_next_sequence_number"):
        require(kinesis, name)
    replace(kinesis, "_route_to_shard", route)
    for name in ("_split_shard", "_merge_shards"):
        replace(kinesis, name, keeping_parents(require(kinesis, name)))
    replace(kinesis, "_update_shard_count", update_shard_count)
    replace(kinesis, "_shard_out", with_end(require(kinesis, "_shard_out")))
    replace(kinesis, "_describe_stream_summary", counting_open(require(kinesis, "_describe_stream_summary")))


def open_shards(stream: Stream) -> dict[str, Shard]:
    """The shards that take records."""
    return {name: shard for name, shard in stream["shards"].items() if ENDING not in shard}


def hash_ranges(stream: Stream) -> list[tuple[int, str]]:
    """The last hash key and the name of each open shard, in order."""
    return sorted((int(shard["ending_hash_key"]), name) for name, shard in open_shards(stream).items())


def route(hash_key: int, stream: Stream) -> str:
    """The open shard a hash key belongs to: open shards cover all hash keys between them."""
    return next(name for last, name in hash_ranges(stream) if hash_key <= last)


def close(stream: Stream, name: str, shard: Shard) -> None:
    """`shard` takes no more records, and stays."""
    stream["shards"][name] = shard | {ENDING: kinesis._next_sequence_number()}


def keeping_parents(reshard: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    """A split or a merge after which the parents are closed instead of gone."""

    def corrected(data: dict[str, Any]) -> Response:
        _, stream = kinesis._resolve_stream(data)
        before = dict(stream["shards"]) if stream else {}
        for name in (data.get("ShardToSplit"), data.get("ShardToMerge"), data.get("AdjacentShardToMerge")):
            if ENDING in before.get(name, {}):
                return error_response_json("InvalidArgumentException", f"Shard {name} is closed", 400)
        response = reshard(data)
        for name, shard in before.items():
            if name not in stream["shards"]:
                close(stream, name, shard)
        return response

    return corrected


def update_shard_count(data: dict[str, Any]) -> Response:
    """As many open shards as wanted, of equal hash ranges; each a child of those whose hash keys it takes over."""
    name, stream = kinesis._resolve_stream(data)
    if not stream:
        return error_response_json("ResourceNotFoundException", f"Stream {name} not found", 400)
    parents = open_shards(stream)
    current, target = len(parents), int(data.get("TargetShardCount") or 0)
    if not (current + 1) // 2 <= target <= 2 * current or target == current:
        text = f"TargetShardCount {target}: from {current} shards to half at least, double at most, and another number"
        return error_response_json("InvalidArgumentException", text, 400)
    children = kinesis._build_shards(target, kinesis._max_shard_index(stream) + 1)
    for child in children.values():
        of = [parent for parent, shard in parents.items() if overlap(child, shard)]
        if len(of) > MOST_PARENTS:
            text = f"TargetShardCount {target}: AWS gets there from {current} shards in several steps, this emulator in one only"
            return error_response_json("InvalidArgumentException", text, 400)
        child["parent_shard_id"], child["adjacent_parent_shard_id"] = of[0], of[1] if len(of) > 1 else None
    for parent, shard in parents.items():
        close(stream, parent, shard)
    stream["shards"].update(children)
    return json_response(
        {
            "StreamName": stream["StreamName"],
            "StreamARN": stream["StreamARN"],
            "CurrentShardCount": current,
            "TargetShardCount": target,
        }
    )


def overlap(one: Shard, other: Shard) -> bool:
    return int(one["starting_hash_key"]) <= int(other["ending_hash_key"]) and int(other["starting_hash_key"]) <= int(
        one["ending_hash_key"]
    )


def children_of(stream: Stream, parent: str) -> list[dict[str, Any]]:
    children = []
    for name, shard in stream["shards"].items():
        parents = [of for of in (shard["parent_shard_id"], shard["adjacent_parent_shard_id"]) if of]
        if parent in parents:
            keys = {"StartingHashKey": shard["starting_hash_key"], "EndingHashKey": shard["ending_hash_key"]}
            children.append({"ShardId": name, "ParentShards": parents, "HashKeyRange": keys})
    return children


def with_end(original: Callable[[str, Shard], dict[str, Any]]) -> Callable[[str, Shard], dict[str, Any]]:
    """How a shard is described."""

    def described(name: str, shard: Shard) -> dict[str, Any]:
        found = original(name, shard)
        if ENDING in shard:
            found["SequenceNumberRange"]["EndingSequenceNumber"] = shard[ENDING]
        return found

    return described


def counting_open(original: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    """DescribeStreamSummary, whose OpenShardCount is of open shards."""

    def describe(data: dict[str, Any]) -> Response:
        status, headers, body = original(data)
        _, stream = kinesis._resolve_stream(data)
        if status != 200 or not stream:
            return status, headers, body
        answer = json.loads(body)
        answer["StreamDescriptionSummary"]["OpenShardCount"] = len(open_shards(stream))
        return json_response(answer)

    return describe
