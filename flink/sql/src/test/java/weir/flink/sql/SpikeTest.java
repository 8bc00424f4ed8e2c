package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import weir.flink.sql.Traffic.Event;
import weir.flink.streams.Times;

/** 60 windows of two services, quiet but for what a test makes of one. */
class SpikeTest {
    private static final int WINDOWS = 60;
    private static final int EVENTS = 50;

    /** What the one service does in a window. */
    private interface Behaviour {
        long milliseconds(int window, int event);

        int status(int window, int event);
    }

    @Test
    void aServiceThatBeginsToAnswerSlowlyIsFoundOnceWithWhatWasExpected() throws Exception {
        List<JsonNode> found = findings(new Behaviour() {
            @Override
            public long milliseconds(int window, int event) {
                return window == 40 || window == 41 ? 900 : 100 + event % 10;
            }

            @Override
            public int status(int window, int event) {
                return 200;
            }
        });

        assertThat(found).hasSize(1);
        JsonNode finding = found.get(0);
        assertThat(finding.get("@timestamp").asText()).isEqualTo(Times.text(Traffic.START + 400_000));
        assertThat(finding.get("message").asText()).isEqualTo(
                "slow answered 95 % of its requests within 900.0 ms, and within 109.0 ms in the 40 windows of 10 s before.");
        assertThat(finding.at("/event/ingested").asText()).isEqualTo(Times.text(Traffic.START + 410_000));
        assertThat(finding.at("/event/severity").asInt()).isEqualTo(100);
        assertThat(finding.at("/rule/id").asText()).isEqualTo("service-latency-spike");
        assertThat(finding.at("/service/name").asText()).isEqualTo("slow");
        assertThat(finding.at("/weir/finding/expected/p95_ms").asDouble()).isCloseTo(109, within(1e-6));
        assertThat(finding.at("/weir/finding/expected/deviation").asDouble()).isCloseTo(10.9, within(1e-6));
        assertThat(finding.at("/weir/finding/actual/p95_ms").asDouble()).isEqualTo(900);
        assertThat(finding.at("/weir/finding/score").asDouble()).isCloseTo((900 - 109) / 10.9, within(1e-6));
        assertThat(finding.at("/weir/finding/evidence_count").asInt()).isEqualTo(EVENTS);
    }

    @Test
    void aServiceThatBeginsToFailIsFoundAndItsEvidenceIsTheMetric() throws Exception {
        Run run = run(new Behaviour() {
            @Override
            public long milliseconds(int window, int event) {
                return 100;
            }

            @Override
            public int status(int window, int event) {
                return window == 30 && event < 20 || event == 0 ? 503 : 200;
            }
        });

        List<JsonNode> found = run.documents("findings");
        assertThat(found).hasSize(1);
        assertThat(found.get(0).get("message").asText())
                .isEqualTo("slow failed 40.0 % of its requests, and 2.0 % in the 30 windows of 10 s before.");
        assertThat(found.get(0).at("/weir/finding/evidence_count").asInt()).isEqualTo(20);
        assertThat(found.get(0).at("/event/severity").asInt()).isEqualTo(78); // 40 and twice the 19 deviations
        List<JsonNode> evidence = run.metrics("service_10s").stream()
                .filter(metric -> metric.at("/event/id").equals(found.get(0).at("/weir/finding/evidence/0")))
                .toList();
        assertThat(evidence).hasSize(1);
        assertThat(evidence.get(0).at("/weir/metric/errors").asInt()).isEqualTo(20);
        assertThat(evidence.get(0).get("@timestamp").asText()).isEqualTo(Times.text(Traffic.START + 300_000));
    }

    @Test
    void nothingIsFoundBeforeThereIsABaselineNorOfWhatWasAlwaysSo() throws Exception {
        assertThat(findings(new Behaviour() {
            @Override
            public long milliseconds(int window, int event) {
                return window == 5 ? 900 : window % 2 == 0 ? 100 : 300;
            }

            @Override
            public int status(int window, int event) {
                return event % 3 == 0 ? 503 : 200;
            }
        })).isEmpty();
    }

    private static List<JsonNode> findings(Behaviour behaviour) throws Exception {
        return run(behaviour).documents("findings");
    }

    private static Run run(Behaviour behaviour) throws Exception {
        List<String> records = new ArrayList<>();
        for (int window = 0; window < WINDOWS; window++) {
            for (int event = 0; event < EVENTS; event++) {
                long at = Traffic.START + window * 10_000L + event * 10_000L / EVENTS;
                records.add(record("s" + window + "-" + event, at, "slow", behaviour.milliseconds(window, event),
                        behaviour.status(window, event)));
                records.add(record("q" + window + "-" + event, at, "quiet", 50, 200));
            }
        }
        return Run.of(new Events(records));
    }

    private static String record(String id, long at, String service, long milliseconds, int status) {
        Event event = new Event(id, at, at + 500, "shop", service, status, milliseconds * 1_000_000, "192.0.2.1", 100);
        return new String(Traffic.json(event), StandardCharsets.UTF_8);
    }
}
