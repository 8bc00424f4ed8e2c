package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EpisodeTest {
    private static final double[] NONE = {};
    private final Episode episode = new Episode();
    private final List<Anomaly> told = new ArrayList<>();

    private void add(long time, double grade, long start) {
        Verdict verdict = new Verdict(Verdict.Cause.OUTLIER, 2, grade, NONE, NONE);
        episode.add(Machines.point("m-1", time, 60), verdict, start).ifPresent(told::add);
    }

    @Test
    void itsBeginIsToldAndWhenItIsWorseByAThird() {
        add(1, 0.1, 1);
        add(2, 0.3, 1);
        add(3, 0.4, 1);
        add(4, 0.2, 1);
        add(5, 0.5, 1);
        add(6, 1.0, 1);
        assertThat(told).extracting(Anomaly::end).containsExactly(1L, 3L, 6L);
        assertThat(told).extracting(Anomaly::step).containsExactly(0, 1, 2);
        assertThat(told).extracting(Anomaly::start).containsOnly(1L);
    }

    @Test
    void aNewOneIsToldAgain() {
        add(1, 0.9, 1);
        add(100, 0.1, 100);
        assertThat(told).extracting(Anomaly::start).containsExactly(1L, 100L);
        assertThat(told).extracting(Anomaly::evidenceCount).containsExactly(1L, 1L);
    }

    @Test
    void theNewestTwentyPointsAreItsEvidence() {
        for (int time = 1; time <= 30; time++) {
            add(time, time == 30 ? 1 : 0, 1);
        }
        assertThat(told.get(1).evidenceCount()).isEqualTo(30);
        assertThat(told.get(1).evidence()).hasSize(20).startsWith("m-1@11").endsWith("m-1@30");
    }
}
