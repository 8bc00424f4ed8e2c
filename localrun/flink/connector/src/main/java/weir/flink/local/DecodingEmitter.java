package weir.flink.local;

import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.util.Collector;
import software.amazon.awssdk.services.kinesis.model.Record;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.StreamRecord;

/** Records to elements, which leave by the output of their shard. */
final class DecodingEmitter<T> implements RecordEmitter<Record, T, ShardState> {
    private final String stream;
    private final RecordDecoder<T> decoder;
    private final TimedOutput<T> out = new TimedOutput<>();

    DecodingEmitter(String stream, RecordDecoder<T> decoder) {
        this.stream = stream;
        this.decoder = decoder;
    }

    @Override
    public void emitRecord(Record record, SourceOutput<T> output, ShardState shard) {
        out.output = output;
        out.arrival = record.approximateArrivalTimestamp().toEpochMilli();
        decoder.decode(
                new StreamRecord(
                        stream,
                        shard.shard(),
                        record.sequenceNumber(),
                        record.partitionKey(),
                        record.approximateArrivalTimestamp(),
                        record.data().asByteArrayUnsafe()),
                out);
        shard.readUpTo(record.sequenceNumber());
    }

    private static final class TimedOutput<T> implements Collector<T> {
        private SourceOutput<T> output;
        private long arrival;

        @Override
        public void collect(T element) {
            output.collect(element, arrival);
        }

        @Override
        public void close() {}
    }
}
