"""Writing to a Kinesis stream: every record is either written, or named to the caller.

Limits: Kinesis API reference, PutRecords (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

import boto3
from aws_lambda_powertools import Logger
from botocore.config import Config
from botocore.exceptions import ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as NotConnected

from common.deadline import Deadline
from common.put_records import hasten

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

MAX_CALL_RECORDS = 500
#: Of a partition key of 256 characters.
LONGEST_KEY_BYTES = 1_024
#: With the partition keys.
MAX_CALL_BYTES = 10 * 1_024 * 1_024

_CONNECT_SECONDS = 2
_READ_SECONDS = 5
#: The longest one call takes, since the client itself never repeats it.
CALL_SECONDS = _CONNECT_SECONDS + _READ_SECONDS

#: Error codes that pass with time (API reference, PutRecords and "Common Errors"), beside every 5xx.
_PASSING = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "KMSThrottlingException",
        "LimitExceededException",
        "ThrottlingException",
        "RequestExpired",
        "ServiceUnavailable",
        "InternalFailure",
    }
)

logger = Logger(child=True)


@cache
def kinesis_client() -> KinesisClient:
    """The container's one Kinesis client. Repetition is left to StreamWriter, which knows how much time there is."""
    client = boto3.client(
        "kinesis",
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            tcp_keepalive=True,
            # A third of the cost of a call; StreamWriter's parameters are typed.
            parameter_validation=False,
        ),
    )
    hasten(client.meta.events)
    return client


class Entry(NamedTuple):
    """One record to write."""

    data: bytes
    partition_key: str
    source: int
    """Index, in the function's batch, of the record this one was made from; of the first, where it was made from several."""
    hash_key: str | None = None
    """Says the shard instead of the partition key's hash."""
    events: int = 1
    """How many are in it."""

    def size(self) -> int:
        """Bytes that count towards the limits."""
        return len(self.data) + len(self.partition_key.encode())


class StreamWriter:
    """Writes records to one stream in as few calls as possible."""

    def __init__(self, client: KinesisClient, stream: str, *, record_kib: int) -> None:
        """`record_kib` is the largest record the stream takes, in KiB."""
        self._client = client
        self.stream = stream
        self.record_bytes = record_kib * 1_024

    def fits(self, entry: Entry) -> bool:
        """Whether the stream takes a record of this size."""
        return entry.size() <= self.record_bytes

    def write(self, entries: Iterable[Entry], deadline: Deadline, *, in_order: bool = False) -> list[Entry]:
        """Writes `entries`, and repeats what the stream refuses for the moment until the deadline.

        Returns the entries that were not written. Raises botocore's ClientError when the service refuses the call for good
        (no permission, no such stream, a record that does not fit). Entries of one partition key may change places when some
        are refused: their order is in their `@timestamp`. With `in_order`, what is refused is written again with all that
        follows it under its key, so that the last copy of each is in its place, and some may be there twice.
        """
        pending = list(entries)
        attempt = 0
        while pending:
            refused = self._attempt(pending, deadline)
            pending = _with_followers(pending, refused) if in_order else refused
            if not pending or not deadline.pause(attempt, before=CALL_SECONDS):
                break
            attempt += 1
        return pending

    def _attempt(self, entries: list[Entry], deadline: Deadline) -> list[Entry]:
        """One call for each part of `entries`, as long as there is time; returns what is still to be written."""
        refused: list[Entry] = []
        for number, part in enumerate(_calls(entries)):
            # The first call is always made: without it a function with a short timeout would never get anywhere.
            refused += part if number and deadline.left() < CALL_SECONDS else self._put(part)
        return refused

    def _put(self, entries: list[Entry]) -> list[Entry]:
        try:
            answer = self._client.put_records(StreamName=self.stream, Records=[_record(entry) for entry in entries])
        except (NotConnected, HTTPClientError) as error:
            logger.warning("stream not reached", extra={"stream": self.stream, "reason": str(error)})
            return entries
        except ClientError as error:
            details = error.response
            if details["Error"]["Code"] not in _PASSING and details["ResponseMetadata"]["HTTPStatusCode"] < 500:
                raise
            logger.warning("call refused for the moment", extra={"stream": self.stream, "reason": str(error)})
            return entries
        results = zip(entries, answer["Records"], strict=True)
        refused = [(entry, result["ErrorCode"]) for entry, result in results if result.get("ErrorCode")]
        if refused:
            reasons = sorted({code for _, code in refused})
            logger.warning(
                "records refused for the moment", extra={"stream": self.stream, "records": len(refused), "reasons": reasons}
            )
        return [entry for entry, _ in refused]


def _record(entry: Entry) -> PutRecordsRequestEntryTypeDef:
    if entry.hash_key is None:
        return {"Data": entry.data, "PartitionKey": entry.partition_key}
    return {"Data": entry.data, "PartitionKey": entry.partition_key, "ExplicitHashKey": entry.hash_key}


def _with_followers(entries: list[Entry], refused: list[Entry]) -> list[Entry]:
    """Of `entries`, which are in the order of their sources, each of `refused` and what follows it under its partition key."""
    first: dict[str, int] = {}
    for entry in refused:
        first.setdefault(entry.partition_key, entry.source)
    return [entry for entry in entries if entry.partition_key in first and entry.source >= first[entry.partition_key]]


def _calls(entries: list[Entry]) -> Iterator[list[Entry]]:
    """`entries` in order, cut so that each part fits one call."""
    part: list[Entry] = []
    total = 0
    for entry in entries:
        size = entry.size()
        if part and (len(part) == MAX_CALL_RECORDS or total + size > MAX_CALL_BYTES):
            yield part
            part, total = [], 0
        part.append(entry)
        total += size
    if part:
        yield part
