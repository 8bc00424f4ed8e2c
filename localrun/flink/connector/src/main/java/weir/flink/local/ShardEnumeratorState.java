package weir.flink.local;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * What of a stream is being read.
 *
 * @param beginning where a shard begins that is found later
 * @param begun shards that were handed out, or are waiting to be
 * @param finished those that were read to their end
 * @param waiting those that no reader has
 */
record ShardEnumeratorState(
        ShardPosition beginning, Set<String> begun, Set<String> finished, List<ShardSplit> waiting) {

    static final SimpleVersionedSerializer<ShardEnumeratorState> SERIALIZER = new SimpleVersionedSerializer<>() {
        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(ShardEnumeratorState state) throws IOException {
            DataOutputSerializer out = new DataOutputSerializer(256);
            ShardSplit.write(new ShardSplit("", state.beginning), out);
            names(state.begun, out);
            names(state.finished, out);
            out.writeInt(state.waiting.size());
            for (ShardSplit split : state.waiting) {
                ShardSplit.write(split, out);
            }
            return out.getCopyOfBuffer();
        }

        @Override
        public ShardEnumeratorState deserialize(int version, byte[] bytes) throws IOException {
            DataInputDeserializer in = new DataInputDeserializer(bytes);
            ShardPosition beginning = ShardSplit.read(in).position();
            Set<String> begun = names(in);
            Set<String> finished = names(in);
            List<ShardSplit> waiting = new ArrayList<>();
            for (int left = in.readInt(); left > 0; left--) {
                waiting.add(ShardSplit.read(in));
            }
            return new ShardEnumeratorState(beginning, begun, finished, waiting);
        }
    };

    private static void names(Set<String> names, DataOutputSerializer out) throws IOException {
        out.writeInt(names.size());
        for (String name : names) {
            out.writeUTF(name);
        }
    }

    private static Set<String> names(DataInputDeserializer in) throws IOException {
        Set<String> names = new TreeSet<>();
        for (int left = in.readInt(); left > 0; left--) {
            names.add(in.readUTF());
        }
        return names;
    }
}
