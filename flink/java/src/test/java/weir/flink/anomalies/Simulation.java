package weir.flink.anomalies;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Two weeks of a service's metrics, or a machine's measures, one point in five minutes: a day that is not one sine,
 * noise of which neighbours have some in common, and from the fourth day on anomalies of every kind at random places,
 * measures and sizes.
 */
final class Simulation {
    static final int DAY = 288;
    static final long STEP = 300_000;
    private static final int DAYS = 14;
    private static final int FIRST = 3 * DAY;

    enum Kind {
        SPIKE,
        DROP,
        DRIFT,
        SEASONAL_CHANGE,
        MISSING
    }

    private static final Kind[] TURNS = {
        Kind.SPIKE, Kind.DROP, Kind.DRIFT, Kind.SEASONAL_CHANGE, Kind.MISSING, Kind.SPIKE, Kind.DRIFT
    };

    /**
     * @param from its first point
     * @param to the point after its last
     * @param measure one of them, where it has one
     * @param size from 0, the smallest that has to be found, to 1
     */
    record Injection(Kind kind, int from, int to, int measure, double size) {
        boolean at(int point) {
            return point >= from && point < to;
        }

        double progress(int point) {
            return (double) (point - from) / (to - from);
        }
    }

    final Series series;
    final List<Injection> injections = new ArrayList<>();
    /** Null where data is missing. */
    final List<double[]> points = new ArrayList<>();

    private final Random random;

    private Simulation(Series series, long seed) {
        this.series = series;
        random = new Random(seed);
    }

    private void inject(int first, int end) {
        int from = FIRST;
        for (int turn = 0; ; turn++) {
            Kind kind = TURNS[turn % TURNS.length];
            from += 60 + random.nextInt(120);
            int to = from + switch (kind) {
                case SPIKE -> 1 + random.nextInt(3);
                case DROP -> 2 + random.nextInt(4);
                case DRIFT -> 60 + random.nextInt(60);
                case SEASONAL_CHANGE -> DAY / 2;
                case MISSING -> 12 + random.nextInt(12);
            };
            if (to + 100 > DAYS * DAY) {
                return;
            }
            injections.add(new Injection(kind, from, to, first + random.nextInt(end - first), random.nextDouble()));
            from = to + 60;
        }
    }

    private Injection injected(int point) {
        return injections.stream().filter(injection -> injection.at(point)).findFirst().orElse(null);
    }

    /** Like an hour to eight hours later. */
    private double turned(double phase, Injection injected) {
        return injected != null && injected.kind() == Kind.SEASONAL_CHANGE
                ? phase + Math.PI * (0.6 + 0.4 * injected.size())
                : phase;
    }

    /**
     * Requests that vary by up to six times over the day, errors of up to about one in a hundred, and latencies that
     * follow load.
     */
    static Simulation service(long seed) {
        Simulation made =
                new Simulation(new Series(Series.Kind.SERVICE, "shop", "service_5m", "service-" + seed, ""), seed);
        made.inject(0, 3);
        Random random = made.random;
        double requests = 200 + random.nextInt(2000);
        double amplitude = 0.3 + 0.5 * random.nextDouble();
        double start = random.nextDouble() * 2 * Math.PI;
        double latency = 20 + random.nextInt(200);
        double errorRate = 0.002 + 0.01 * random.nextDouble();
        double wander = 0;
        for (int at = 0; at < DAYS * DAY; at++) {
            Injection injected = made.injected(at);
            double phase = made.turned(2 * Math.PI * at / DAY + start, injected);
            double season = Math.sin(phase) + 0.3 * Math.sin(2 * phase + 1);
            wander = 0.5 * wander + 0.05 * random.nextGaussian();
            double count = poisson(random, requests * Math.exp(amplitude * season + wander) * factor(injected, at, 0));
            double rate = errorRate + (is(injected, Kind.SPIKE, 2) ? 0.06 + 0.1 * injected.size() : 0);
            double errors = Math.min(count, poisson(random, count * rate));
            double typical = latency * Math.exp(0.1 * season + 0.3 * wander) * factor(injected, at, 1);
            double noise = 1 / Math.sqrt(Math.max(count, 1));
            made.points.add(injected != null && injected.kind() == Kind.MISSING ? null : new double[] {
                count,
                count == 0 ? 0 : errors / count,
                typical * Math.exp((0.02 + noise) * random.nextGaussian()),
                2.5 * typical * Math.exp((0.04 + 2 * noise) * random.nextGaussian()),
                4 * typical * Math.exp((0.08 + 3 * noise) * random.nextGaussian())
            });
        }
        return made;
    }

