package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The application is stopped in the middle of windows, and goes on from its snapshot: with state in the heap, as in the
 * local run, and in RocksDB, as on AWS.
 */
class RestartTest {
    @ParameterizedTest
    @ValueSource(strings = {"hashmap", "rocksdb"})
    void nothingIsLostAndNothingIsCountedTwice(String backend, @TempDir Path snapshots, @TempDir Path databases)
            throws Exception {
        // One in 25 repeats the event of 400 records before: of the first 400 after the pause, events of before it.
        Traffic traffic = new Traffic(2, 40_000, 2, 25, 100);
        ShardedStreams streams = new ShardedStreams(traffic, UUID.randomUUID().toString());
        streams.pauseAt(20_200);
        JobClient first = start(on(backend, databases), streams);
        // Bad records are written as they are read: the last before the pause is the last of them.
        await("all before the pause is read", () -> streams.written("errors").size() >= 2 * 202);
        await("windows are written", () -> !streams.written("metrics").isEmpty());
        assertThat(databases.toFile().list().length > 0).as("state is in files").isEqualTo(backend.equals("rocksdb"));
        String snapshot = first.stopWithSavepoint(false, snapshots.toUri().toString(), SavepointFormatType.CANONICAL).get();
        int before = streams.written("metrics").size();
        streams.resume();

        Configuration restored = on(backend, databases);
        restored.setString("execution.state-recovery.path", snapshot);
        start(restored, streams).getJobExecutionResult().get();

        Truth truth = new Truth(traffic);
        assertThat(before).isPositive();
        assertThat(Truth.written(metrics(streams, "service_10s"))).isEqualTo(truth.windows(10, event -> ""));
        assertThat(Truth.written(metrics(streams, "service_status_1m")))
                .isEqualTo(truth.windows(60, event -> event.status() / 100 + "xx"));
        assertThat(streams.written("errors")).hasSize(truth.bad());
    }

    private static List<JsonNode> metrics(ShardedStreams streams, String name) {
        return Run.read(streams.written("metrics")).stream()
                .filter(metric -> metric.at("/weir/metric/name").asText().equals(name))
                .toList();
    }

    private static Configuration on(String backend, Path databases) {
        Configuration configuration = new Configuration();
        configuration.setString("state.backend.type", backend);
        configuration.setString("state.backend.rocksdb.localdir", databases.toString());
        return configuration;
    }

    private static JobClient start(Configuration configuration, ShardedStreams streams) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2, configuration);
        SqlApplication.define(environment, Settings.groups(), streams);
        return environment.executeAsync();
    }

    private static void await(String what, BooleanSupplier reached) {
        Instant end = Instant.now().plus(Duration.ofSeconds(60));
        while (!reached.getAsBoolean()) {
            assertThat(Instant.now()).as(what).isBefore(end);
            LockSupport.parkNanos(1_000_000);
        }
    }
}
