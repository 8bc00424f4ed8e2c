package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weir.flink.sql.Traffic.Event;
import weir.flink.streams.Times;

/** When an event happened is what it says, unless its clock runs ahead of the pipeline's. */
class TimeTest {
    @Test
    void anEventOfTheFarFutureIsCountedWhenItArrivedAndMakesNothingLate() throws Exception {
        List<String> records = new ArrayList<>();
        for (int second = 0; second < 30; second++) {
            long now = Traffic.START + second * 1_000L;
            records.add(event("e" + second, now, now));
            if (second == 14) {
                records.add(event("far", now + 3_600_000L * 24 * 365, now));
                records.add(event("near", now + 59_000, now));
            }
        }

        List<JsonNode> windows = Run.of(new Events(records)).metrics("service_10s");

        assertThat(windows).extracting(window -> window.get("@timestamp").asText() + " " + window.at("/weir/metric/count").asInt())
                .containsExactlyInAnyOrder(
                        Times.text(Traffic.START) + " 10",
                        Times.text(Traffic.START + 10_000) + " 11",
                        Times.text(Traffic.START + 20_000) + " 10",
                        Times.text(Traffic.START + 70_000) + " 1");
    }

    @Test
    void whatTookAWhileIsCountedWhenItEnded() throws Exception {
        List<String> records = new ArrayList<>();
        for (int second = 0; second < 30; second++) {
            long now = Traffic.START + second * 1_000L;
            records.add(event("e" + second, now, now));
        }
        long end = Traffic.START + 15_000;
        records.add(event("flow", end - 600_000, end)
                .replaceFirst("\"event\":\\{", "\"event\":{\"end\":\"" + Times.text(end) + "\","));

        List<JsonNode> windows = Run.of(new Events(records)).metrics("service_10s");

        assertThat(windows).extracting(window -> window.get("@timestamp").asText() + " " + window.at("/weir/metric/count").asInt())
                .containsExactlyInAnyOrder(
                        Times.text(Traffic.START) + " 10",
                        Times.text(Traffic.START + 10_000) + " 11",
                        Times.text(Traffic.START + 20_000) + " 10");
    }

    private static String event(String id, long at, long ingested) {
        Event event = new Event(id, at, ingested, "shop", "checkout", 200, 1_000_000, "192.0.2.1", 100);
        return new String(Traffic.json(event), StandardCharsets.UTF_8);
    }
}
