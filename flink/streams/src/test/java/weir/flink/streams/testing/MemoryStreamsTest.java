package weir.flink.streams.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.windowing.ProcessAllWindowFunction;
import org.apache.flink.streaming.api.windowing.assigners.TumblingEventTimeWindows;
import org.apache.flink.streaming.api.windowing.windows.TimeWindow;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamRecord;

class MemoryStreamsTest {
    @RegisterExtension
    static final MiniClusterExtension CLUSTER = new MiniClusterExtension(new MiniClusterResourceConfiguration.Builder()
            .setNumberTaskManagers(1)
            .setNumberSlotsPerTaskManager(2)
            .build());

    private final MemoryStreams streams = new MemoryStreams();

    @AfterEach
    void close() {
        streams.close();
    }

    @Test
    void recordsOfAShardStayInOrder() throws Exception {
        streams.create("in", 2);
        put(0, "a1", "a2", "a3");
        put(1, "b1", "b2");
        streams.end("in");
        StreamExecutionEnvironment environment = environment(1);
        copy(environment);
        environment.execute();
        assertThat(streams.texts("out")).filteredOn(text -> text.startsWith("a")).containsExactly("a1", "a2", "a3");
        assertThat(streams.texts("out")).filteredOn(text -> text.startsWith("b")).containsExactly("b1", "b2");
    }

    @Test
    void whatIsPutWhileAJobRunsIsRead() throws Exception {
        StreamExecutionEnvironment environment = environment(1);
        copy(environment);
        JobClient job = environment.executeAsync();
        put(0, "early");
        assertThat(streams.await("out", 1, Duration.ofSeconds(30))).hasSize(1);
        put(0, "late");
        streams.await("out", 2, Duration.ofSeconds(30));
        streams.end("in");
        job.getJobExecutionResult().get();
        assertThat(streams.texts("out")).containsExactly("early", "late");
    }

    @Test
    void aRestartedJobCountsEveryRecordOnce() throws Exception {
        streams.create("in", 2);
        StreamExecutionEnvironment environment = environment(2);
        environment.enableCheckpointing(20);
        environment.fromSource(source(), WatermarkStrategy.noWatermarks(), "in")
                .keyBy(text -> text)
                .process(new Counter())
                .sinkTo(streams.sink(MemoryStreams.group("out"), new Text()));
        JobClient job = environment.executeAsync();
        put(0, "a", "a", "a");
        put(1, "b", "b");
        streams.await("out", 5, Duration.ofSeconds(30));
        Counter.CHECKPOINTS.drainPermits();
        Counter.CHECKPOINTS.acquire(4); // of two tasks: at least one checkpoint has begun after the records
        put(0, "fail");
        streams.await("out", 6, Duration.ofSeconds(30));
        put(0, "a");
        put(1, "b");
        streams.end("in");
        job.getJobExecutionResult().get();
        assertThat(Counter.FAILED).isTrue();
        assertThat(streams.texts("out")).containsExactlyInAnyOrder(
                "a 1", "a 2", "a 3", "b 1", "b 2", "fail 1", "a 4", "b 3");
    }

    @Test
    void aShardThatIsReadFasterMakesNothingLate() throws Exception {
        streams.create("in", 2);
        put(0, "1000", "3600000");
        StreamExecutionEnvironment environment = environment(1);
        environment.getConfig().setAutoWatermarkInterval(1);
        DataStream<String> read = environment.fromSource(
                source(),
                WatermarkStrategy.<String>forMonotonousTimestamps()
                        .withTimestampAssigner((text, arrival) -> Long.parseLong(text)),
                "in");
        read.sinkTo(streams.sink(MemoryStreams.group("seen"), new Text()));
        read.windowAll(TumblingEventTimeWindows.of(Duration.ofMinutes(1)))
                .process(new CountOfWindow())
                .sinkTo(streams.sink(MemoryStreams.group("out"), new Text()));
        JobClient job = environment.executeAsync();
        streams.await("seen", 2, Duration.ofSeconds(30));
        put(1, "1000", "2000");
        streams.end("in");
        job.getJobExecutionResult().get();
        assertThat(streams.texts("out")).containsExactly("0 3", "3600000 1");
    }

    @Test
    void waitingForWhatDoesNotComeSaysWhatIsThere() {
        put(0, "only");
        assertThatThrownBy(() -> streams.await("in", 2, Duration.ofMillis(1)))
                .hasMessage("in has not 2 records after PT0.001S: [only]");
    }

    private void copy(StreamExecutionEnvironment environment) {
        environment.fromSource(source(), WatermarkStrategy.noWatermarks(), "in")
                .sinkTo(streams.sink(MemoryStreams.group("out"), new Text()));
    }

    private Source<String, ?, ?> source() {
        return streams.source(MemoryStreams.group("in"), new Text());
    }

    private void put(int shard, String... texts) {
        for (String text : texts) {
            streams.put("in", shard, "key", text.getBytes(UTF_8));
        }
    }

    private static StreamExecutionEnvironment environment(int parallelism) {
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration).setParallelism(parallelism);
    }

    private static final class Text implements RecordDecoder<String>, RecordEncoder<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public void decode(StreamRecord record, Collector<String> out) {
            out.collect(new String(record.data(), UTF_8));
        }

        @Override
        public TypeInformation<String> type() {
            return Types.STRING;
        }

        @Override
        public byte[] data(String element) {
            return element.getBytes(UTF_8);
        }

        @Override
        public String partitionKey(String element) {
            return "key";
        }
    }

    private static final class CountOfWindow extends ProcessAllWindowFunction<String, String, TimeWindow> {
        private static final long serialVersionUID = 1L;

        @Override
        public void process(Context context, Iterable<String> elements, Collector<String> out) {
            long count = 0;
            for (String element : elements) {
                count++;
            }
            out.collect(context.window().getStart() + " " + count);
        }
    }

    /** Says "text count", and fails the first time it sees {@code fail}. */
    private static final class Counter extends KeyedProcessFunction<String, String, String> implements CheckpointListener {
        private static final long serialVersionUID = 1L;
        static final Semaphore CHECKPOINTS = new Semaphore(0);
        static final AtomicBoolean FAILED = new AtomicBoolean();

        private transient ValueState<Integer> count;

        @Override
        public void open(OpenContext context) {
            count = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Types.INT));
        }

        @Override
        public void processElement(String text, Context context, Collector<String> out) throws Exception {
            if (text.equals("fail") && FAILED.compareAndSet(false, true)) {
                throw new IllegalStateException("as the test wants");
            }
            count.update(count.value() == null ? 1 : count.value() + 1);
            out.collect(text + " " + count.value());
        }

        @Override
        public void notifyCheckpointComplete(long checkpoint) {
            CHECKPOINTS.release();
        }
    }
}
