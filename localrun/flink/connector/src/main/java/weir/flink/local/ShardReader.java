package weir.flink.local;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.source.reader.RecordEmitter;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import software.amazon.awssdk.services.kinesis.model.Record;

/**
 * Reads the shards of one task.
 *
 * <p>A shard that was read to its end stays in the reader's checkpoints until one is complete. The enumerator is told of it at
 * once, but its own part of a checkpoint is taken before a reader's: restored from one between the two, it is told again.
 */
final class ShardReader<T> extends SingleThreadMultiplexSourceReaderBase<Record, T, ShardSplit, ShardState> {
    private final TreeMap<Long, List<ShardSplit>> finishedBefore = new TreeMap<>();
    private List<ShardSplit> finished = new ArrayList<>();

    ShardReader(
            Supplier<SplitReader<Record, ShardSplit>> fetcher,
            RecordEmitter<Record, T, ShardState> emitter,
            Configuration configuration,
            SourceReaderContext context) {
        super(fetcher, emitter, configuration, context);
    }

    @Override
    protected void onSplitFinished(Map<String, ShardState> splits) {
        for (String shard : splits.keySet()) {
            finished.add(new ShardSplit(shard, ShardPosition.END));
            context.sendSourceEventToCoordinator(new ShardFinished(shard));
        }
    }

    @Override
    public List<ShardSplit> snapshotState(long checkpoint) {
        if (!finished.isEmpty()) {
            finishedBefore.put(checkpoint, finished);
            finished = new ArrayList<>();
        }
        List<ShardSplit> splits = new ArrayList<>(super.snapshotState(checkpoint));
        finishedBefore.values().forEach(splits::addAll);
        return splits;
    }

    @Override
    public void notifyCheckpointComplete(long checkpoint) throws Exception {
        // This one has them still; the next need not.
        finishedBefore.headMap(checkpoint, true).clear();
        super.notifyCheckpointComplete(checkpoint);
    }

    @Override
    protected ShardState initializedState(ShardSplit split) {
        return new ShardState(split);
    }

    @Override
    protected ShardSplit toSplitType(String shard, ShardState state) {
        return state.split();
    }
}
