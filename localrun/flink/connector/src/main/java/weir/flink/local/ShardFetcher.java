package weir.flink.local;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsAddition;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ExpiredIteratorException;
import software.amazon.awssdk.services.kinesis.model.GetRecordsResponse;
import software.amazon.awssdk.services.kinesis.model.GetShardIteratorRequest;
import software.amazon.awssdk.services.kinesis.model.Record;
import software.amazon.awssdk.services.kinesis.model.ShardIteratorType;
import weir.flink.streams.PropertyGroup;

/** Asks shards for records, one after the other, each no sooner than it has to be asked again. */
final class ShardFetcher implements SplitReader<Record, ShardSplit> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardFetcher.class);
    /** After an answer that it is too soon, or none at all: the second by which Kinesis counts. */
    private static final long REFUSED_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final PropertyGroup stream;
    private final String arn;
    private final ReaderOptions options;
    private final KinesisClient client;
    private final Lag lag;
    private final Deque<OpenShard> shards = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition woken = lock.newCondition();
    private boolean wakeUp;

    ShardFetcher(PropertyGroup stream, ReaderOptions options, KinesisClient client, Lag lag) {
        this.stream = stream;
        this.arn = stream.text(Clients.ARN);
        this.options = options;
        this.client = client;
        this.lag = lag;
    }

    @Override
    public RecordsWithSplitIds<Record> fetch() throws IOException {
        RecordsBySplits.Builder<Record> found = new RecordsBySplits.Builder<>();
        long now = System.nanoTime();
        long next = now + options.pause().toNanos();
        for (int left = shards.size(); left > 0; left--) {
            OpenShard shard = shards.poll();
            if (shard.position.equals(ShardPosition.END)) {
                found.addFinishedSplit(shard.id);
                return found.build();
            }
            if (shard.due - now > 0) {
                next = Math.min(next, shard.due);
                shards.add(shard);
                continue;
            }
            boolean ended = ask(shard, found);
            if (!ended) {
                shards.add(shard);
            }
            if (ended || shard.answered > 0) {
                return found.build();
            }
            next = Math.min(next, shard.due);
        }
        pause(next - System.nanoTime());
        return found.build();
    }

    /** Whether the shard was read to its end. */
    private boolean ask(OpenShard shard, RecordsBySplits.Builder<Record> found) throws IOException {
        shard.answered = 0;
        try {
            if (shard.iterator == null) {
                shard.iterator = iterator(shard);
            }
            GetRecordsResponse answer = client.getRecords(
                    request -> request.shardIterator(shard.iterator).limit(options.records()).streamARN(arn));
            List<Record> records = answer.records();
            if (!records.isEmpty()) {
                found.addAll(shard.id, records);
                shard.position = ShardPosition.after(records.get(records.size() - 1).sequenceNumber());
                shard.answered = records.size();
            }
            shard.due = System.nanoTime() + (records.isEmpty() ? options.pause().toNanos() : 0);
            shard.iterator = answer.nextShardIterator();
            lag.of(shard.id, answer.millisBehindLatest());
            if (shard.iterator == null) {
                found.addFinishedSplit(shard.id);
                lag.ended(shard.id);
                return true;
            }
        } catch (ExpiredIteratorException error) {
            shard.iterator = null; // it lives for five minutes, which a job under back pressure may exceed
        } catch (SdkException error) {
            if (Clients.refuses(error)) {
                throw new IOException(
                        "property group '" + stream.name() + "': " + shard.id + " of " + arn + " cannot be read: "
                                + error.getMessage(),
                        error);
            }
            LOG.warn("{} of {} is asked again in a second: {}", shard.id, arn, error.getMessage());
            shard.due = System.nanoTime() + REFUSED_NANOS;
        }
        return false;
    }

    private String iterator(OpenShard shard) {
        GetShardIteratorRequest.Builder request = GetShardIteratorRequest.builder().streamARN(arn).shardId(shard.id);
        ShardPosition position = shard.position;
        switch (position.kind()) {
            case AFTER -> request.shardIteratorType(ShardIteratorType.AFTER_SEQUENCE_NUMBER)
                    .startingSequenceNumber(position.value());
            case TIME -> request.shardIteratorType(ShardIteratorType.AT_TIMESTAMP)
                    .timestamp(Instant.ofEpochMilli(Long.parseLong(position.value())));
            default -> request.shardIteratorType(ShardIteratorType.TRIM_HORIZON);
        }
        return client.getShardIterator(request.build()).shardIterator();
    }

    private void pause(long nanos) {
        lock.lock();
        try {
            long left = nanos;
            while (left > 0 && !wakeUp) {
                left = woken.awaitNanos(left);
            }
            wakeUp = false;
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void handleSplitsChanges(SplitsChange<ShardSplit> change) {
        if (!(change instanceof SplitsAddition)) {
            throw new UnsupportedOperationException("shards are added only: " + change.getClass().getName());
        }
        for (ShardSplit split : change.splits()) {
            shards.add(new OpenShard(split));
        }
    }

    @Override
    public void wakeUp() {
        lock.lock();
        try {
            wakeUp = true;
            woken.signalAll();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        client.close();
    }

    private static final class OpenShard {
        private final String id;
        private ShardPosition position;
        private String iterator;
        private long due = System.nanoTime();
        private int answered;

        OpenShard(ShardSplit split) {
            id = split.shard();
            position = split.position();
        }
    }
}
