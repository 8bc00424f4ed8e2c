package weir.flink.anomalies;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.metrics.groups.InternalOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingOperatorMetricGroup;
import org.apache.flink.runtime.metrics.util.InterceptingTaskMetricGroup;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import weir.flink.streams.Finding;

/** One task of the operator. */
final class Harness implements AutoCloseable {
    private static final int MOST_TASKS = 8;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final InterceptingOperatorMetricGroup metrics = new InterceptingOperatorMetricGroup();
    private final MockEnvironment environment;
    private final KeyedOneInputStreamOperatorTestHarness<String, Point, Finding> task;
    private long checkpoint;

    private Harness(Policy policy, int most, StateBackend backend, int tasks, int index) throws Exception {
        environment = new MockEnvironmentBuilder()
                .setMaxParallelism(MOST_TASKS)
                .setParallelism(tasks)
                .setSubtaskIndex(index)
                .setMetricGroup(new InterceptingTaskMetricGroup() {
                    @Override
                    public InternalOperatorMetricGroup getOrAddOperator(OperatorID id, String name, Map<String, String> variables) {
                        return metrics;
                    }
                })
                .build();
        task = new KeyedOneInputStreamOperatorTestHarness<>(
                new ScoreOperator(policy, most), Point::key, Types.STRING, environment);
        task.setStateBackend(backend);
    }

    static Harness of(Policy policy, int most) throws Exception {
        Harness harness = new Harness(policy, most, new HashMapStateBackend(), 1, 0);
        harness.task.open();
        return harness;
    }

    /** The task {@code index} of {@code tasks}, restored of what one task had. */
    static Harness restored(Policy policy, OperatorSubtaskState state, StateBackend backend, int tasks, int index) throws Exception {
        Harness harness = new Harness(policy, 100, backend, tasks, index);
        harness.task.setup();
        harness.task.initializeState(KeyedOneInputStreamOperatorTestHarness.repartitionOperatorState(
                state, MOST_TASKS, 1, tasks, index));
        harness.task.open();
        return harness;
    }

    static Harness on(StateBackend backend, Policy policy) throws Exception {
        Harness harness = new Harness(policy, 100, backend, 1, 0);
        harness.task.open();
        return harness;
    }

    Harness put(Point point) throws Exception {
        task.processElement(point, point.time());
        return this;
    }

    Harness watermark(long time) throws Exception {
        task.processWatermark(time);
        return this;
    }

    /** Each point, and after it a watermark two seconds behind. */
    Harness run(List<Point> points) throws Exception {
        for (Point point : points) {
            put(point).watermark(point.time() - 2_000);
        }
        return this;
    }

    OperatorSubtaskState snapshot() throws Exception {
        return task.snapshot(++checkpoint, 0);
    }

    List<String> documents() {
        return task.extractOutputValues().stream().map(finding -> new String(finding.body(), UTF_8)).toList();
    }

    List<JsonNode> findings() {
        return documents().stream().map(Harness::json).toList();
    }

    static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    long counted(String name) {
        return ((Counter) metrics.get(name)).getCount();
    }

    int seriesInMemory() {
        return (Integer) ((Gauge<?>) metrics.get("seriesInMemory")).getValue();
    }

    int seriesInState() {
        return task.numKeyedStateEntries();
    }

    int timers() {
        return task.numEventTimeTimers();
    }

    @Override
    public void close() throws Exception {
        task.close();
        environment.close();
    }
}
