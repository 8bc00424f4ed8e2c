package weir.flink.streams.testing;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import weir.flink.streams.RecordDecoder;

/** Reads a stream in memory: a split a shard, as the source of a Kinesis stream has them. The enumerator's state is who has no reader yet. */
final class MemorySource<T> implements Source<T, MemoryShard, List<MemoryShard>>, ResultTypeQueryable<T> {
    private static final long serialVersionUID = 1L;

    private final String streams;
    private final String stream;
    private final RecordDecoder<T> decoder;

    MemorySource(String streams, String stream, RecordDecoder<T> decoder) {
        this.streams = streams;
        this.stream = stream;
        this.decoder = decoder;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<MemoryShard, List<MemoryShard>> createEnumerator(SplitEnumeratorContext<MemoryShard> context) {
        int shards = MemoryStreams.open(streams).stream(stream).shards();
        return new MemoryEnumerator(context, IntStream.range(0, shards).mapToObj(shard -> new MemoryShard(shard, 0)).toList());
    }

    @Override
    public SplitEnumerator<MemoryShard, List<MemoryShard>> restoreEnumerator(
            SplitEnumeratorContext<MemoryShard> context, List<MemoryShard> waiting) {
        return new MemoryEnumerator(context, waiting);
    }

    @Override
    public SourceReader<T, MemoryShard> createReader(SourceReaderContext context) {
        return new MemoryReader<>(MemoryStreams.open(streams), stream, decoder);
    }

    @Override
    public SimpleVersionedSerializer<MemoryShard> getSplitSerializer() {
        return new MemoryShard.Serializer();
    }

    @Override
    public SimpleVersionedSerializer<List<MemoryShard>> getEnumeratorCheckpointSerializer() {
        return new WaitingSerializer();
    }

    @Override
    public TypeInformation<T> getProducedType() {
        return decoder.type();
    }

    private static final class WaitingSerializer implements SimpleVersionedSerializer<List<MemoryShard>> {
        private static final MemoryShard.Serializer SHARD = new MemoryShard.Serializer();

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(List<MemoryShard> waiting) {
            ByteBuffer written = ByteBuffer.allocate(waiting.size() * 2 * Integer.BYTES);
            waiting.forEach(shard -> written.put(SHARD.serialize(shard)));
            return written.array();
        }

        @Override
        public List<MemoryShard> deserialize(int version, byte[] serialized) {
            ByteBuffer read = ByteBuffer.wrap(serialized);
            int shards = serialized.length / (2 * Integer.BYTES);
            return IntStream.range(0, shards).mapToObj(index -> new MemoryShard(read.getInt(), read.getInt())).toList();
        }
    }
}
