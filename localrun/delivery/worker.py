"""One delivery stream at work: read, transform, buffer, deliver, checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from localrun.delivery.buffer import Buffer
from localrun.delivery.cloudwatch_logs import decompress, messages
from localrun.delivery.conversion import FormatConversion
from localrun.delivery.error_records import conversion_failure, processing_failure, record_failure
from localrun.delivery.failure import Failure
from localrun.delivery.glue_schema import GlueSchema, NoSchema
from localrun.delivery.opensearch import Document, index_name, one_line
from localrun.delivery.output import Bucket, Search, not_a_document
from localrun.delivery.parquet import Converted, convert
from localrun.delivery.partition_keys import ACTIVE_PARTITIONS, TOO_LONG, TOO_MANY_PARTITIONS, PartitionKeys
from localrun.delivery.partitions import Partitions
from localrun.delivery.prefix import (
    CONVERSION_FAILED,
    DECOMPRESSION_FAILED,
    OPENSEARCH_FAILED,
    PARTITIONS_EXCEEDED,
    PROCESSING_FAILED,
)
from localrun.delivery.processor import (
    PAYLOAD_LIMIT,
    RECORD_TOO_LARGE,
    TOO_LARGE,
    Request,
    Result,
    interpret,
    requests,
)
from localrun.delivery.progress import Progress
from localrun.delivery.record import Processed, Record
from localrun.delivery.source import Source
from localrun.delivery.stopped import Stopped
from localrun.delivery.stream import DeliveryStream, LambdaProcessor, OpenSearchConfiguration
from localrun.event_sources.batch import backoff
from localrun.event_sources.clock import Clock
from localrun.event_sources.function import NotInvoked, Outcome
from localrun.event_sources.status import Part

#: What is held of a delivery stream, in bytes and in records: its partitions have a buffer each, and beyond this the oldest is
#: delivered before its hints are reached, for memory here is less than Firehose's.
HELD_BYTES = 256 * 2**20
HELD_RECORDS = 1_000_000


class Target(NamedTuple):
    """What is delivered together."""

    partition: tuple[str, ...] = ()
    """Values of the partition keys in the prefix."""
    failed: tuple[str, str] | None = None
    """Why it is in the error output, one of the kinds of prefix.py; None for data."""


#: The target of data without partitions, made once for every record's sake.
_WHOLE = Target()


class DeliveryWorker:
    """All stages in one thread and in order, so memory is bounded by the buffers, and the checkpoint is what was delivered last.

    While a stage waits for its destination nothing is read: the stream keeps the records.
    """

    def __init__(
        self,
        stream: DeliveryStream,
        source: Source,
        invoke: Callable[[bytes], Outcome] | None,
        bucket: Bucket,
        search: Search,
        schema: GlueSchema | None,
        backup: Bucket | None,
        status: Part,
        clock: Clock,
    ) -> None:
        """`invoke` sends a payload to the processor's function and raises NotInvoked; None without a processor. `schema` is that
        of the files data is converted to; None without a conversion. `backup` keeps the records as they were sent too."""
        self._stream = stream
        self._source = source
        self._invoke = invoke
        self._bucket = bucket
        self._search = search
        self._schema = schema
        self._backup = backup
        self._status = status
        self._clock = clock
        self._unprocessed: Buffer[Record] = Buffer(stream.processor.buffering if stream.processor else stream.buffering)
        self._processed: Partitions[Target, Processed] = Partitions(stream.buffering)
        self._unsaved: Buffer[Record] = Buffer(stream.backup.buffering if stream.backup else stream.buffering)
        self._progress = Progress(source)
        self._keys = PartitionKeys(stream.s3.prefix, stream.partitioning.query) if stream.partitioning else None
        self._active_partitions = 0
        self._broken_off = False

    def step(self) -> float:
        """One round. Returns the seconds until the next."""
        now = self._clock.now()
        try:
            for record in self._source.read():
                if self._backup is not None:
                    self._save(record, now)
                for part in self._parts(record):
                    if self._stream.processor is None:
                        self._keep(part, part.data, None)
                    else:
                        self._unprocessed.add(part, len(part.data), now)
                if self._unprocessed.full:
                    self._process()
            if self._unprocessed.due_in(self._clock.now()) == 0:
                self._process()
            for target in self._processed.due(self._clock.now()):
                self._deliver(target)
            self._bound()
            if self._unsaved.due_in(self._clock.now()) == 0:
                self._back_up()
        except Stopped:
            self._broken_off = True
            return 0.0
        if self._source.behind:
            return 0.0
        due = (waiting.due_in(self._clock.now()) for waiting in (self._unprocessed, self._processed, self._unsaved))
        return min([self._source.poll_seconds, *(seconds for seconds in due if seconds is not None)])

    def finish(self) -> None:
        """After a stop: deliver what is buffered, trying once; what fails is not checkpointed and will be read again."""
        if not self._broken_off:  # what was taken and not delivered comes first: nothing behind it may be checkpointed
            try:
                self._process()
                while (target := self._processed.oldest()) is not None:
                    self._deliver(target)
                self._back_up()
            except Stopped:
                self._broken_off = True
        if self._broken_off:
            text = "buffered records could not be delivered; the next run reads them again"
            self._status.failed("stopping", text, self._clock.now())

    def _bound(self) -> None:
        """Deliver the oldest until what is held is within its limits; what one reading brought is in memory already."""
        while self._processed.size > HELD_BYTES or len(self._progress) > HELD_RECORDS:
            target = self._processed.oldest()
            if target is None:
                return
            self._deliver(target)

    def _process(self) -> None:
        processor = self._stream.processor
        if processor is None or self._invoke is None:
            return
        for request in requests(self._unprocessed.take()):
            self._transform(processor, self._invoke, request)

    def _save(self, record: Record, now: float) -> None:
        """Buffer for the backup. The record is not done before its copy is: a record of its own, in front of it, says so."""
        copy = record._replace(id=f"{record.id}/backup", last=False)
        self._progress.begin(copy)
        self._unsaved.add(copy, len(copy.data), now)
        if self._unsaved.full:
            self._back_up()

    def _back_up(self) -> None:
        copies = self._unsaved.take()
        if copies and self._backup is not None:
            self._backup.put_data([copy.data for copy in copies], min(copy.arrival_ms for copy in copies))
            self._progress.done(copies)
            self._status.add(backed_up=len(copies))

    def _parts(self, record: Record) -> list[Record]:
        """The records in a record; none if it could not be opened or taken apart, which is kept as an error."""
        if self._stream.decompression:
            opened = decompress(record.data)
            if isinstance(opened, Failure):
                return self._no_parts(record, opened, DECOMPRESSION_FAILED)
            record = record._replace(data=opened, sent=record.data)
        if self._stream.messages_only:
            lines = messages(record.data)
            if isinstance(lines, Failure):
                return self._no_parts(record, lines, PROCESSING_FAILED)
            record = record._replace(data=lines)
        parts = self._stream.deaggregation.split(record) if self._stream.deaggregation else [record]
        if isinstance(parts, Failure):
            return self._no_parts(record, parts, PROCESSING_FAILED)
        for part in parts:
            self._progress.begin(part)
        return parts

    def _no_parts(self, record: Record, why: Failure, kind: tuple[str, str]) -> list[Record]:
        self._progress.begin(record)
        self._refuse(record, record.data, why, kind)
        return []

    def _keep(self, record: Record, data: bytes, lambda_keys: Any) -> None:
        """Buffer what is to be delivered, in its partition."""
        target = self._target(record, data, lambda_keys)
        if isinstance(target, Failure):
            kind = PARTITIONS_EXCEEDED if target is TOO_MANY_PARTITIONS else PROCESSING_FAILED
            self._refuse(record, data, target, kind)
        else:
            self._buffer(target, Processed(record, data + self._stream.delimiter))

    def _target(self, record: Record, data: bytes, lambda_keys: Any) -> Target | Failure:
        """By the values of the partition keys in the prefix; the same for all without dynamic partitioning."""
        if self._keys is None:
            return _WHOLE
        partition = self._keys.partition(data, lambda_keys)
        if isinstance(partition, Failure):
            return partition
        target = Target(partition)
        if target in self._processed:
            return target
        if self._active_partitions >= ACTIVE_PARTITIONS:
            return TOO_MANY_PARTITIONS
        if not self._keys.fits(partition, record.arrival_ms):
            return TOO_LONG
        self._active_partitions += 1
        return target

    def _refuse(self, record: Record, data: bytes, why: Failure, kind: tuple[str, str]) -> None:
        line = record_failure(record, data, code=why.code, message=why.message, now=self._clock.now())
        self._status.add(processing_failed=1)
        self._buffer(Target(failed=kind), Processed(record, line))

    def _buffer(self, target: Target, processed: Processed) -> None:
        if self._processed.add(target, processed, len(processed.data), self._clock.now()):
            self._deliver(target)

    def _transform(self, processor: LambdaProcessor, invoke: Callable[[bytes], Outcome], request: Request) -> None:
        attempts = 0
        failure = RECORD_TOO_LARGE
        while request.fits and attempts <= processor.retries:
            if attempts:
                self._clock.wait(backoff(attempts - 1))
            attempts += 1
            found = self._attempt(processor, invoke, request)
            if not isinstance(found, Failure):
                for result in found:
                    self._result(result, processor, attempts)
                dropped = [result.record for result in found if result.outcome is None]
                self._progress.done(dropped)
                self._status.add(records=len(dropped), dropped=len(dropped))
                return
            failure = found
            if self._clock.stopped and attempts <= processor.retries:
                raise Stopped
        for record in request.records:
            self._result(Result(record, failure), processor, attempts)

    def _attempt(
        self, processor: LambdaProcessor, invoke: Callable[[bytes], Outcome], request: Request
    ) -> list[Result] | Failure:
        """Results, or why there are none and it may be tried again."""
        where = f"invoking {processor.function_arn}"
        failure: Failure | None = None
        self._status.add(invokes=1)
        try:
            outcome = invoke(request.payload(self._stream))
        except NotInvoked as error:
            code = "Lambda.InvokeAccessDenied" if "AccessDenied" in str(error) else "Lambda.InvokeLimitExceeded"
            failure = Failure(code, str(error))
        else:
            if outcome.error is not None:
                failure = Failure("Lambda.FunctionError", outcome.error)
            elif outcome.size > PAYLOAD_LIMIT:
                failure = TOO_LARGE
        if failure is not None:
            self._status.add(invoke_errors=1)
            self._status.failed(where, f"{failure.code}: {failure.message}", self._clock.now())
            return failure
        self._status.recovered(where)
        return interpret(outcome.response, request.records)

    def _result(self, result: Result, processor: LambdaProcessor, attempts: int) -> None:
        """Buffer what is to be delivered, or the failure; nothing of a record the function dropped."""
        record, outcome, partition_keys = result
        if outcome is None:
            return
        if isinstance(outcome, bytes):
            self._keep(record, outcome, partition_keys)
        else:
            self._status.add(processing_failed=1)
            line = processing_failure(
                record, code=outcome.code, message=outcome.message, attempts=attempts, now=self._clock.now(),
                function_arn=processor.function_arn,
            )  # fmt: skip
            self._buffer(Target(failed=PROCESSING_FAILED), Processed(record, line))

    def _deliver(self, target: Target) -> None:
        batch = self._processed.take(target)
        if target.failed:
            self._bucket.put_errors([found.data for found in batch], oldest(batch), target.failed)
        elif self._stream.opensearch:
            self._index(batch, self._stream.opensearch)
        elif self._stream.conversion and self._schema:
            self._convert(batch, target.partition, self._stream.conversion, self._schema)
        else:
            self._bucket.put_data([found.data for found in batch], oldest(batch), target.partition)
            self._status.add(delivered=len(batch))
        if target.partition:
            self._active_partitions -= 1
        self._progress.done(found.record for found in batch)
        self._status.add(records=len(batch))
        self._status.fact(freshness_seconds=round(self._clock.now() - oldest(batch) / 1000, 3))

    def _convert(
        self, good: Sequence[Processed], partition: tuple[str, ...], conversion: FormatConversion, schema: GlueSchema
    ) -> None:
        try:
            found = convert([record.data for record in good], schema.read(), conversion)
        except NoSchema as error:
            found = Converted(None, [(at, error) for at in range(len(good))])
        if found.body is not None:
            self._bucket.put_data([found.body], oldest(good), partition)
        lines = [
            conversion_failure(
                good[at].record, good[at].data, code=why.code, message=str(why), now=self._clock.now(), table=conversion.table
            )
            for at, why in found.rejected
        ]
        if lines:
            self._bucket.put_errors(lines, oldest(good), CONVERSION_FAILED)
        self._status.add(delivered=len(good) - len(lines), conversion_failed=len(lines))

    def _index(self, good: Sequence[Processed], config: OpenSearchConfiguration) -> None:
        documents: list[Document] = []
        lines: list[bytes] = []
        for record, data in good:
            index = index_name(config.index, config.rotation, record.arrival_ms)
            document_id = record.id if config.document_ids else None
            source = one_line(data)
            if source is None:
                lines.append(not_a_document(data, arrival_ms=record.arrival_ms, document_id=document_id, index=index,
                                            now=self._clock.now()))  # fmt: skip
            else:
                documents.append(Document(document_id, index, source, record.arrival_ms))
        lines += self._search.index(documents)
        if config.backup_all:
            self._bucket.put_data([found.record.raw for found in good], oldest(good))
        if lines:
            self._bucket.put_errors(lines, oldest(good), OPENSEARCH_FAILED)
        self._status.add(delivered=len(good) - len(lines), documents_failed=len(lines))


def oldest(batch: Sequence[Processed]) -> int:
    """Arrival of the oldest record, in milliseconds: what prefixes are evaluated with."""
    return min(found.record.arrival_ms for found in batch)
