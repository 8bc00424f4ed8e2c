package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import weir.flink.sql.Traffic.Event;
import weir.flink.streams.Times;

/** 60 windows of services, each with its own behaviour. */
class SpikeTest {
    private static final int WINDOWS = 60;
    private static final int EVENTS = 50;
    private static Run run;

    /** How a service answers the nth event of a window. */
    private enum Service {
        QUIET,
        SLOW_FROM_WINDOW_40 {
            @Override
            long milliseconds(int window, int event) {
                return window == 40 || window == 41 ? 900 : 100 + event % 10;
            }
        },
        FAILING_IN_WINDOW_30 {
            @Override
            int status(int window, int event) {
                return window == 30 && event < 20 || event == 0 ? 503 : 200;
            }
        },
        SLOW_BEFORE_THERE_IS_A_BASELINE {
            @Override
            long milliseconds(int window, int event) {
                return window == 5 ? 900 : 100;
            }
        },
        ALWAYS_UNSTEADY {
            @Override
            long milliseconds(int window, int event) {
                return window % 2 == 0 ? 100 : 300;
            }

            @Override
            int status(int window, int event) {
                return event % 3 == 0 ? 503 : 200;
            }
        };

        long milliseconds(int window, int event) {
            return 100;
        }

        int status(int window, int event) {
            return 200;
        }
    }

    @BeforeAll
    static void run() throws Exception {
        List<String> records = new ArrayList<>();
        for (int window = 0; window < WINDOWS; window++) {
            for (int number = 0; number < EVENTS; number++) {
                long at = Traffic.START + window * 10_000L + number * 10_000L / EVENTS;
                for (Service service : Service.values()) {
                    Event event = new Event(service + "-" + window + "-" + number, at, at + 500, "shop", service.name(),
                            service.status(window, number), service.milliseconds(window, number) * 1_000_000, "192.0.2.1", 100);
                    records.add(new String(Traffic.json(event), StandardCharsets.UTF_8));
                }
            }
        }
        run = Run.of(new Events(records));
    }

    private static List<JsonNode> findings(Service service) {
        return run.documents("findings").stream()
                .filter(finding -> finding.at("/service/name").asText().equals(service.name()))
                .toList();
    }

    @Test
    void aServiceThatBeginsToAnswerSlowlyIsFoundOnceWithWhatWasExpected() {
        List<JsonNode> found = findings(Service.SLOW_FROM_WINDOW_40);

        assertThat(found).hasSize(1);
        JsonNode finding = found.get(0);
        assertThat(finding.get("@timestamp").asText()).isEqualTo(Times.text(Traffic.START + 400_000));
        assertThat(finding.get("message").asText()).isEqualTo("SLOW_FROM_WINDOW_40 answered 95 % of its requests within 900.0 ms,"
                + " and within 109.0 ms in the 40 windows of 10 s before.");
        assertThat(finding.at("/event/ingested").asText()).isEqualTo(Times.text(Traffic.START + 410_000));
        assertThat(finding.at("/event/severity").asInt()).isEqualTo(100);
        assertThat(finding.at("/rule/id").asText()).isEqualTo("service-latency-spike");
        assertThat(finding.at("/weir/finding/key").asText()).isEqualTo("shop/SLOW_FROM_WINDOW_40");
        assertThat(finding.at("/weir/finding/expected/p95_ms").asDouble()).isCloseTo(109, within(1e-6));
        assertThat(finding.at("/weir/finding/expected/deviation").asDouble()).isCloseTo(10.9, within(1e-6));
        assertThat(finding.at("/weir/finding/actual/p95_ms").asDouble()).isEqualTo(900);
        assertThat(finding.at("/weir/finding/score").asDouble()).isCloseTo((900 - 109) / 10.9, within(1e-6));
        assertThat(finding.at("/weir/finding/evidence_count").asInt()).isEqualTo(EVENTS);
    }

    @Test
    void aServiceThatBeginsToFailIsFoundAndItsEvidenceIsTheMetric() {
        List<JsonNode> found = findings(Service.FAILING_IN_WINDOW_30);

        assertThat(found).hasSize(1);
        assertThat(found.get(0).get("message").asText()).isEqualTo("FAILING_IN_WINDOW_30 failed 40.0 % of its requests,"
                + " and 2.0 % in the 30 windows of 10 s before.");
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
    void nothingIsFoundBeforeThereIsABaselineNorOfWhatWasAlwaysSo() {
        assertThat(findings(Service.QUIET)).isEmpty();
        assertThat(findings(Service.SLOW_BEFORE_THERE_IS_A_BASELINE)).isEmpty();
        assertThat(findings(Service.ALWAYS_UNSTEADY)).isEmpty();
    }
}
