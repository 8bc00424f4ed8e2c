package weir.flink.streams.testing;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.api.connector.source.ReaderOutput;
import org.apache.flink.api.connector.source.SourceOutput;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.core.io.InputStatus;
import org.apache.flink.util.Collector;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.StreamRecord;

/** Reads shards in turn, a record at a time, each with a watermark of its own. */
final class MemoryReader<T> implements SourceReader<T, MemoryShard> {
    private final MemoryStreams streams;
    private final String stream;
    private final RecordDecoder<T> decoder;
    private final Deque<MemoryShard> shards = new ArrayDeque<>();
    private boolean all;
    private CompletableFuture<Void> available = new CompletableFuture<>();

    MemoryReader(MemoryStreams streams, String stream, RecordDecoder<T> decoder) {
        this.streams = streams;
        this.stream = stream;
        this.decoder = decoder;
    }

    @Override
    public void start() {
        try {
            decoder.open();
        } catch (Exception error) {
            throw new IllegalStateException("the decoder of " + stream + " does not open", error);
        }
    }

    @Override
    public InputStatus pollNext(ReaderOutput<T> output) {
        sleep();
        CompletableFuture<Void> changed = streams.changed();
        boolean ended = streams.ended(stream);
        for (int turn = shards.size(); turn > 0; turn--) {
            MemoryShard shard = shards.removeFirst();
            StreamRecord record = streams.record(stream, shard);
            if (record != null) {
                decoder.decode(record, new Records<>(output.createOutputForSplit(shard.splitId()), record));
                shards.addLast(shard.readOne());
                return InputStatus.MORE_AVAILABLE;
            }
            if (ended) {
                output.releaseOutputForSplit(shard.splitId());
            } else {
                shards.addLast(shard);
            }
        }
        if (all && shards.isEmpty()) {
            return InputStatus.END_OF_INPUT;
        }
        changed.thenRun(this::wake);
        return InputStatus.NOTHING_AVAILABLE;
    }

    @Override
    public List<MemoryShard> snapshotState(long checkpoint) {
        return List.copyOf(shards);
    }

    @Override
    public synchronized CompletableFuture<Void> isAvailable() {
        return available;
    }

    /** Before looking, so that what comes while looking wakes. */
    private synchronized void sleep() {
        if (available.isDone()) {
            available = new CompletableFuture<>();
        }
    }

    private synchronized void wake() {
        available.complete(null);
    }

    @Override
    public void addSplits(List<MemoryShard> added) {
        shards.addAll(added);
        wake();
    }

    @Override
    public void notifyNoMoreSplits() {
        all = true;
        wake();
    }

    @Override
    public void close() {}

    private record Records<T>(SourceOutput<T> output, StreamRecord record) implements Collector<T> {
        @Override
        public void collect(T value) {
            output.collect(value, record.arrival().toEpochMilli());
        }

        @Override
        public void close() {}
    }
}
