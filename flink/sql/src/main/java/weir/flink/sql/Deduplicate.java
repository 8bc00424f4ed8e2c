package weir.flink.sql;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.LongBuffer;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.flink.api.java.functions.KeySelector;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyGroupStatePartitionStreamProvider;
import org.apache.flink.runtime.state.KeyedStateCheckpointOutputStream;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.utils.ProjectedRowData;

/**
 * The first event of each id and tenant.
 *
 * <p>An event that comes again has the arrival it had, so ids are kept by their arrivals, and forgotten together when the
 * watermark is {@code seconds} after these: what comes again later is late wherever windows are no longer. So much is
 * known of events only, and makes of a row of state for each, looked through again and again for what is too old (half
 * the time of the whole job), a set of 128-bit hashes that is dropped as one.
 */
final class Deduplicate extends AbstractStreamOperator<RowData> implements OneInputStreamOperator<RowData, RowData> {
    private static final long serialVersionUID = 1L;
    /** Arrivals whose ids are forgotten together. */
    private static final long SPAN = 10_000;
    /** Of an id in a snapshot. */
    private static final int LONGS = 3;

    private final Columns columns;
    private final long kept;
    private final int given;

    /** By the span of their arrivals, the oldest first. */
    private transient TreeMap<Long, IdSet> seen;

    private transient long latestSpan;
    private transient IdSet latest;
    private transient long watermark;
    private transient ProjectedRowData projected;
    private transient Counter dropped;

    /**
     * @param seconds how long after its arrival an id is remembered, by the watermark: no less than the longest window
     * @param given how many columns are given on: others are only known events by
     */
    Deduplicate(Columns columns, int seconds, int given) {
        this.columns = columns;
        this.kept = seconds * 1_000L;
        this.given = given;
    }

    /** Where a row has what identifies it, and when it arrived. */
    record Columns(int id, int tenant, int arrival) implements KeySelector<RowData, Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Long getKey(RowData row) {
            return Hash.of(row.getString(id), 0);
        }

        private long second(RowData row) {
            return Hash.of(row.getString(id), Hash.of(row.getString(tenant), 1));
        }

        private long span(RowData row) {
            return Math.floorDiv(row.getTimestamp(arrival, 3).getMillisecond(), SPAN);
        }
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        seen = new TreeMap<>();
        latest = null;
        watermark = Long.MIN_VALUE;
        if (context.isRestored()) {
            for (KeyGroupStatePartitionStreamProvider group : context.getRawKeyedStateInputs()) {
                read(new DataInputStream(group.getStream()));
            }
        }
    }

    @Override
    public void open() throws Exception {
        super.open();
        projected = ProjectedRowData.from(IntStream.range(0, given).toArray());
        dropped = getMetricGroup().counter("duplicatesDropped");
        getMetricGroup().gauge("idsRemembered", () -> seen.values().stream().mapToLong(IdSet::size).sum());
    }

    @Override
    public void processElement(StreamRecord<RowData> record) {
        RowData row = record.getValue();
        long span = columns.span(row);
        // The id of what is late already need not be remembered.
        if (isForgotten(span) || of(span).add(columns.getKey(row), columns.second(row))) {
            output.collect(record.replace(projected.replaceRow(row)));
        } else {
            dropped.inc();
        }
    }

    @Override
    public void processWatermark(Watermark mark) throws Exception {
        watermark = mark.getTimestamp();
        while (!seen.isEmpty() && isForgotten(seen.firstKey())) {
            seen.pollFirstEntry();
            latest = null;
        }
        super.processWatermark(mark);
    }

    private boolean isForgotten(long span) {
        return (span + 1) * SPAN + kept <= watermark;
    }

    private IdSet of(long span) {
        if (latest == null || span != latestSpan) {
            latest = seen.computeIfAbsent(span, none -> new IdSet());
            latestSpan = span;
        }
        return latest;
    }

    /** The key of a row is set for state by key, of which there is none but what is written for each group of them. */
    @Override
    @SuppressWarnings("rawtypes") // as it is declared
    public void setKeyContextElement1(StreamRecord record) {}

    @Override
    protected boolean isUsingCustomRawKeyedState() {
        return true;
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        KeyedStateCheckpointOutputStream stream = context.getRawKeyedOperatorStateOutput();
        LongBuffer[] groups = byGroup();
        DataOutputStream out = new DataOutputStream(stream);
        for (int group : stream.getKeyGroupList()) {
            stream.startNewKeyGroup(group);
            LongBuffer ids = groups[group].flip();
            out.writeInt(ids.remaining() / LONGS);
            while (ids.hasRemaining()) {
                out.writeLong(ids.get());
            }
            out.flush();
        }
    }

    /** Span and hash of each id, by the group of its key. */
    private LongBuffer[] byGroup() {
        int groups = getRuntimeContext().getTaskInfo().getMaxNumberOfParallelSubtasks();
        int[] sizes = new int[groups];
        seen.values().forEach(ids -> ids.forEach((first, second) -> sizes[group(first, groups)]++));
        LongBuffer[] found = IntStream.of(sizes).mapToObj(size -> LongBuffer.allocate(LONGS * size)).toArray(LongBuffer[]::new);
        seen.forEach((span, ids) -> ids.forEach(
                (first, second) -> found[group(first, groups)].put(span).put(first).put(second)));
        return found;
    }

    private static int group(long key, int groups) {
        return KeyGroupRangeAssignment.assignToKeyGroup(key, groups);
    }

    private void read(DataInputStream in) throws IOException {
        for (int left = in.readInt(); left > 0; left--) {
            of(in.readLong()).add(in.readLong(), in.readLong());
        }
    }
}
