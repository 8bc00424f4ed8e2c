package weir.flink.anomalies;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.PipelineOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.runtime.testutils.MiniClusterResourceConfiguration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.test.junit5.MiniClusterExtension;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.PropertyGroups;
import weir.flink.streams.testing.MemoryStreams;

class AnomaliesApplicationTest {
    @RegisterExtension
    static final MiniClusterExtension CLUSTER = new MiniClusterExtension(new MiniClusterResourceConfiguration.Builder()
            .setNumberTaskManagers(1)
            .setNumberSlotsPerTaskManager(2)
            .build());

    private static final PropertyGroup APPLICATION = new PropertyGroup("application", Map.of("warm-up-points", "60", "idle.seconds", "1"));
    private final MemoryStreams streams = new MemoryStreams();

    @AfterEach
    void close() {
        streams.close();
    }

    private PropertyGroups groups() {
        return PropertyGroups.of(
                MemoryStreams.group("events"),
                MemoryStreams.group("metrics"),
                MemoryStreams.group("findings"),
                MemoryStreams.group("errors"),
                APPLICATION);
    }

    @Test
    void metricsAndTelemetryBecomeFindingsAndWhatIsBadIsAnError() throws Exception {
        Random random = new Random(1);
        streams.create("metrics", 2);
        streams.create("events", 2);
        for (int at = 0; at < 150; at++) {
            long time = Machines.START + at * 60_000L;
            for (String service : List.of("checkout", "search")) {
                boolean slow = service.equals("checkout") && at >= 140;
                byte[] metric = Documents.bytes(Documents.metric(
                        service, time, 1000 + 30 * random.nextGaussian(), (slow ? 700 : 70) * Math.exp(0.05 * random.nextGaussian())));
                streams.put("metrics", service.equals("search") ? 0 : 1, service, metric);
                streams.put("metrics", service.equals("search") ? 0 : 1, service, metric);
            }
        }
        for (int at = 0; at < 200; at++) {
            long time = Machines.START + at * 10_000L;
            streams.put("events", 0, "m-1", Documents.bytes(
                    Documents.measurement("m-1", time, (at == 150 ? 95 : 60) + random.nextGaussian())));
            if (at < 100) {
                streams.put("events", 0, "m-2", Documents.bytes(Documents.measurement("m-2", time, 60 + random.nextGaussian())));
            }
        }
        streams.put("events", 1, "m-3", "{\"no".getBytes(UTF_8));
        streams.put("events", 1, "m-3", Documents.bytes(Documents.measurement("m-3", Machines.START, 60).without("device")));

        Configuration configuration = new Configuration();
        configuration.set(PipelineOptions.AUTO_GENERATE_UIDS, false);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        environment.setParallelism(2);
        AnomaliesApplication.build(environment, streams, groups());
        JobClient job = environment.executeAsync();
        streams.await("findings", 3, Duration.ofMinutes(1));
        streams.await("errors", 2, Duration.ofMinutes(1));
        streams.end("metrics");
        streams.end("events");
        job.getJobExecutionResult().get();

        List<JsonNode> findings = streams.texts("findings").stream().map(Harness::json).toList();
        assertThat(findings)
                .filteredOn(finding -> !finding.at("/rule/id").textValue().equals("anomaly-missing"))
                .extracting(finding -> finding.at("/weir/finding/key").textValue() + " " + finding.at("/@timestamp").textValue())
                .containsExactlyInAnyOrder(
                        "service_1m/checkout 2026-01-01T02:20:00.000Z",
                        "machine.measurement/m-1/spindle 2026-01-01T00:25:00.000Z");
        assertThat(findings)
                .filteredOn(finding -> finding.at("/rule/id").textValue().equals("anomaly-missing"))
                .extracting(finding -> finding.at("/device/id").textValue() + " " + finding.at("/@timestamp").textValue())
                .containsExactly("m-2 2026-01-01T00:16:40.000Z");
        assertThat(streams.texts("errors").stream().map(Harness::json))
                .extracting(error -> error.at("/step").textValue() + ": " + error.at("/detail").textValue().split(":")[0])
                .containsExactlyInAnyOrder("flink-anomalies: no JSON", "flink-anomalies: device.id is missing");
    }

    @Test
    void aPropertyGroupThatIsMissingIsNamed() {
        PropertyGroups without = PropertyGroups.of(MemoryStreams.group("metrics"), APPLICATION);
        assertThatThrownBy(() -> AnomaliesApplication.build(
                        StreamExecutionEnvironment.getExecutionEnvironment(), streams, without))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("property group 'events' is missing");
    }
}
