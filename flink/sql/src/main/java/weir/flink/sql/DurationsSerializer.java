package weir.flink.sql;

import java.io.IOException;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/** Durations in state and between tasks: the number of their bytes, and the bytes. */
public final class DurationsSerializer extends TypeSerializerSingleton<Durations> {
    private static final long serialVersionUID = 1L;

    @Override
    public boolean isImmutableType() {
        return false;
    }

    @Override
    public Durations createInstance() {
        return new Durations();
    }

    @Override
    public Durations copy(Durations from) {
        Durations copy = new Durations();
        copy.addAll(from);
        return copy;
    }

    @Override
    public Durations copy(Durations from, Durations reuse) {
        return copy(from);
    }

    @Override
    public int getLength() {
        return -1;
    }

    @Override
    public void serialize(Durations durations, DataOutputView target) throws IOException {
        byte[] bytes = durations.bytes();
        target.writeInt(bytes.length);
        target.write(bytes);
    }

    @Override
    public Durations deserialize(DataInputView source) throws IOException {
        byte[] bytes = new byte[source.readInt()];
        source.readFully(bytes);
        Durations durations = new Durations();
        durations.addAll(bytes);
        return durations;
    }

    @Override
    public Durations deserialize(Durations reuse, DataInputView source) throws IOException {
        return deserialize(source);
    }

    @Override
    public void copy(DataInputView source, DataOutputView target) throws IOException {
        int length = source.readInt();
        target.writeInt(length);
        target.write(source, length);
    }

    @Override
    public TypeSerializerSnapshot<Durations> snapshotConfiguration() {
        return new Snapshot();
    }

    /** Names the serializer in a snapshot. */
    public static final class Snapshot extends SimpleTypeSerializerSnapshot<Durations> {
        public Snapshot() {
            super(DurationsSerializer::new);
        }
    }
}
