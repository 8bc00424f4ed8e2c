package weir.flink.local;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.api.connector.source.SourceEvent;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.connector.source.SplitsAssignment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.ListShardsResponse;
import software.amazon.awssdk.services.kinesis.model.Shard;
import weir.flink.streams.PropertyGroup;

/**
 * Finds the shards of a stream and hands them to readers: the children of a shard that was split or merged only after it was read
 * to its end, so that records of a partition key stay in order.
 */
final class ShardEnumerator implements SplitEnumerator<ShardSplit, ShardEnumeratorState> {
    private static final Logger LOG = LoggerFactory.getLogger(ShardEnumerator.class);

    private final SplitEnumeratorContext<ShardSplit> context;
    private final PropertyGroup stream;
    private final Duration interval;
    private final ShardEnumeratorState state;
    private final KinesisClient client;
    private List<Shard> shards = List.of();

    ShardEnumerator(
            SplitEnumeratorContext<ShardSplit> context,
            PropertyGroup stream,
            Duration interval,
            KinesisClient client,
            ShardEnumeratorState state) {
        this.context = context;
        this.stream = stream;
        this.interval = interval;
        this.client = client;
        this.state = state;
    }

    @Override
    public void start() {
        context.callAsync(this::list, this::found, 0, interval.toMillis());
    }

    private List<Shard> list() {
        String arn = stream.text(Clients.ARN);
        ListShardsResponse page = client.listShards(request -> request.streamARN(arn));
        List<Shard> found = new ArrayList<>(page.shards());
        while (page.nextToken() != null) {
            String token = page.nextToken();
            page = client.listShards(request -> request.nextToken(token));
            found.addAll(page.shards());
        }
        return found;
    }

    private void found(List<Shard> found, Throwable error) {
        if (error == null) {
            shards = found;
            forgetExpired();
            begin();
        } else if (shards.isEmpty() || Clients.refuses(error)) {
            throw new IllegalStateException(
                    "property group '" + stream.name() + "': the shards of " + stream.text(Clients.ARN)
                            + " cannot be listed: " + error.getMessage(),
                    error);
        } else {
            LOG.warn("The shards of {} could not be listed, which is tried again: {}", stream.name(), error.getMessage());
        }
    }

    private void forgetExpired() {
        List<String> listed = shards.stream().map(Shard::shardId).toList();
        state.finished().retainAll(listed);
        state.begun().removeIf(shard -> !listed.contains(shard));
    }

    private void begin() {
        Map<String, Shard> listed = shards.stream().collect(Collectors.toMap(Shard::shardId, shard -> shard));
        for (Shard shard : shards) {
            boolean ready = Stream.of(shard.parentShardId(), shard.adjacentParentShardId())
                    .filter(Objects::nonNull)
                    .filter(listed::containsKey) // others are older than the stream keeps records
                    .allMatch(state.finished()::contains);
            if (ready && state.begun().add(shard.shardId())) {
                state.waiting().add(new ShardSplit(shard.shardId(), state.beginning()));
            }
        }
        assign();
    }

    private void assign() {
        Map<Integer, List<ShardSplit>> assignment = new HashMap<>();
        state.waiting().removeIf(split -> {
            int reader = reader(split.shard());
            boolean there = context.registeredReaders().containsKey(reader);
            if (there) {
                assignment.computeIfAbsent(reader, none -> new ArrayList<>()).add(split);
            }
            return there;
        });
        if (!assignment.isEmpty()) {
            context.assignSplits(new SplitsAssignment<>(assignment));
        }
    }

    /** Shards are numbered, so that neighbours go to different readers. */
    private int reader(String shard) {
        String digits = shard.substring(shard.lastIndexOf('-') + 1);
        return (int) (Long.parseLong(digits) % context.currentParallelism());
    }

    @Override
    public void handleSourceEvent(int subtask, SourceEvent event) {
        if (event instanceof ShardFinished finished) {
            state.finished().add(finished.shard());
            // What it was split or merged into may be too young to be listed yet.
            context.callAsync(this::list, this::found);
        }
    }

    @Override
    public void handleSplitRequest(int subtask, String host) {
        // Shards are handed out when they are found.
    }

    @Override
    public void addSplitsBack(List<ShardSplit> splits, int subtask) {
        state.waiting().addAll(splits);
        assign();
    }

    @Override
    public void addReader(int subtask) {
        assign();
    }

    @Override
    public ShardEnumeratorState snapshotState(long checkpoint) {
        return new ShardEnumeratorState(
                state.beginning(),
                new TreeSet<>(state.begun()),
                new TreeSet<>(state.finished()),
                new ArrayList<>(state.waiting()));
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
