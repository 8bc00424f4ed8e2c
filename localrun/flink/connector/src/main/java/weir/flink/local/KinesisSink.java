package weir.flink.local;

import java.io.Serializable;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.AsyncSinkBase;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordEncoder;

/** Writes to a stream by PutRecords, at least once. */
final class KinesisSink<T> extends AsyncSinkBase<T, PutRecordsRequestEntry> {
    private static final long serialVersionUID = 1L;
    /** Kinesis Data Streams developer guide, "Quotas and limits": of a PutRecords call, and of a record with its key. */
    private static final int MOST_RECORDS = 500;

    private static final long MOST_BYTES = 5L << 20;
    private static final long MOST_RECORD_BYTES = 1L << 20;
    /** In the official connector 5 s, which alone would be all the time there is from a window's end to its document. */
    private static final int FLUSH_MILLISECONDS = 200;

    private static final String FLUSH = "sink.flush-buffer.timeout";
    private static final int REQUESTS_AT_ONCE = 4;
    private static final int BUFFERED = 10_000;

    private final PropertyGroup stream;

    private KinesisSink(PropertyGroup stream, ElementConverter<T, PutRecordsRequestEntry> converter, long flush) {
        super(converter, MOST_RECORDS, REQUESTS_AT_ONCE, BUFFERED, MOST_BYTES, flush, MOST_RECORD_BYTES);
        this.stream = stream;
    }

    static <T> Sink<T> of(PropertyGroup stream, RecordEncoder<T> encoder) {
        int flush = stream.optional(FLUSH).isPresent() ? stream.number(FLUSH, 1) : FLUSH_MILLISECONDS;
        Clients.name(stream);
        return new KinesisSink<>(stream, new Converter<>(encoder), flush);
    }

    @Override
    public KinesisWriter<T> createWriter(WriterInitContext context) {
        return restoreWriter(context, List.of());
    }

    @Override
    public KinesisWriter<T> restoreWriter(
            WriterInitContext context,
            Collection<BufferedRequestState<PutRecordsRequestEntry>> buffered) {
        return new KinesisWriter<>(
                getElementConverter(),
                context,
                KinesisWriter.configuration(
                        getMaxBatchSize(),
                        getMaxBatchSizeInBytes(),
                        getMaxInFlightRequests(),
                        getMaxBufferedRequests(),
                        getMaxTimeInBufferMS(),
                        getMaxRecordSizeInBytes()),
                buffered,
                stream,
                Clients.of(stream),
                getMaxInFlightRequests());
    }

    @Override
    public SimpleVersionedSerializer<BufferedRequestState<PutRecordsRequestEntry>> getWriterStateSerializer() {
        return new EntryStateSerializer();
    }

    private record Converter<T>(RecordEncoder<T> encoder)
            implements ElementConverter<T, PutRecordsRequestEntry>, Serializable {
        @Override
        public PutRecordsRequestEntry apply(T element, SinkWriter.Context context) {
            return PutRecordsRequestEntry.builder()
                    .partitionKey(encoder.partitionKey(element))
                    .data(SdkBytes.fromByteArrayUnsafe(encoder.data(element)))
                    .build();
        }
    }
}
