"""Writing objects and documents, and trying again until it is done or the worker is stopped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from botocore.exceptions import BotoCoreError, ClientError

from localrun.delivery.error_records import document_failure
from localrun.delivery.http import Server, Unreachable
from localrun.delivery.opensearch import BULK_PATH, NOT_ONE_LINE, Document, Refusal, bulks, refusals
from localrun.delivery.prefix import data_prefix, error_prefix, object_name
from localrun.delivery.stopped import Stopped
from localrun.delivery.stream import DeliveryStream, S3Configuration
from localrun.event_sources.batch import backoff
from localrun.event_sources.clock import Clock
from localrun.event_sources.status import Part


class Bucket:
    """Objects of one delivery stream at one destination.

    A write that fails is tried again until it succeeds. Firehose gives up after 24 hours, and pauses delivery until then.
    """

    def __init__(
        self, stream: DeliveryStream, destination: S3Configuration, s3: Callable[[], Any], status: Part, clock: Clock
    ) -> None:
        """`s3` gives a boto3 client of the role that may write."""
        self._stream = stream
        self._destination = destination
        self._s3 = s3
        self._status = status
        self._clock = clock
        self._zone = ZoneInfo(destination.time_zone)

    def put_data(self, parts: Sequence[bytes], oldest_ms: int, partition: Sequence[str] = ()) -> None:
        """One object of delivered data. `oldest_ms` is the arrival of its oldest record, `partition` the values of the partition
        keys in the prefix. Raises Stopped."""
        when = self._moment(oldest_ms)
        self._put(data_prefix(self._destination.prefix, when, partition), parts, when, self._destination.file_extension)

    def put_errors(self, lines: Sequence[bytes], oldest_ms: int, kind: tuple[str, str]) -> None:
        """One object of error records. Raises Stopped."""
        when = self._moment(oldest_ms)
        prefix = error_prefix(self._destination.prefix, self._destination.error_prefix, kind, when)
        self._put(prefix, lines, when, self._destination.error_extension)

    def _put(self, prefix: str, parts: Sequence[bytes], when: datetime, extension: str) -> None:
        s3 = self._destination
        body = s3.compression.compress(b"".join(parts))
        key = prefix + object_name(self._stream.name, self._stream.version, when, extension)
        where = f"writing to bucket {s3.bucket}"
        attempt = 0
        while True:
            try:
                self._s3().put_object(Bucket=s3.bucket, Key=key, Body=body)
            except (ClientError, BotoCoreError) as error:
                self._status.failed(where, error, self._clock.now())
                self._status.add(s3_errors=1)
            else:
                self._status.recovered(where)
                self._status.add(objects=1)
                return
            if self._clock.stopped:
                raise Stopped
            self._clock.wait(backoff(attempt))
            attempt += 1

    def _moment(self, arrival_ms: int) -> datetime:
        return datetime.fromtimestamp(arrival_ms / 1000, self._zone)


class Search:
    """Documents of one delivery stream."""

    def __init__(self, server: Server, retry_seconds: float, status: Part, clock: Clock) -> None:
        self._server = server
        self._retry_seconds = retry_seconds
        self._status = status
        self._clock = clock

    def index(self, documents: Sequence[Document]) -> list[bytes]:
        """Index all. Returns a line of the error output for each that was refused, or still failed after the retry duration.

        Raises Stopped when stopped while some could still be tried again.
        """
        started = self._clock.now()
        failed: list[tuple[Document, Refusal, int]] = []
        waiting: Sequence[Document] = documents
        attempt = 0
        while waiting:
            attempt += 1
            refused = self._send(waiting)
            out_of_time = self._clock.now() - started >= self._retry_seconds
            again = [] if out_of_time else [document for document, refusal in refused if refusal.temporary]
            failed += [(document, why, attempt) for document, why in refused if out_of_time or not why.temporary]
            if again and self._clock.stopped:
                raise Stopped
            if again:
                self._clock.wait(backoff(attempt - 1))
            waiting = again
        now = self._clock.now()
        return [
            document_failure(
                document.source, arrival_ms=document.arrival_ms, code=str(refusal.code), message=refusal.message,
                attempts=attempts, now=now, document_id=document.id, index=document.target,
            )
            for document, refusal, attempts in failed
        ]  # fmt: skip

    def _send(self, documents: Sequence[Document]) -> list[tuple[Document, Refusal]]:
        where = f"indexing into {self._server.url}"
        refused: list[tuple[Document, Refusal]] = []
        for batch, body in bulks(documents):
            self._status.add(bulks=1)
            try:
                status, answer = self._server.request("POST", BULK_PATH, body, "application/x-ndjson")
            except Unreachable as error:
                refused += [(document, Refusal(503, str(error))) for document in batch]
            else:
                refused += refusals(status, answer, batch)
        if refused:
            why = next((why for _, why in refused if why.temporary), refused[0][1])
            text = f"{len(refused)} of {len(documents)} documents refused: {why.code} {why.message}"
            if why.temporary:
                self._status.failed(where, text, self._clock.now())
                return refused
            self._status.noted(where, text, self._clock.now())
        self._status.recovered(where)
        return refused


def not_a_document(data: bytes, *, arrival_ms: int, document_id: str | None, index: str, now: float) -> bytes:
    """A line of the error output for what was never sent, because it is not a document."""
    return document_failure(
        data, arrival_ms=arrival_ms, code=str(NOT_ONE_LINE.code), message=NOT_ONE_LINE.message,
        attempts=0, now=now, document_id=document_id, index=index,
    )  # fmt: skip
