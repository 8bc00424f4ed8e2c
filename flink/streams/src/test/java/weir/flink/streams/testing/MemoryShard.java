package weir.flink.streams.testing;

import java.nio.ByteBuffer;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;

/**
 * A shard of a stream in memory, and how far it is read.
 *
 * @param next number of the first record that is not read
 */
record MemoryShard(int shard, int next) implements SourceSplit {
    @Override
    public String splitId() {
        return String.valueOf(shard);
    }

    MemoryShard readOne() {
        return new MemoryShard(shard, next + 1);
    }

    static final class Serializer implements SimpleVersionedSerializer<MemoryShard> {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(MemoryShard shard) {
            return ByteBuffer.allocate(2 * Integer.BYTES).putInt(shard.shard()).putInt(shard.next()).array();
        }

        @Override
        public MemoryShard deserialize(int version, byte[] serialized) {
            ByteBuffer read = ByteBuffer.wrap(serialized);
            return new MemoryShard(read.getInt(), read.getInt());
        }
    }
}
