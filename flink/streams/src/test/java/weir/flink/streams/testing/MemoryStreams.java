package weir.flink.streams.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;
import weir.flink.streams.StreamRecord;

/**
 * Streams in memory, for tests of applications in this JVM: a stream is named by its property group and keeps its shards in order.
 * Reading restores from checkpoints; writing is at least once, as on Kinesis. What one job writes another can read.
 *
 * <pre>
 * try (MemoryStreams streams = new MemoryStreams()) {
 *     streams.create("events", 2);
 *     streams.put("events", 0, "key", bytes);
 *     streams.end("events");
 *     new Application(streams, MemoryStreams.group("events"), …).run();
 *     assertThat(streams.texts("findings")).containsExactly(…);
 * }
 * </pre>
 */
public final class MemoryStreams implements StreamConnector, AutoCloseable {
    /** When a record arrives, unless a test says so. */
    public static final Instant ARRIVAL = Instant.parse("2026-01-01T00:00:00Z");

    private static final Map<String, MemoryStreams> OPEN = new ConcurrentHashMap<>();

    private final String id = UUID.randomUUID().toString();
    private final Map<String, MemoryStream> streams = new TreeMap<>();
    private CompletableFuture<Void> changed = new CompletableFuture<>();

    public MemoryStreams() {
        OPEN.put(id, this);
    }

    /** Those a job of this JVM reads or writes: it is handed their id, because what it is handed is copied. */
    static MemoryStreams open(String id) {
        MemoryStreams streams = OPEN.get(id);
        if (streams == null) {
            throw new IllegalStateException("the streams of this job are closed");
        }
        return streams;
    }

    /** The property group of a stream here. */
    public static PropertyGroup group(String stream) {
        return new PropertyGroup(stream, Map.of("stream.arn", "arn:aws:kinesis:eu-central-1:000000000000:stream/" + stream));
    }

    /** Makes a stream of as many shards; one that is named without has one. */
    public synchronized void create(String stream, int shards) {
        if (streams.putIfAbsent(stream, new MemoryStream(stream, shards)) != null) {
            throw new IllegalStateException("there is a stream " + stream);
        }
    }

    public void put(String stream, int shard, String partitionKey, byte[] data) {
        put(stream, shard, partitionKey, ARRIVAL, data);
    }

    public synchronized void put(String stream, int shard, String partitionKey, Instant arrival, byte[] data) {
        stream(stream).put(shard, partitionKey, arrival, data);
        change();
    }

    /** No more is put: a job that only reads ended streams ends, with all its windows. */
    public synchronized void end(String stream) {
        stream(stream).end();
        change();
    }

    /** All records of a stream, shard by shard. */
    public synchronized List<StreamRecord> records(String stream) {
        MemoryStream read = stream(stream);
        return IntStream.range(0, read.shards()).mapToObj(read::records).flatMap(List::stream).toList();
    }

    /** The records of a stream as text. */
    public List<String> texts(String stream) {
        return records(stream).stream().map(record -> new String(record.data(), UTF_8)).toList();
    }

    /**
     * Waits until a stream has so many records.
     *
     * @throws AssertionError with what is there, where it takes longer than {@code most}
     */
    public synchronized List<StreamRecord> await(String stream, int records, Duration most) throws InterruptedException {
        long end = System.nanoTime() + most.toNanos();
        while (records(stream).size() < records) {
            long left = Duration.ofNanos(end - System.nanoTime()).toMillis();
            if (left <= 0) {
                throw new AssertionError(stream + " has not " + records + " records after " + most + ": " + texts(stream));
            }
            wait(left);
        }
        return records(stream);
    }

    synchronized MemoryStream stream(String name) {
        return streams.computeIfAbsent(name, added -> new MemoryStream(added, 1));
    }

    /** The record at this place of a shard, or null where there is none yet. */
    synchronized StreamRecord record(String stream, MemoryShard at) {
        List<StreamRecord> records = stream(stream).records(at.shard());
        return at.next() < records.size() ? records.get(at.next()) : null;
    }

    synchronized boolean ended(String stream) {
        return stream(stream).ended();
    }

    /** Completed at the next put or end. */
    synchronized CompletableFuture<Void> changed() {
        return changed;
    }

    private void change() {
        CompletableFuture<Void> before = changed;
        changed = new CompletableFuture<>();
        notifyAll();
        before.complete(null);
    }

    @Override
    public String description() {
        return "streams in memory";
    }

    @Override
    public <T> Source<T, ?, ?> source(PropertyGroup stream, RecordDecoder<T> decoder) {
        return new MemorySource<>(id, stream.name(), decoder);
    }

    @Override
    public <T> Sink<T> sink(PropertyGroup stream, RecordEncoder<T> encoder) {
        return new MemorySink<>(id, stream.name(), encoder);
    }

    @Override
    public void close() {
        OPEN.remove(id);
    }

    /** The records of one stream; guarded by the streams it belongs to. */
    static final class MemoryStream {
        private final String name;
        private final List<List<StreamRecord>> shards = new ArrayList<>();
        private boolean ended;

        MemoryStream(String name, int shards) {
            this.name = name;
            IntStream.range(0, shards).forEach(shard -> this.shards.add(new ArrayList<>()));
        }

        int shards() {
            return shards.size();
        }

        List<StreamRecord> records(int shard) {
            return shards.get(shard);
        }

        void put(int shard, String partitionKey, Instant arrival, byte[] data) {
            if (ended) {
                throw new IllegalStateException("stream " + name + " has ended");
            }
            List<StreamRecord> records = shards.get(shard);
            String shardId = String.format("shardId-%012d", shard);
            records.add(new StreamRecord(name, shardId, String.valueOf(records.size()), partitionKey, arrival, data));
        }

        void end() {
            ended = true;
        }

        boolean ended() {
            return ended;
        }
    }
}
