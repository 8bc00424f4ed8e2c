package weir.flink.local;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;
import weir.flink.streams.StreamRecord;

/** What a job gets of a stream, and a stream of a job. */
@Timeout(60)
class ConnectorTest {
    @RegisterExtension
    static final MiniClusterExtension CLUSTER = new MiniClusterExtension(new MiniClusterResourceConfiguration.Builder()
            .setNumberTaskManagers(1)
            .setNumberSlotsPerTaskManager(4)
            .build());

    /** By test, as the functions run in the cluster. */
    private static final Map<String, Seen> RUNS = new ConcurrentHashMap<>();

    private final String run = UUID.randomUUID().toString();
    private final List<FakeKinesis> services = new ArrayList<>();
    private JobClient job;

    @BeforeEach
    void begin() {
        RUNS.put(run, new Seen());
    }

    @AfterEach
    void end() throws Exception {
        if (job != null && !job.getJobStatus().get().isGloballyTerminalState()) {
            job.cancel().get();
        }
        services.forEach(FakeKinesis::close);
        RUNS.remove(run);
    }

    @Test
    void everyRecordOfEveryShardIsRead() throws Exception {
        FakeKinesis kinesis = kinesis(3);
        for (int number = 0; number < 300; number++) {
            kinesis.put(shard(number % 3), "key", "r" + number);
        }
        read(kinesis.group(), 2, false);
        await(() -> seen().size() == 300);
        assertThat(Set.copyOf(seen())).hasSize(300);
    }

