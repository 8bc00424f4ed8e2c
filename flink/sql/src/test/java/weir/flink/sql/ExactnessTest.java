package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import weir.flink.sql.Traffic.Event;

/** Whatever the order and the shards events come in, and however often, every window holds what it should. */
class ExactnessTest {
    private static final int RECORDS = 300_000;

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 8})
    void everyWindowOfEveryShardCountIsExact(int shards) throws Exception {
        Traffic traffic = new Traffic(shards, RECORDS / shards, 0.8 * shards, 50, 1_000);
        Truth truth = new Truth(traffic);
        assertThat(truth.repeated()).isGreaterThan(RECORDS / 60);

        Run run = Run.of(traffic);

        assertThat(Truth.written(run.metrics("service_10s"))).isEqualTo(truth.windows(10, event -> ""));
        assertThat(Truth.written(run.metrics("service_1m"))).isEqualTo(truth.windows(60, event -> ""));
        assertThat(Truth.written(run.metrics("service_status_1m")))
                .isEqualTo(truth.windows(60, event -> event.status() / 100 + "xx"));
        assertThat(talkers(run.metrics("talkers_1m"))).isEqualTo(talkers(truth));
        assertThat(run.documents("errors")).hasSize(truth.bad());
    }

    @Test
    void whatIsNoEventIsInErrorsAsItCame() throws Exception {
        Traffic traffic = new Traffic(1, 2_000, 1, 0, 400);

        List<JsonNode> errors = Run.of(traffic).documents("errors");

        assertThat(errors).extracting(error -> new String(Base64.getDecoder().decode(error.get("original").asText())))
                .containsExactly(
                        new String(traffic.record(0, 399)),
                        new String(traffic.record(0, 799)),
                        new String(traffic.record(0, 1_199)),
                        new String(traffic.record(0, 1_599)),
                        new String(traffic.record(0, 1_999)));
        assertThat(errors).extracting(error -> error.get("reason").asText() + ": " + error.get("detail").asText())
                .containsExactly(
                        "corrupt: no JSON: Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
                        "corrupt: no JSON: Unexpected end-of-input in VALUE_STRING",
                        "malformed: no JSON object",
                        "malformed: event.dataset is missing",
                        "malformed: event.ingested is no time: 'yesterday'");
        assertThat(errors).extracting(error -> error.get("step").asText()).containsOnly("flink-aggregates");
        assertThat(errors).extracting(error -> error.get("id").asText())
                .containsExactly("events/shardId-0:399", "events/shardId-0:799", "events/shardId-0:1199", "events/shardId-0:1599", "b");
    }

    private static Map<String, List<String>> talkers(Truth truth) {
        Map<String, long[]> sums = new HashMap<>();
        for (Event event : truth.events()) {
            long start = event.at() - Math.floorMod(event.at(), 60_000L);
            long[] sum = sums.computeIfAbsent(event.tenant() + " " + start + " " + event.ip(), key -> new long[2]);
            sum[0] += event.bytes();
            sum[1]++;
        }
        Map<String, List<Map.Entry<String, long[]>>> groups = new TreeMap<>();
        sums.entrySet().forEach(entry -> groups
                .computeIfAbsent(entry.getKey().substring(0, entry.getKey().lastIndexOf(' ')), key -> new ArrayList<>())
                .add(entry));
        Map<String, List<String>> top = new TreeMap<>();
        groups.forEach((key, entries) -> top.put(key, entries.stream()
                .sorted(Comparator.<Map.Entry<String, long[]>>comparingLong(entry -> -entry.getValue()[0])
                        .thenComparingLong(entry -> -entry.getValue()[1])
                        .thenComparing(Map.Entry::getKey))
                .limit(10)
                .map(entry -> entry.getKey().substring(key.length() + 1) + " " + entry.getValue()[0] + " " + entry.getValue()[1])
                .toList()));
        return top;
    }

    private static Map<String, List<String>> talkers(List<JsonNode> metrics) {
        Map<String, List<String>> top = new TreeMap<>();
        metrics.stream()
                .sorted(Comparator.comparingInt(metric -> metric.at("/weir/metric/dimensions/rank").asInt()))
                .forEach(metric -> top
                        .computeIfAbsent(
                                metric.get("tenant").asText() + " "
                                        + Instant.parse(metric.get("@timestamp").asText()).toEpochMilli(),
                                key -> new ArrayList<>())
                        .add(metric.at("/source/ip").asText() + " " + metric.at("/weir/metric/value").asLong() + " "
                                + metric.at("/weir/metric/count").asLong()));
        return top;
    }
}
