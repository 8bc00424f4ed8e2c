package weir.flink.streams.testing;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import weir.flink.streams.RecordEncoder;

/** Puts elements on a stream in memory, in the shard of their partition key. */
final class MemorySink<T> implements Sink<T> {
    private static final long serialVersionUID = 1L;

    private final String streams;
    private final String stream;
    private final RecordEncoder<T> encoder;

    MemorySink(String streams, String stream, RecordEncoder<T> encoder) {
        this.streams = streams;
        this.stream = stream;
        this.encoder = encoder;
    }

    @Override
    public SinkWriter<T> createWriter(WriterInitContext context) {
        MemoryStreams written = MemoryStreams.open(streams);
        int shards = written.stream(stream).shards();
        return new SinkWriter<>() {
            @Override
            public void write(T element, Context context) {
                String key = encoder.partitionKey(element);
                written.put(stream, Math.floorMod(key.hashCode(), shards), key, encoder.data(element));
            }

            @Override
            public void flush(boolean last) {}

            @Override
            public void close() {}
        };
    }
}