    @Test
    void childrenOfAShardAreReadWhenItsLastRecordWas() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        for (int number = 0; number < 500; number++) {
            kinesis.put(shard(0), "key", "parent" + number);
        }
        String left = kinesis.add(shard(0));
        String right = kinesis.add(shard(0));
        kinesis.put(left, "key", "left");
        kinesis.put(right, "key", "right");
        // One reader: records of two take two ways to who notes them, and either may be the shorter.
        read(kinesis.group("source.shard.get-records.max-record-count", "7"), 1, false);
        await(() -> seen().size() == 502);
        assertThat(seen().subList(0, 500)).isEqualTo(IntStream.range(0, 500).mapToObj(n -> "parent" + n).toList());
        assertThat(seen().subList(500, 502)).containsExactlyInAnyOrder("left", "right");
    }

    @Test
    void shardsThatAreMergedWhileTheJobRunsAreReadBeforeTheirChild() throws Exception {
        FakeKinesis kinesis = kinesis(2);
        kinesis.put(shard(0), "key", "a");
        read(kinesis.group(), 1, false);
        await(() -> seen().size() == 1);
        kinesis.put(shard(1), "key", "b");
        String child = kinesis.add(shard(0), shard(1));
        kinesis.put(child, "key", "c");
        await(() -> seen().size() == 3);
        assertThat(seen()).containsExactly("a", "b", "c");
    }

    @Test
    void afterAFailureStateCountsEveryRecordOnce() throws Exception {
        FakeKinesis kinesis = kinesis(2);
        read(kinesis.group("source.shard.get-records.max-record-count", "10"), 2, true);
        for (int number = 0; number < 1_000; number++) {
            kinesis.put(shard(number % 2), "key", "r" + number);
        }
        await(() -> RUNS.get(run).failed.getCount() == 0);
        for (int number = 1_000; number < 1_500; number++) {
            kinesis.put(shard(number % 2), "key", "r" + number);
        }
        await(() -> counted().size() == 1_500);
        assertThat(counted()).doesNotHaveDuplicates();
    }

    @Test
    void aClosedShardThatWasReadBeforeAFailureDoesNotKeepItsChildrenWaiting() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        kinesis.put(shard(0), "key", "parent");
        String child = kinesis.add(shard(0));
        for (int number = 0; number < 400; number++) {
            kinesis.put(child, "key", "r" + number);
        }
        read(kinesis.group("source.shard.get-records.max-record-count", "1"), 1, true);
        await(() -> RUNS.get(run).failed.getCount() == 0);
        await(() -> counted().size() == 401);
        assertThat(counted()).doesNotHaveDuplicates();
    }

    @Test
    void theEndOfAStreamIsWhereItWasWhenTheJobWasMade() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        kinesis.setClock(System.currentTimeMillis() - 60_000);
        kinesis.put(shard(0), "key", "before");
        kinesis.setClock(System.currentTimeMillis() + 60_000);
        read(kinesis.group("source.init.position", "LATEST"), 1, false);
        kinesis.put(shard(0), "key", "after");
        await(() -> !seen().isEmpty());
        assertThat(seen()).containsExactly("after");
    }

    @Test
    void throttlingAndExpiredIteratorsLoseNothing() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        for (int number = 0; number < 20; number++) {
            kinesis.put(shard(0), "key", "r" + number);
        }
        kinesis.fail("GetRecords", 400, "ExpiredIteratorException");
        for (int number = 0; number < 8; number++) { // more than the SDK tries by itself
            kinesis.fail("GetRecords", 400, "ProvisionedThroughputExceededException");
        }
        read(kinesis.group("source.shard.get-records.max-record-count", "4"), 1, false);
        await(() -> seen().size() == 20);
        assertThat(seen()).isEqualTo(IntStream.range(0, 20).mapToObj(n -> "r" + n).toList());
    }

    @Test
    void aServiceThatIsNotReachedForAWhileIsAskedAgain() throws Exception {
        FakeKinesis from = kinesis(1);
        FakeKinesis to = kinesis(1);
        from.put(shard(0), "key", "r");
        for (int attempt = 0; attempt < 12; attempt++) { // more than the client makes by itself
            from.disconnect(attempt % 2 == 0 ? "GetShardIterator" : "GetRecords");
            to.disconnect("PutRecords");
        }
        copy(from.group(), to.group());
        await(() -> !to.texts().isEmpty());
        assertThat(to.texts()).containsExactly("r");
        assertThat(job.getJobStatus().get()).isEqualTo(JobStatus.RUNNING);
    }

    @Test
    void aShardWithoutRecordsIsNotAskedAllTheTime() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        kinesis.put(shard(0), "key", "only");
        read(kinesis.group("source.reader.empty-records-fetch-interval", "1 h"), 1, false);
        await(() -> kinesis.asked("GetRecords") >= 2);
        kinesis.put(shard(0), "key", "later");
        await(() -> kinesis.asked("ListShards") >= 5);
        assertThat(kinesis.asked("GetRecords")).isEqualTo(2);
        assertThat(seen()).containsExactly("only");
    }

    @Test
    void aStreamThatDoesNotExistEndsTheJobWithItsName() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        kinesis.fail("ListShards", 400, "ResourceNotFoundException");
        read(kinesis.group(), 1, false);
        assertThatThrownBy(() -> job.getJobExecutionResult().get())
                .hasStackTraceContaining("property group 'events': the shards of " + FakeKinesis.ARN + " cannot be listed");
    }

    @Test
    void aStreamThatMayNotBeReadEndsTheJobWithItsName() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        kinesis.fail("GetShardIterator", 400, "AccessDeniedException");
        read(kinesis.group(), 1, false);
        assertThatThrownBy(() -> job.getJobExecutionResult().get())
                .hasStackTraceContaining("property group 'events': shardId-000000000000 of " + FakeKinesis.ARN + " cannot be read");
    }

    @Test
    void recordsTheStreamDoesNotTakeArePutAgain() throws Exception {
        FakeKinesis from = kinesis(1);
        FakeKinesis to = kinesis(1);
        for (int number = 0; number < 1_200; number++) {
            from.put(shard(0), "key", "r" + number);
        }
        to.refuse(700);
        to.fail("PutRecords", 500, "InternalFailure");
        copy(from.group(), to.group());
        await(() -> to.texts().size() >= 1_200);
        assertThat(to.texts()).containsExactlyInAnyOrderElementsOf(from.texts());
    }

    @Test
    void aStreamThatMayNotBeWrittenEndsTheJobWithItsName() throws Exception {
        FakeKinesis from = kinesis(1);
        FakeKinesis to = kinesis(1);
        from.put(shard(0), "key", "r");
        to.fail("PutRecords", 400, "AccessDeniedException");
        copy(from.group(), to.group());
        assertThatThrownBy(() -> job.getJobExecutionResult().get())
                .hasStackTraceContaining("property group 'events': " + FakeKinesis.ARN + " cannot be written");
    }

    @Test
    void optionsThatAreWrongAreNamed() throws Exception {
        FakeKinesis kinesis = kinesis(1);
        StreamConnector connector = StreamConnector.installed();
        for (String[] wrong : new String[][] {
            {"source.init.position", "NOW", "property group 'events': source.init.position is 'NOW', not LATEST"},
            {"source.reader.type", "EFO", "knows POLLING only"},
            {"source.shard.discovery.interval", "soon", "source.shard.discovery.interval is 'soon', not a duration"},
            {"source.shard.get-records.max-record-count", "0", "is '0', not a whole number of at least 1"},
        }) {
            assertThatThrownBy(() -> connector.source(kinesis.group(wrong[0], wrong[1]), new Texts()))
                    .isInstanceOf(ConfigurationException.class)
                    .hasMessageContaining(wrong[2]);
        }
        assertThatThrownBy(() -> connector.sink(kinesis.group("stream.arn", "events"), new Copies()))
                .hasMessageContaining("stream.arn is 'events', not the ARN of a stream");
    }

    private FakeKinesis kinesis(int shards) throws Exception {
        FakeKinesis service = new FakeKinesis(shards);
        services.add(service);
        return service;
    }

    private static String shard(int number) {
        return String.format("shardId-%012d", number);
    }

    private void read(PropertyGroup group, int parallelism, boolean failing) throws Exception {
        StreamExecutionEnvironment environment = environment(failing ? 3 : 0);
        environment.setParallelism(parallelism);
        environment.enableCheckpointing(20);
        source(environment, group).map(new Noting(run, failing)).setParallelism(1).sinkTo(new DiscardingSink<>());
        job = environment.executeAsync();
    }

    private void copy(PropertyGroup from, PropertyGroup to) throws Exception {
        StreamExecutionEnvironment environment = environment(0);
        environment.setParallelism(1);
        source(environment, from).sinkTo(StreamConnector.installed().sink(to, new Copies()));
        job = environment.executeAsync();
    }

    private static SingleOutputStreamOperator<String> source(StreamExecutionEnvironment environment, PropertyGroup group) {
        return environment
                .fromSource(
                        StreamConnector.installed().source(group, new Texts()),
                        WatermarkStrategy.noWatermarks(),
                        "events",
                        Types.STRING)
                .map(text -> text)
                .returns(Types.STRING);
    }

    private static StreamExecutionEnvironment environment(int restarts) {
        Configuration configuration = new Configuration();
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, restarts == 0 ? "none" : "fixed-delay");
        if (restarts > 0) {
            configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, restarts);
            configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ofMillis(1));
        }
        return StreamExecutionEnvironment.getExecutionEnvironment(configuration);
    }

    private List<String> seen() {
        return List.copyOf(RUNS.get(run).seen);
    }

    /** What the state of the job has. */
    private List<String> counted() {
        return RUNS.get(run).counted;
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    private static final class Seen {
        private final List<String> seen = Collections.synchronizedList(new ArrayList<>());
        private final CountDownLatch failed = new CountDownLatch(1);
        private volatile List<String> counted = List.of();
    }

    /** Notes what passes, keeps it in state, and fails once after a checkpoint that has some of it. */
    private static final class Noting extends RichMapFunction<String, String>
            implements CheckpointedFunction, CheckpointListener {
        private static final long serialVersionUID = 1L;
        private static final int SOME = 100;

        private final String run;
        private final boolean failing;
        private transient List<String> held;
        private transient ListState<String> state;
        private transient volatile boolean due;

        Noting(String run, boolean failing) {
            this.run = run;
            this.failing = failing;
        }

        @Override
        public void open(OpenContext context) {
            due = false;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            state = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("held", Types.STRING));
            held = new ArrayList<>();
            state.get().forEach(held::add);
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            state.update(held);
        }

        @Override
        public void notifyCheckpointComplete(long checkpoint) {
            due = held.size() > SOME;
        }

        @Override
        public String map(String text) {
            Seen seen = RUNS.get(run);
            if (failing && due && seen.failed.getCount() > 0) {
                seen.failed.countDown();
                throw new IllegalStateException("a failure for a test");
            }
            held.add(text);
            seen.seen.add(text);
            seen.counted = List.copyOf(held);
            return text;
        }
    }

    private static final class Texts implements RecordDecoder<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public void decode(StreamRecord record, Collector<String> out) {
            assertThat(record.stream()).isEqualTo("events");
            out.collect(new String(record.data(), UTF_8));
        }

        @Override
        public TypeInformation<String> type() {
            return Types.STRING;
        }
    }

    private static final class Copies implements RecordEncoder<String> {
        private static final long serialVersionUID = 1L;

        @Override
        public byte[] data(String text) {
            return text.getBytes(UTF_8);
        }

        @Override
        public String partitionKey(String text) {
            return text;
        }
    }
}