    private static double factor(Injection injected, int at, int measure) {
        if (is(injected, Kind.SPIKE, measure)) {
            return (measure == 0 ? 2.2 : 1.8) + injected.size();
        }
        if (injected != null && injected.kind() == Kind.DROP && measure == 0) {
            return 0.1 + 0.3 * injected.size();
        }
        if (is(injected, Kind.DRIFT, measure)) {
            return 1 + injected.progress(at) * (0.6 + 0.4 * injected.size());
        }
        boolean fewer = is(injected, Kind.DRIFT, 2) && measure == 0;
        return fewer ? 1 - injected.progress(at) * (0.4 + 0.2 * injected.size()) : 1;
    }

    /**
     * Six measures of their own noise, of which an anomaly has one, by 8 to 12 times its noise, or by up to 4 to 6
     * times in a drift.
     */
    static Simulation machine(long seed) {
        return machine(seed, 0, 6);
    }

    /** A machine of which only the temperature is known. */
    static Simulation sensor(long seed) {
        return machine(seed, 1, 2);
    }

    private static Simulation machine(long seed, int first, int end) {
        Simulation made =
                new Simulation(new Series(Series.Kind.DEVICE, "plant", "machine.measurement", "m-" + seed, ""), seed);
        made.inject(first, end);
        Random random = made.random;
        double start = random.nextDouble() * 2 * Math.PI;
        double[] usual = {
            2 + 2 * random.nextDouble(), 60 + 20 * random.nextDouble(), 1000 + 1000 * random.nextDouble(), 6, 400,
            10 + 5 * random.nextDouble()
        };
        double[] amplitude = {0.3, 6, 30, 0.1, 1, 1.5};
        double[] noise = {0.15, 0.6, 8, 0.05, 1.5, 0.25};
        double[] wander = new double[usual.length];
        for (int at = 0; at < DAYS * DAY; at++) {
            Injection injected = made.injected(at);
            double season = Math.sin(made.turned(2 * Math.PI * at / DAY + start, injected));
            double[] values = new double[usual.length];
            for (int measure = 0; measure < usual.length; measure++) {
                wander[measure] = 0.6 * wander[measure] + 0.8 * random.nextGaussian();
                double off = noise[measure] * (wander[measure] + shift(injected, at, measure));
                boolean known = measure >= first && measure < end;
                values[measure] = known ? usual[measure] + amplitude[measure] * season + off : Double.NaN;
            }
            made.points.add(injected != null && injected.kind() == Kind.MISSING ? null : values);
        }
        return made;
    }

    private static double shift(Injection injected, int at, int measure) {
        if (is(injected, Kind.SPIKE, measure)) {
            return 8 + 4 * injected.size();
        }
        if (is(injected, Kind.DROP, measure)) {
            return -8 - 4 * injected.size();
        }
        if (is(injected, Kind.DRIFT, measure)) {
            return injected.progress(at) * (4 + 2 * injected.size()) * (injected.size() > 0.5 ? 1 : -1);
        }
        return 0;
    }

    private static boolean is(Injection injected, Kind kind, int measure) {
        return injected != null && injected.kind() == kind && injected.measure() == measure;
    }

    /** Near enough for means of tens and more. */
    private static double poisson(Random random, double mean) {
        return Math.max(0, Math.rint(mean + Math.sqrt(mean) * random.nextGaussian()));
    }
}
