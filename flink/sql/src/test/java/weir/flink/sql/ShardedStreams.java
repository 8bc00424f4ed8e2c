package weir.flink.sql;

import java.io.IOException;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SourceSplit;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.util.Collector;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;
import weir.flink.streams.StreamRecord;

/** Streams that are a function of shard and position, read shard by shard in turns, and written to memory or nowhere. */
final class ShardedStreams implements StreamConnector {
    /** What was written, by run and stream: jobs in this process have no other way to give it back. */
    private static final Map<String, Queue<byte[]>> WRITTEN = new ConcurrentHashMap<>();
    /** How far each run reads before it waits to be stopped. */
    private static final Map<String, Long> PAUSES = new ConcurrentHashMap<>();

    /** The records of a stream. */
    interface Shards extends Serializable {
        int count();

        /** Of each shard. */
        long size();

        byte[] record(int shard, long position);
    }

    private final Shards shards;
    private final String run;

    /** @param run name under which what is written is kept, or null to keep nothing */
    ShardedStreams(Shards shards, String run) {
        this.shards = shards;
        this.run = run;
    }

    List<byte[]> written(String stream) {
        return List.copyOf(WRITTEN.getOrDefault(run + "/" + stream, new ConcurrentLinkedQueue<>()));
    }

    void pauseAt(long position) {
        PAUSES.put(run, position);
    }

    void resume() {
        PAUSES.remove(run);
    }

    @Override
    public String description() {
        return "generated shards";
    }

    @Override
    public <T> Source<T, ?, ?> source(PropertyGroup stream, RecordDecoder<T> decoder) {
        return new Generated<>(shards, run, stream.name(), decoder);
    }

    @Override
    public <T> Sink<T> sink(PropertyGroup stream, RecordEncoder<T> encoder) {
        String name = run == null ? null : run + "/" + stream.name();
        return new Kept<>(name, encoder);
    }

    private record Kept<T>(String name, RecordEncoder<T> encoder) implements Sink<T> {
        @Override
        public SinkWriter<T> createWriter(WriterInitContext context) {
            return new SinkWriter<>() {
                @Override
                public void write(T element, Context place) {
                    byte[] data = encoder.data(element);
                    if (encoder.partitionKey(element).isEmpty()) {
                        throw new IllegalStateException("a record without a partition key");
                    }
                    if (name != null) {
                        WRITTEN.computeIfAbsent(name, key -> new ConcurrentLinkedQueue<>()).add(data);
                    }
                }

                @Override
                public void flush(boolean end) {}

                @Override
                public void close() {}
            };
        }
    }

    private record Shard(int number, long position) implements SourceSplit {
        @Override
        public String splitId() {
            return String.valueOf(number);
        }
    }

    private record Generated<T>(Shards shards, String run, String stream, RecordDecoder<T> decoder)
            implements Source<T, Shard, Boolean>, ResultTypeQueryable<T> {
        @Override
        public Boundedness getBoundedness() {
            return Boundedness.CONTINUOUS_UNBOUNDED;
        }

        @Override
        public TypeInformation<T> getProducedType() {
            return decoder.type();
        }

        @Override
        public SplitEnumerator<Shard, Boolean> createEnumerator(SplitEnumeratorContext<Shard> context) {
            return new Assigner(context, shards.count(), false);
        }

        @Override
        public SplitEnumerator<Shard, Boolean> restoreEnumerator(SplitEnumeratorContext<Shard> context, Boolean assigned) {
            return new Assigner(context, shards.count(), assigned);
        }

        @Override
        public SourceReader<T, Shard> createReader(SourceReaderContext context) throws Exception {
            decoder.open();
            return new Reader<>(this);
        }

        @Override
        public SimpleVersionedSerializer<Shard> getSplitSerializer() {
            return new Bytes<>(12) {
                @Override
                void write(ByteBuffer to, Shard shard) {
                    to.putInt(shard.number).putLong(shard.position);
                }

                @Override
                Shard read(ByteBuffer from) {
                    return new Shard(from.getInt(), from.getLong());
                }
            };
        }

        @Override
        public SimpleVersionedSerializer<Boolean> getEnumeratorCheckpointSerializer() {
            return new Bytes<>(1) {
                @Override
                void write(ByteBuffer to, Boolean assigned) {
                    to.put((byte) (assigned ? 1 : 0));
                }

                @Override
                Boolean read(ByteBuffer from) {
                    return from.get() == 1;
                }
            };
        }
    }

    private abstract static class Bytes<E> implements SimpleVersionedSerializer<E> {
        private final int size;

        Bytes(int size) {
            this.size = size;
        }

        abstract void write(ByteBuffer to, E element);

