package weir.flink.anomalies;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import weir.flink.streams.Finding;

class FindingDocumentTest {
    private static final long TIME = 1_767_225_600_000L;

    private static Anomaly anomaly(int step, double grade) {
        double none = Double.NaN;
        return new Anomaly(
                new Series(Series.Kind.DEVICE, "plant", "machine.measurement", "m-3", "spindle"),
                Anomaly.Rule.OUTLIER,
                step,
                TIME,
                TIME + 20_000,
                TIME + 20_000,
                List.of("a", "b"),
                2,
                TIME + 20_500,
                2.71828,
                grade,
                new double[] {none, 60.0004, 1480, none, none, none},
                new double[] {none, 91.23456, 1479, none, none, none},
                new double[] {0, 0.9, 0.1, 0, 0, 0});
    }

    @Test
    void aFindingSaysWhatIsOffAndByHowMuch() {
        Finding finding = FindingDocument.of(anomaly(0, 0.5));
        assertThat(Harness.json(new String(finding.body(), UTF_8))).isEqualTo(Harness.json("""
                {"@timestamp": "2026-01-01T00:00:20.000Z", "tenant": "plant",
                 "message": "machine.measurement of m-3/spindle: temperature_c is 91.23 where 60 is expected.",
                 "event": {"id": "%s", "kind": "alert", "dataset": "weir.finding", "severity": 65, "category": ["host"],
                   "type": ["info"], "start": "2026-01-01T00:00:00.000Z", "end": "2026-01-01T00:00:20.000Z",
                   "ingested": "2026-01-01T00:00:20.500Z"},
                 "rule": {"id": "anomaly-outlier", "name": "Measures far from what they are at this time of the period"},
                 "device": {"id": "m-3"},
                 "weir": {"finding": {"application": "anomalies", "key": "machine.measurement/m-3/spindle",
                   "evidence": ["a", "b"], "evidence_count": 2, "score": 2.718, "grade": 0.5,
                   "start": "2026-01-01T00:00:00.000Z", "end": "2026-01-01T00:00:20.000Z",
                   "expected": {"temperature_c": 60.0, "rotation_rpm": 1480.0},
                   "actual": {"temperature_c": 91.23, "rotation_rpm": 1479.0},
                   "attribution": {"temperature_c": 0.9, "rotation_rpm": 0.1}}}}""".formatted(finding.id())));
    }

    @Test
    void anIdIsOfTheRuleTheSeriesTheStartAndTheStep() {
        assertThat(FindingDocument.of(anomaly(0, 0.5)).id())
                .hasSize(26)
                .isEqualTo(FindingDocument.of(anomaly(0, 0.6)).id())
                .isNotEqualTo(FindingDocument.of(anomaly(1, 0.5)).id());
        assertThat(FindingDocument.of(anomaly(0, 0.5)).key()).isEqualTo(FindingDocument.of(anomaly(1, 0.5)).key());
    }
}
