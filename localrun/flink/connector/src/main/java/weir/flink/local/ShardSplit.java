package weir.flink.local;

import java.io.IOException;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * One shard, and up to where it was read.
 *
 * @param shard its id
 */
record ShardSplit(String shard, ShardPosition position) implements SourceSplit {
    @Override
    public String splitId() {
        return shard;
    }

    static final SimpleVersionedSerializer<ShardSplit> SERIALIZER = new SimpleVersionedSerializer<>() {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(ShardSplit split) throws IOException {
            DataOutputSerializer out = new DataOutputSerializer(96);
            write(split, out);
            return out.getCopyOfBuffer();
        }

        @Override
        public ShardSplit deserialize(int version, byte[] bytes) throws IOException {
            return read(new DataInputDeserializer(bytes));
        }
    };

    static void write(ShardSplit split, DataOutputSerializer out) throws IOException {
        out.writeUTF(split.shard);
        out.writeUTF(split.position.kind().name());
        out.writeUTF(split.position.value());
    }

    static ShardSplit read(DataInputDeserializer in) throws IOException {
        return new ShardSplit(in.readUTF(), new ShardPosition(ShardPosition.Kind.valueOf(in.readUTF()), in.readUTF()));
    }
}