        abstract E read(ByteBuffer from);

        @Override
        public int getVersion() {
            return 1;
        }

        @Override
        public byte[] serialize(E element) {
            ByteBuffer bytes = ByteBuffer.allocate(size);
            write(bytes, element);
            return bytes.array();
        }

        @Override
        public E deserialize(int version, byte[] serialized) throws IOException {
            return read(ByteBuffer.wrap(serialized));
        }
    }

    /** Gives each reader its shards once all readers are there. */
    private static final class Assigner implements SplitEnumerator<Shard, Boolean> {
        private final SplitEnumeratorContext<Shard> context;
        private final int shards;
        private final List<Shard> returned = new ArrayList<>();
        private boolean assigned;

        Assigner(SplitEnumeratorContext<Shard> context, int shards, boolean assigned) {
            this.context = context;
            this.shards = shards;
            this.assigned = assigned;
        }

        @Override
        public void start() {}

        @Override
        public void addReader(int subtask) {
            int readers = context.currentParallelism();
            if (context.registeredReaders().size() < readers) {
                return;
            }
            if (!assigned) {
                assigned = true;
                for (int shard = 0; shard < shards; shard++) {
                    returned.add(new Shard(shard, 0));
                }
            }
            returned.forEach(shard -> context.assignSplit(shard, shard.number % readers));
            returned.clear();
            for (int reader = 0; reader < readers; reader++) {
                context.signalNoMoreSplits(reader);
            }
        }

        @Override
        public void addSplitsBack(List<Shard> splits, int subtask) {
            returned.addAll(splits);
        }

        @Override
        public void handleSplitRequest(int subtask, String host) {}

        @Override
        public Boolean snapshotState(long checkpoint) {
            return assigned;
        }

        @Override
        public void close() {}
    }

    private static final class Reader<T> implements SourceReader<T, Shard> {
        /** Records of one shard before the next has its turn, as GetRecords gives them in batches. */
        private static final int TURN = 100;

        private final Generated<T> source;
        private final List<int[]> numbers = new ArrayList<>();
        private final List<long[]> positions = new ArrayList<>();
        private final CompletableFuture<Void> available = new CompletableFuture<>();
        private boolean complete;
        private int next;

        Reader(Generated<T> source) {
            this.source = source;
        }

        @Override
        public void start() {}

        @Override
        public InputStatus pollNext(ReaderOutput<T> output) {
            boolean paused = false;
            for (int tried = 0; tried < numbers.size(); tried++) {
                int at = next;
                next = (next + 1) % numbers.size();
                int shard = numbers.get(at)[0];
                long[] position = positions.get(at);
                long pause = source.run == null ? Long.MAX_VALUE : PAUSES.getOrDefault(source.run, Long.MAX_VALUE);
                long end = Math.min(source.shards.size(), pause);
                if (position[0] < end) {
                    read(shard, position, end, output.createOutputForSplit(String.valueOf(shard)));
                    return InputStatus.MORE_AVAILABLE;
                }
                paused |= position[0] < source.shards.size();
            }
            if (paused) {
                LockSupport.parkNanos(1_000_000); // Then it is asked again whether it still is.
                return InputStatus.MORE_AVAILABLE;
            }
            return complete ? InputStatus.END_OF_INPUT : InputStatus.NOTHING_AVAILABLE;
        }

        private void read(int shard, long[] position, long end, SourceOutput<T> output) {
            Collector<T> out = new Collector<>() {
                @Override
                public void collect(T element) {
                    output.collect(element);
                }

                @Override
                public void close() {}
            };
            for (int count = 0; count < TURN && position[0] < end; count++, position[0]++) {
                source.decoder.decode(
                        new StreamRecord(
                                source.stream,
                                "shardId-" + shard,
                                String.valueOf(position[0]),
                                "key",
                                Instant.EPOCH,
                                source.shards.record(shard, position[0])),
                        out);
            }
        }

        @Override
        public List<Shard> snapshotState(long checkpoint) {
            List<Shard> splits = new ArrayList<>();
            for (int at = 0; at < numbers.size(); at++) {
                splits.add(new Shard(numbers.get(at)[0], positions.get(at)[0]));
            }
            return splits;
        }

        @Override
        public CompletableFuture<Void> isAvailable() {
            return available;
        }

        @Override
        public void addSplits(List<Shard> splits) {
            for (Shard split : splits) {
                numbers.add(new int[] {split.number});
                positions.add(new long[] {split.position});
            }
            wake();
        }

        @Override
        public void notifyNoMoreSplits() {
            complete = true;
            wake();
        }

        private void wake() {
            available.complete(null);
        }

        @Override
        public void close() {}
    }
}
