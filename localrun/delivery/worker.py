"""One delivery stream at work: read, transform, buffer, deliver, checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from localrun.delivery.buffer import Buffer
from localrun.delivery.conversion import FormatConversion
from localrun.delivery.error_records import conversion_failure, processing_failure
from localrun.delivery.glue_schema import GlueSchema, NoSchema
from localrun.delivery.opensearch import Document, index_name, one_line
from localrun.delivery.output import Bucket, Search, not_a_document
from localrun.delivery.parquet import Converted, convert
from localrun.delivery.prefix import CONVERSION_FAILED, OPENSEARCH_FAILED, PROCESSING_FAILED
from localrun.delivery.processor import (
    PAYLOAD_LIMIT,
    RECORD_TOO_LARGE,
    TOO_LARGE,
    Failure,
    Request,
    Result,
    interpret,
    requests,
)
from localrun.delivery.record import Processed, Record
from localrun.delivery.source import Source
from localrun.delivery.stopped import Stopped
from localrun.delivery.stream import DeliveryStream, LambdaProcessor, OpenSearchConfiguration
from localrun.event_sources.batch import backoff
from localrun.event_sources.clock import Clock
from localrun.event_sources.function import NotInvoked, Outcome
from localrun.event_sources.status import Part


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
        status: Part,
        clock: Clock,
    ) -> None:
        """`invoke` sends a payload to the processor's function and raises NotInvoked; None without a processor. `schema` is that
        of the files data is converted to; None without a conversion."""
        self._stream = stream
        self._source = source
        self._invoke = invoke
        self._bucket = bucket
        self._search = search
        self._schema = schema
        self._status = status
        self._clock = clock
        self._unprocessed: Buffer[Record] = Buffer(stream.processor.buffering if stream.processor else stream.buffering)
        self._processed: Buffer[Processed] = Buffer(stream.buffering)
        self._broken_off = False

    def step(self) -> float:
        """One round. Returns the seconds until the next."""
        now = self._clock.now()
        try:
            for record in self._source.read():
                if self._stream.processor is None:
                    self._keep(Processed(record, "Ok", record.data + self._stream.delimiter), now)
                else:
                    self._unprocessed.add(record, len(record.data), now)
                if self._unprocessed.full:
                    self._process()
                if self._processed.full:
                    self._deliver()
            if self._unprocessed.due_in(self._clock.now()) == 0:
                self._process()
            if self._processed.due_in(self._clock.now()) == 0:
                self._deliver()
        except Stopped:
            self._broken_off = True
            return 0.0
        if self._source.behind:
            return 0.0
        due = (self._unprocessed.due_in(self._clock.now()), self._processed.due_in(self._clock.now()))
        return min([self._source.poll_seconds, *(seconds for seconds in due if seconds is not None)])

    def finish(self) -> None:
        """After a stop: deliver what is buffered, trying once; what fails is not checkpointed and will be read again."""
        if not self._broken_off:  # what was taken and not delivered comes first: nothing behind it may be checkpointed
            try:
                self._process()
                self._deliver()
            except Stopped:
                self._broken_off = True
        if self._broken_off:
            text = "buffered records could not be delivered; the next run reads them again"
            self._status.failed("stopping", text, self._clock.now())

    def _process(self) -> None:
        processor = self._stream.processor
        if processor is None or self._invoke is None:
            return
        for request in requests(self._unprocessed.take()):
            for processed in self._transform(processor, self._invoke, request):
                self._keep(processed, self._clock.now())

    def _keep(self, processed: Processed, now: float) -> None:
        self._processed.add(processed, len(processed.data), now)

    def _transform(self, processor: LambdaProcessor, invoke: Callable[[bytes], Outcome], request: Request) -> list[Processed]:
        attempts = 0
        failure = RECORD_TOO_LARGE
        while request.fits and attempts <= processor.retries:
            if attempts:
                self._clock.wait(backoff(attempts - 1))
            attempts += 1
            found = self._attempt(processor, invoke, request)
            if not isinstance(found, Failure):
                return [self._result(result, processor, attempts) for result in found]
            failure = found
            if self._clock.stopped and attempts <= processor.retries:
                raise Stopped
        return [self._result(Result(record, failure), processor, attempts) for record in request.records]

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

    def _result(self, result: Result, processor: LambdaProcessor, attempts: int) -> Processed:
        record, outcome = result
        if outcome is None:
            return Processed(record, "Dropped", b"")
        if isinstance(outcome, bytes):
            return Processed(record, "Ok", outcome + self._stream.delimiter)
        self._status.add(processing_failed=1)
        line = processing_failure(
            record, code=outcome.code, message=outcome.message, attempts=attempts, now=self._clock.now(),
            function_arn=processor.function_arn,
        )  # fmt: skip
        return Processed(record, "ProcessingFailed", line)

    def _deliver(self) -> None:
        batch = self._processed.take()
        if not batch:
            return
        good = [found for found in batch if found.result == "Ok"]
        bad = [found for found in batch if found.result == "ProcessingFailed"]
        if good and self._stream.opensearch:
            self._index(good, self._stream.opensearch)
        elif good and self._stream.conversion and self._schema:
            self._convert(good, self._stream.conversion, self._schema)
        elif good:
            self._bucket.put_data([found.data for found in good], oldest(good))
            self._status.add(delivered=len(good))
        if bad:
            self._bucket.put_errors([found.data for found in bad], oldest(bad), PROCESSING_FAILED)
        self._source.delivered(found.record for found in batch)
        self._status.add(records=len(batch), dropped=len(batch) - len(good) - len(bad))
        self._status.fact(freshness_seconds=round(self._clock.now() - oldest(batch) / 1000, 3))

    def _convert(self, good: Sequence[Processed], conversion: FormatConversion, schema: GlueSchema) -> None:
        try:
            found = convert([record.data for record in good], schema.read(), conversion)
        except NoSchema as error:
            found = Converted(None, [(at, error) for at in range(len(good))])
        if found.body is not None:
            self._bucket.put_data([found.body], oldest(good))
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
        for record, _, data in good:
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
            self._bucket.put_data([found.record.data for found in good], oldest(good))
        if lines:
            self._bucket.put_errors(lines, oldest(good), OPENSEARCH_FAILED)
        self._status.add(delivered=len(good) - len(lines), documents_failed=len(lines))


def oldest(batch: Sequence[Processed]) -> int:
    """Arrival of the oldest record, in milliseconds: what prefixes are evaluated with."""
    return min(found.record.arrival_ms for found in batch)
