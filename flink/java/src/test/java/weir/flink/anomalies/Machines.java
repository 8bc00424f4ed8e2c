package weir.flink.anomalies;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import weir.flink.streams.PropertyGroup;

/** Points of machines, one in ten seconds, and a policy that judges them after some minutes. */
final class Machines {
    static final long STEP = 10_000;
    /** A time of day to begin at. */
    static final long START = 1_767_225_600_000L;

    private Machines() {}

    static Policy policy() {
        return policy(Map.of());
    }

    static Policy policy(Map<String, String> changed) {
        Map<String, String> values = new TreeMap<>(Map.of("warm-up-points", "60"));
        values.putAll(changed);
        return Settings.of(new PropertyGroup("application", values)).policy();
    }

    static Series series(String machine) {
        return new Series(Series.Kind.DEVICE, "plant", "machine.measurement", machine, "");
    }

    static Point point(String machine, long time, double temperature) {
        double none = Double.NaN;
        return new Point(
                series(machine), machine + "@" + time, time, time, time + 500, 0, new double[] {none, temperature, none, none, none, none});
    }

    /** Temperatures about 60, and {@code spikes} of 90 at the points of these numbers. */
    static List<Point> points(String machine, int count, Integer... spikes) {
        Random random = new Random(machine.hashCode());
        List<Point> points = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            double temperature = 60 + random.nextGaussian() + (List.of(spikes).contains(at) ? 30 : 0);
            points.add(point(machine, START + at * STEP, temperature));
        }
        return points;
    }
}
