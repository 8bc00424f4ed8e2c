package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScoreOperatorTest {
    private static final Policy POLICY = Machines.policy();
    private static final long MINUTE = 60_000;

    @Test
    void aSpikeIsOneFindingWithWhatWasExpectedAndWhichMeasure() throws Exception {
        try (Harness task = Harness.of(POLICY, 10)) {
            List<Point> points = Machines.points("m-1", 220, 200, 201);
            task.run(points);
            assertThat(task.findings()).singleElement().satisfies(finding -> {
                assertThat(finding.at("/rule/id").textValue()).isEqualTo("anomaly-outlier");
                assertThat(finding.at("/device/id").textValue()).isEqualTo("m-1");
                assertThat(finding.at("/weir/finding/evidence")).hasSize(1);
                assertThat(finding.at("/weir/finding/evidence/0").textValue()).isEqualTo(points.get(200).id());
                assertThat(finding.at("/weir/finding/expected/temperature_c").doubleValue()).isBetween(59.0, 61.0);
                assertThat(finding.at("/weir/finding/actual/temperature_c").doubleValue()).isGreaterThan(85);
                assertThat(finding.at("/weir/finding/attribution/temperature_c").doubleValue()).isGreaterThan(0.9);
                assertThat(finding.at("/weir/finding/attribution")).hasSize(1);
            });
        }
    }

    @Test
    void aPointDeliveredAgainIsScoredOnce() throws Exception {
        List<Point> points = Machines.points("m-1", 300, 200, 260);
        List<Point> twice = new ArrayList<>();
        for (int at = 0; at < points.size(); at++) {
            twice.add(points.get(at));
            twice.add(points.get(at));
            if (at >= 60) {
                twice.add(points.get(at - 60)); // ten minutes
            }
        }
        try (Harness once = Harness.of(POLICY, 10);
                Harness again = Harness.of(POLICY, 10)) {
            once.run(points);
            for (Point point : twice) {
                again.put(point).watermark(Math.max(point.time() - 2_000, Machines.START - 1));
            }
            assertThat(once.documents()).hasSize(2);
            assertThat(again.documents()).isEqualTo(once.documents());
            assertThat(again.counted("pointsAgain")).isEqualTo(twice.size() - points.size());
            assertThat(again.counted("numLateRecordsDropped")).isZero();
        }
    }

    @Test
    void pointsAreScoredInTheOrderOfTheirTime() throws Exception {
        List<Point> points = Machines.points("m-1", 300, 200, 260);
        List<Point> shuffled = new ArrayList<>(points);
        Random random = new Random(1);
        Map<Point, Long> arrival = new HashMap<>();
        points.forEach(point -> arrival.put(point, point.time() + random.nextInt(60_000)));
        shuffled.sort(Comparator.comparing(arrival::get));
        try (Harness inOrder = Harness.of(POLICY, 10);
                Harness outOfOrder = Harness.of(POLICY, 10)) {
            inOrder.run(points).watermark(points.get(299).time());
            for (Point point : shuffled) {
                outOfOrder.put(point).watermark(arrival.get(point) - 60_000);
            }
            outOfOrder.watermark(points.get(299).time());
            assertThat(shuffled).isNotEqualTo(points);
            assertThat(inOrder.documents()).hasSize(2);
            assertThat(outOfOrder.documents()).isEqualTo(inOrder.documents());
            assertThat(outOfOrder.counted("numLateRecordsDropped")).isZero();
        }
    }

    @Test
    void aPointBehindOneThatWasScoredIsCounted() throws Exception {
        List<Point> points = Machines.points("m-1", 20);
        Point held = points.get(10);
        try (Harness task = Harness.of(POLICY, 10)) {
            task.run(points.stream().filter(point -> point != held).toList()).put(held);
            assertThat(task.counted("numLateRecordsDropped")).isEqualTo(1);
            assertThat(task.counted("pointsAgain")).isZero();
        }
    }

    @Test
    void aMetricThatDirectlyFollowsTheLastIsScoredAtOnce() throws Exception {
        Series series = new Series(Series.Kind.SERVICE, "shop", "service_1m", "checkout", "");
        try (Harness task = Harness.of(POLICY, 10)) {
            Random random = new Random(1);
            for (int at = 1; at <= 120; at++) {
                long end = Machines.START + at * MINUTE;
                double latency = (at == 120 ? 900 : 100) * Math.exp(0.05 * random.nextGaussian());
                double[] values = {1000 + 30 * random.nextGaussian(), 0.01, latency, 2 * latency, 3 * latency};
                task.put(new Point(series, "metric-" + at, end - MINUTE, end, end, MINUTE, values));
                if (at == 1) {
                    task.watermark(end);
                }
            }
            assertThat(task.findings()).singleElement().satisfies(finding -> {
                assertThat(finding.at("/weir/finding/evidence/0").textValue()).isEqualTo("metric-120");
                assertThat(finding.at("/service/name").textValue()).isEqualTo("checkout");
            });
        }
    }

    @Test
    void aSeriesThatStopsIsFoundByTheTimeOfTheOthers() throws Exception {
        List<Point> stops = Machines.points("m-1", 30);
        List<Point> goesOn = Machines.points("m-2", 40);
        try (Harness task = Harness.of(POLICY, 10)) {
            task.run(merged(stops, goesOn));
            long last = stops.get(29).time();
            assertThat(task.findings()).singleElement().satisfies(finding -> {
                assertThat(finding.at("/rule/id").textValue()).isEqualTo("anomaly-missing");
                assertThat(finding.at("/device/id").textValue()).isEqualTo("m-1");
                assertThat(finding.at("/@timestamp").textValue()).isEqualTo("2026-01-01T00:05:00.000Z");
                assertThat(finding.at("/event/ingested").textValue()).isEqualTo("2026-01-01T00:04:50.500Z");
                assertThat(finding.at("/weir/finding/evidence/0").textValue()).isEqualTo("m-1@" + last);
                assertThat(finding.at("/weir/finding/expected/interval_seconds").doubleValue()).isEqualTo(10);
                assertThat(finding.at("/weir/finding/actual/interval_seconds").doubleValue()).isEqualTo(50);
            });
            task.watermark(last + 10 * MINUTE);
            assertThat(task.findings()).as("each silence once: the second is of m-2").hasSize(2);
        }
    }

    @Test
    void aClassOfAnswersThatNobodyGetsAnyMoreIsNotMissing() throws Exception {
        try (Harness task = Harness.of(POLICY, 10)) {
            for (int at = 1; at <= 60; at++) {
                task.put(requests("", at));
                if (at <= 30) {
                    task.put(requests("5xx", at));
                }
                task.watermark(Machines.START + at * MINUTE);
            }
            assertThat(task.findings()).isEmpty();
            task.watermark(Machines.START + 90 * MINUTE);
            assertThat(task.findings()).as("the whole service").extracting(finding -> finding.at("/weir/finding/key").textValue())
                    .containsExactly("service_1m/checkout");
        }
    }

    private static Point requests(String part, int minute) {
        long end = Machines.START + minute * MINUTE;
        Series series = new Series(Series.Kind.SERVICE, "shop", "service_1m", "checkout", part);
        return new Point(series, part + minute, end - MINUTE, end, end, MINUTE, new double[] {1000, 0.01, 100, 200, 300});
    }

    @Test
    void whenAllStopsNothingIsMissing() throws Exception {
        try (Harness task = Harness.of(POLICY, 10)) {
            task.run(merged(Machines.points("m-1", 30), Machines.points("m-2", 30)));
            assertThat(task.findings()).isEmpty();
            task.watermark(Watermark.MAX_WATERMARK.getTimestamp());
            assertThat(task.findings()).as("at the end of the input").isEmpty();
        }
    }

    static Stream<StateBackend> backends() {
        return Stream.of(new HashMapStateBackend(), new EmbeddedRocksDBStateBackend());
    }

    @ParameterizedTest
    @MethodSource("backends")
    void afterARestoreByMoreTasksTheSameIsFound(StateBackend backend) throws Exception {
        List<Point> points = new ArrayList<>();
        for (int machine = 1; machine <= 6; machine++) {
            points.addAll(Machines.points("m-" + machine, 400, 200, 270 + machine, 340, 350 + machine));
        }
        points.sort(Comparator.comparingLong(Point::time).thenComparing(Point::id));
        List<Point> before = points.subList(0, 1500);
        List<Point> after = points.subList(1500, points.size());
        OperatorSubtaskState state;
        List<String> expected;
        List<String> found;
        try (Harness whole = Harness.on(backend, POLICY)) {
            whole.run(before);
            state = whole.snapshot();
            found = new ArrayList<>(whole.documents());
            whole.run(after).watermark(Long.MAX_VALUE);
            expected = whole.documents();
        }
        assertThat(found).hasSizeGreaterThanOrEqualTo(6);
        for (int index = 0; index < 2; index++) {
            try (Harness part = Harness.restored(POLICY, state, backend, 2, index)) {
                int tasks = index;
                for (Point point : after) {
                    if (taskOf(point.key()) == tasks) {
                        part.put(point);
                    }
                    part.watermark(point.time() - 2_000);
                }
                part.watermark(Long.MAX_VALUE);
                found.addAll(part.documents());
            }
        }
        assertThat(found).containsExactlyInAnyOrderElementsOf(expected);
    }

    private static int taskOf(String key) {
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(key, 8, 2);
    }

    @Test
    void seriesAreWrittenToStateAtCheckpointsOnly() throws Exception {
        try (Harness task = Harness.of(POLICY, 10)) {
            task.run(merged(Machines.points("m-1", 30), Machines.points("m-2", 30)));
            assertThat(task.seriesInState()).isZero();
            task.snapshot();
            assertThat(task.seriesInState()).isEqualTo(2);
        }
    }

    @Test
    void ofMoreSeriesThanMemoryTakesTheSameIsFound() throws Exception {
        List<Point> points = new ArrayList<>();
        for (int machine = 1; machine <= 3; machine++) {
            points.addAll(Machines.points("m-" + machine, 130, 120));
        }
        points.sort(Comparator.comparingLong(Point::time).thenComparing(Point::id));
        try (Harness all = Harness.of(POLICY, 3);
                Harness few = Harness.of(POLICY, 2)) {
            all.run(points);
            few.run(points);
            assertThat(all.documents()).hasSize(3);
            assertThat(few.documents()).isEqualTo(all.documents());
            assertThat(few.seriesInMemory()).isEqualTo(2);
            assertThat(few.counted("seriesRead")).isPositive();
            assertThat(all.counted("seriesRead")).isZero();
        }
    }

    @Test
    void aSeriesWithoutPointsForLongIsForgotten() throws Exception {
        try (Harness task = Harness.of(Machines.policy(Map.of("forget.seconds", "3600")), 10)) {
            List<Point> points = Machines.points("m-1", 30);
            task.run(points).watermark(points.get(29).time());
            task.snapshot();
            task.watermark(points.get(29).time() + 3_599_999);
            assertThat(task.seriesInState()).isEqualTo(1);
            task.watermark(points.get(29).time() + 3_600_000);
            assertThat(task.seriesInState()).isZero();
            assertThat(task.seriesInMemory()).isZero();
            assertThat(task.timers()).isZero();
        }
    }

    @Test
    void stateOfOtherSettingsIsLearnedAnew() throws Exception {
        OperatorSubtaskState state;
        List<Point> points = Machines.points("m-1", 400, 200, 380);
        try (Harness task = Harness.of(POLICY, 10)) {
            state = task.run(points.subList(0, 150)).snapshot();
        }
        Policy other = Machines.policy(Map.of("trees", "20"));
        try (Harness task = Harness.restored(other, state, new HashMapStateBackend(), 1, 0)) {
            task.run(points.subList(150, 400));
            assertThat(task.findings()).singleElement().satisfies(finding -> assertThat(
                            finding.at("/weir/finding/evidence/0").textValue())
                    .isEqualTo(points.get(380).id()));
        }
    }

    private static List<Point> merged(List<Point> one, List<Point> other) {
        return Stream.concat(one.stream(), other.stream()).sorted(Comparator.comparingLong(Point::time)).toList();
    }
}
