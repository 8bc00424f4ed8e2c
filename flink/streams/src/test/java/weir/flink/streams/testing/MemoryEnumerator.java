package weir.flink.streams.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;

/** Gives the shards to the readers in turn. */
final class MemoryEnumerator implements SplitEnumerator<MemoryShard, List<MemoryShard>> {
    private final SplitEnumeratorContext<MemoryShard> context;
    private final Map<Integer, List<MemoryShard>> waiting = new TreeMap<>();

    MemoryEnumerator(SplitEnumeratorContext<MemoryShard> context, List<MemoryShard> shards) {
        this.context = context;
        shards.forEach(shard -> waitingFor(shard.shard() % context.currentParallelism()).add(shard));
    }

    private List<MemoryShard> waitingFor(int reader) {
        return waiting.computeIfAbsent(reader, none -> new ArrayList<>());
    }

    @Override
    public void start() {}

    @Override
    public void handleSplitRequest(int reader, String host) {}

    @Override
    public void addSplitsBack(List<MemoryShard> shards, int reader) {
        waitingFor(reader).addAll(shards);
    }

    @Override
    public void addReader(int reader) {
        waitingFor(reader).forEach(shard -> context.assignSplit(shard, reader));
        waiting.remove(reader);
        context.signalNoMoreSplits(reader);
    }

    @Override
    public List<MemoryShard> snapshotState(long checkpoint) {
        return waiting.values().stream().flatMap(List::stream).toList();
    }

    @Override
    public void close() {}
}
