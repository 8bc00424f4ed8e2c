"""Firehose: MiniStack's own delivery off, for `localrun.delivery` does it, and what was deployed laid open to it.

MiniStack delivers each record by itself at once, drops what a processor fails, and its describe call leaves out the destination
of a stream into OpenSearch.
"""

from __future__ import annotations

from typing import Any

from ministack.services import firehose

from localrun.emulator.layout import replace, require


def correct() -> None:
    for name in ("_streams", "_lock"):
        require(firehose, name)
    replace(firehose, "ingest_from_kinesis_source", lambda stream_arn, records: None)
    replace(firehose, "_deliver_records_to_s3", lambda stream, destination, records: None)


def deliveries() -> list[dict[str, Any]]:
    """Every destination of every delivery stream, as configured: Name, Arn, Type, Source, DestinationType, Destination."""
    with firehose._lock:
        return [
            {
                "Name": stream["name"],
                "Arn": stream["arn"],
                "Type": stream["type"],
                "Source": stream["kinesis_source"],
                "DestinationType": destination["type"],
                "Destination": destination["config"],
            }
            for stream in firehose._streams._data.values()
            for destination in stream["destinations"]
        ]


def drain(name: str) -> list[dict[str, Any]]:
    """Take out what was put directly on a delivery stream: id, data (base64), ts (epoch seconds of arrival), oldest first."""
    taken: list[dict[str, Any]] = []
    with firehose._lock:
        for stream in firehose._streams._data.values():
            if stream["name"] == name:
                for destination in stream["destinations"]:
                    taken += destination["records"]
                    destination["records"] = []
    return taken
