package weir.flink.anomalies;

import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.InternalTimer;
import org.apache.flink.streaming.api.operators.InternalTimerService;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Triggerable;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import weir.flink.streams.Finding;

/**
 * Scores the points of each series, keyed by {@link Point#key}.
 *
 * <p>A series takes some hundred kilobytes, of which a point changes a little here and there. So it lives as an object
 * in memory, and is written to keyed state where a checkpoint needs it, or another series its place. That takes the
 * keys of all series that changed at the moment of a checkpoint, which a function is not told: hence an operator.
 */
final class ScoreOperator extends AbstractStreamOperator<Finding>
        implements OneInputStreamOperator<Point, Finding>, Triggerable<String, VoidNamespace> {
    private static final long serialVersionUID = 1L;

    private final Policy policy;
    private final int most;

    private transient ValueState<byte[]> kept;
    private transient InternalTimerService<VoidNamespace> timers;
    private transient LinkedHashMap<String, SeriesState> inMemory;
    private transient Set<String> changed;
    private transient Counter late;
    private transient Counter again;
    private transient Counter read;

    /** @param most series in the memory of a task */
    ScoreOperator(Policy policy, int most) {
        this.policy = policy;
        this.most = most;
    }

    @Override
    public void open() throws Exception {
        super.open();
        kept = getRuntimeContext().getState(new ValueStateDescriptor<>("series", BytePrimitiveArraySerializer.INSTANCE));
        timers = getInternalTimerService("series", VoidNamespaceSerializer.INSTANCE, this);
        inMemory = new LinkedHashMap<>(16, 0.75f, true); // In the order in which they were last asked for.
        changed = new HashSet<>();
        late = getMetricGroup().counter("numLateRecordsDropped"); // Flink's name for what comes behind the watermark.
        again = getMetricGroup().counter("pointsAgain");
        read = getMetricGroup().counter("seriesRead");
        getMetricGroup().gauge("seriesInMemory", () -> inMemory.size());
    }

    @Override
    public void processElement(StreamRecord<Point> record) throws Exception {
        Point point = record.getValue();
        SeriesState series = series((String) getCurrentKey()).orElseGet(() -> new SeriesState(point.series(), policy));
        switch (series.offer(point)) {
            case AGAIN -> again.inc();
            case LATE -> late.inc();
            case WAITS -> {
                keep((String) getCurrentKey(), series);
                series.score(timers.currentWatermark(), this::tell);
                if (series.waits(point)) {
                    timers.registerEventTimeTimer(VoidNamespace.INSTANCE, point.time());
                } else {
                    watch(series, timers.currentWatermark());
                }
            }
        }
    }

    @Override
    public void onEventTime(InternalTimer<String, VoidNamespace> timer) throws Exception {
        Optional<SeriesState> found = series(timer.getKey());
        if (found.isEmpty()) {
            return; // It was forgotten, or was written under other settings.
        }
        SeriesState series = found.get();
        long now = timer.getTimestamp();
        keep(timer.getKey(), series);
        series.score(now, this::tell);
        // At the end of the input time jumps to its end, which is no silence.
        if (now >= series.watchedAt() && timers.currentWatermark() != Watermark.MAX_WATERMARK.getTimestamp()) {
            series.watchAt(SeriesState.NEVER);
            series.silence(now).ifPresent(this::tell);
            if (series.forgotten(now)) {
                forget(timer.getKey());
                return;
            }
        }
        watch(series, now);
    }

    @Override
    public void onProcessingTime(InternalTimer<String, VoidNamespace> timer) {
        throw new IllegalStateException("no timer of processing time is ever set");
    }

    /** A timer that is set again when it goes off and finds points: cheaper than one that moves with each. */
    private void watch(SeriesState series, long now) {
        if (series.scored() && series.due() > now && series.due() < series.watchedAt()) {
            series.watchAt(series.due());
            timers.registerEventTimeTimer(VoidNamespace.INSTANCE, series.due());
        }
    }

    private void tell(Anomaly anomaly) {
        output.collect(new StreamRecord<>(FindingDocument.of(anomaly), anomaly.end()));
    }

    private Optional<SeriesState> series(String key) throws IOException {
        SeriesState series = inMemory.get(key);
        if (series != null) {
            return Optional.of(series);
        }
        byte[] bytes = kept.value();
        if (bytes == null) {
            return Optional.empty();
        }
        read.inc();
        return SeriesState.read(new DataInputDeserializer(bytes), policy);
    }

    private void keep(String key, SeriesState series) throws IOException {
        changed.add(key);
        if (inMemory.put(key, series) == null && inMemory.size() > most) {
            Map.Entry<String, SeriesState> eldest = inMemory.entrySet().iterator().next();
            write(eldest.getKey(), eldest.getValue());
            inMemory.remove(eldest.getKey());
            setCurrentKey(key);
        }
    }

    private void forget(String key) {
        inMemory.remove(key);
        changed.remove(key);
        kept.clear();
    }

    private void write(String key, SeriesState series) throws IOException {
        if (changed.remove(key)) {
            setCurrentKey(key);
            DataOutputSerializer bytes = new DataOutputSerializer(1 << 17);
            series.write(bytes);
            kept.update(bytes.getCopyOfBuffer());
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        for (String key : List.copyOf(changed)) {
            write(key, inMemory.get(key));
        }
        super.snapshotState(context);
    }
}
