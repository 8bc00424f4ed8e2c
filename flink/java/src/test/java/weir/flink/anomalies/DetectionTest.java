package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import weir.flink.streams.PropertyGroup;

/**
 * Of the anomalies in twenty simulated series, each of two weeks, under the settings every application has by default.
 */
class DetectionTest {
    private static final Policy DEFAULT = Settings.of(new PropertyGroup("application", Map.of())).policy();
    /**
     * Two hours after an anomaly its finding still is one of it: what is back to normal is as sudden as what was not.
     */
    private static final int AFTER = 24;

    @Test
    void ofServicesAtLeast95PercentOfEachKindAreFoundAndAtMostOneFindingInTenIsFalse() {
        assertThatFindingsAreGood(Simulation::service);
    }

    @Test
    void ofMachinesAtLeast95PercentOfEachKindAreFoundAndAtMostOneFindingInTenIsFalse() {
        assertThatFindingsAreGood(Simulation::machine);
    }

    @Test
    void ofSensorsOfOneMeasureAtLeast95PercentOfEachKindAreFoundAndAtMostOneFindingInTenIsFalse() {
        assertThatFindingsAreGood(Simulation::sensor);
    }

    private static void assertThatFindingsAreGood(LongFunction<Simulation> simulation) {
        Outcome outcome = new Outcome();
        LongStream.rangeClosed(1, 20).mapToObj(simulation).forEach(outcome::add);
        System.out.println(outcome);
        for (Simulation.Kind kind : Simulation.Kind.values()) {
            assertThat(outcome.recall(kind)).as("recall of %s: %s", kind, outcome).isGreaterThanOrEqualTo(0.95);
        }
        assertThat(outcome.precision()).as("precision: %s", outcome).isGreaterThanOrEqualTo(0.9);
    }

    private static final class Outcome {
        private final Map<Simulation.Kind, Integer> injected = new EnumMap<>(Simulation.Kind.class);
        private final Map<Simulation.Kind, Integer> found = new EnumMap<>(Simulation.Kind.class);
        private final List<String> wrong = new ArrayList<>();
        private int episodes;
        private int points;

        void add(Simulation simulation) {
            boolean[] hits = new boolean[simulation.injections.size()];
            points += simulation.points.size();
            for (Anomaly anomaly : findings(simulation)) {
                boolean inside = false;
                int at = (int) (anomaly.end() / Simulation.STEP);
                for (int which = 0; which < hits.length; which++) {
                    Simulation.Injection injection = simulation.injections.get(which);
                    if (at >= injection.from() && at < injection.to() + AFTER) {
                        inside = true;
                        hits[which] = true;
                    }
                }
                if (anomaly.step() == 0) {
                    episodes++;
                    if (!inside) {
                        wrong.add(anomaly.series().subject() + " " + anomaly.rule() + " at " + at);
                    }
                }
            }
            for (int which = 0; which < hits.length; which++) {
                Simulation.Kind kind = simulation.injections.get(which).kind();
                injected.merge(kind, 1, Integer::sum);
                found.merge(kind, hits[which] ? 1 : 0, Integer::sum);
            }
        }

        double recall(Simulation.Kind kind) {
            return (double) found.get(kind) / injected.get(kind);
        }

        double precision() {
            return 1 - (double) wrong.size() / episodes;
        }

        @Override
        public String toString() {
            return "found " + found + " of " + injected + "; false " + wrong.size() + " of " + episodes + " in " + points
                    + " points: " + wrong;
        }
    }

    private static List<Anomaly> findings(Simulation simulation) {
        SeriesState state = new SeriesState(simulation.series, DEFAULT);
        List<Anomaly> found = new ArrayList<>();
        for (int at = 0; at < simulation.points.size(); at++) {
            long time = at * Simulation.STEP;
            double[] values = simulation.points.get(at);
            if (values != null) {
                state.offer(new Point(simulation.series, "event-" + at, time, time, time, 0, values));
                state.score(time, found::add);
            }
            state.silence(time).ifPresent(found::add);
        }
        return found;
    }
}
