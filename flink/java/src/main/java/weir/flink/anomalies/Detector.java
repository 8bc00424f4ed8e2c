package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds the anomalies of one series of points with several measures.
 *
 * <p>A forest alone takes the hour of the day for an anomaly, or the night for normal at noon, and follows a drift. So
 * each value is first held against what its measure is at that time of the day; a forest judges the deviations of all
 * measures together, which are the same at every hour; and what is a little off for long is found by sums of these
 * deviations.
 *
 * <p>Points come in the order of their time.
 */
final class Detector {
    private static final double[] NOTHING = {};
    /** Further off is not more anomalous, and would be the only thing a forest sees of later points. */
    private static final double FARTHEST = 12;
    /**
     * Where no measure is this many usual deviations off, a point is not far: of few measures, forests find the ends of
     * noise rare.
     */
    private static final double FAR = 5;
    /** Normal points after which an anomaly is over. */
    private static final int QUIET = 10;

    private final Shape shape;
    private final List<Measure> measures;
    private final Baseline[] baselines;
    private final Drift[] drifts;
    private final Forest forest;
    private long first = Long.MIN_VALUE;
    private boolean seasonal;
    private long since = Long.MIN_VALUE;
    private int quiet;

    Detector(Shape shape, List<Measure> measures) {
        this(
                shape,
                measures,
                measures.stream().map(measure -> new Baseline(measure.scale(), shape.parts())).toArray(Baseline[]::new),
                IntStream.range(0, measures.size()).mapToObj(at -> new Drift()).toArray(Drift[]::new),
                Forest.of(measures.size(), shape.trees(), shape.sample(), 1));
    }

    private Detector(Shape shape, List<Measure> measures, Baseline[] baselines, Drift[] drifts, Forest forest) {
        this.shape = shape;
        this.measures = measures;
        this.baselines = baselines;
        this.drifts = drifts;
        this.forest = forest;
    }

    /**
     * @param values one a measure; NaN is one the point has not got. It is taken to be as expected, and so are the
     *     first of each measure
     */
    Verdict observe(long time, double[] values) {
        if (first == Long.MIN_VALUE) {
            first = time;
        }
        if (!seasonal && time - first >= shape.period().toMillis()) {
            seasonal = true;
            Arrays.stream(baselines).forEach(Baseline::becomeSeasonal);
            forest.rescale();
        }
        double phase = shape.phase(time);
        double[] expected = new double[values.length];
        double[] deviations = new double[values.length];
        float[] off = new float[values.length];
        for (int at = 0; at < values.length; at++) {
            expected[at] = baselines[at].expected(phase, seasonal);
            deviations[at] = baselines[at].deviation(phase, seasonal, expected[at]);
            double scaled = scale(at).of(values[at]);
            off[at] = Double.isNaN(scaled) || !baselines[at].known()
                    ? 0
                    : (float) Math.max(-FARTHEST, Math.min(FARTHEST, (scaled - expected[at]) / deviations[at]));
        }
        double farthest = farthest(off);
        boolean taken = forest.takes();
        double score = taken || farthest >= FAR ? forest.score(off) : 0;
        Verdict verdict = judge(score, farthest, off, expected);
        boolean accepted = follow(time, verdict.anomalous());
        if (since == Long.MIN_VALUE || accepted || !seasonal) {
            for (int at = 0; at < values.length; at++) {
                if (!Double.isNaN(values[at])) {
                    baselines[at].learn(scale(at).of(values[at]), phase, expected[at], deviations[at], accepted);
                }
            }
        }
        if (taken && (accepted || !verdict.anomalous())) {
            forest.learn(off, score);
        }
        return verdict;
    }

    private static double farthest(float[] off) {
        double farthest = 0;
        for (float one : off) {
            farthest = Math.max(farthest, Math.abs(one));
        }
        return farthest;
    }

    private Verdict judge(double score, double farthest, float[] off, double[] expected) {
        boolean warm = forest.points() >= shape.warmUp();
        double drift = 0;
        for (int at = 0; at < off.length; at++) {
            if (seasonal && warm) {
                drifts[at].add(off[at]);
                drift = Math.max(drift, drifts[at].share());
            }
        }
        double outlier = warm && farthest >= FAR ? score / forest.threshold() : 0;
        if (outlier < 1 && drift < 1) {
            return new Verdict(Verdict.Cause.NONE, 0, 0, NOTHING, NOTHING);
        }
        double grade = Math.min(1, Math.max(outlier, drift) - 1);
        double[] usual = new double[expected.length];
        for (int at = 0; at < usual.length; at++) {
            usual[at] = scale(at).back(expected[at]);
        }
        return outlier >= 1
                ? new Verdict(Verdict.Cause.OUTLIER, score, grade, usual, forest.attribution(off))
                : new Verdict(Verdict.Cause.DRIFT, drift, grade, usual, shares());
    }

    private double[] shares() {
        double[] shares = Arrays.stream(drifts).mapToDouble(Drift::share).toArray();
        double sum = Arrays.stream(shares).sum();
        return Arrays.stream(shares).map(share -> share / sum).toArray();
    }

    /** Whether the anomaly has lasted for so long that it is normal. */
    private boolean follow(long time, boolean anomalous) {
        if (anomalous) {
            since = since == Long.MIN_VALUE ? time : since;
            quiet = 0;
        } else if (since != Long.MIN_VALUE && ++quiet >= QUIET) {
            since = Long.MIN_VALUE;
        }
        return since != Long.MIN_VALUE && time - since >= shape.accept().toMillis();
    }

    /** Since when the series is not as expected; Long.MIN_VALUE where it is. */
    long anomalousSince() {
        return since;
    }

    private Measure.Scale scale(int at) {
        return measures.get(at).scale();
    }

    void write(DataOutput to) throws IOException {
        to.writeLong(first);
        to.writeBoolean(seasonal);
        to.writeLong(since);
        to.writeInt(quiet);
        for (int at = 0; at < baselines.length; at++) {
            baselines[at].write(to);
            drifts[at].write(to);
        }
        forest.write(to);
    }

    static Detector read(DataInput from, Shape shape, List<Measure> measures) throws IOException {
        long first = from.readLong();
        boolean seasonal = from.readBoolean();
        long since = from.readLong();
        int quiet = from.readInt();
        Baseline[] baselines = new Baseline[measures.size()];
        Drift[] drifts = new Drift[measures.size()];
        for (int at = 0; at < baselines.length; at++) {
            baselines[at] = Baseline.read(from, measures.get(at).scale(), shape.parts());
            drifts[at] = Drift.read(from);
        }
        Detector read = new Detector(shape, measures, baselines, drifts, Forest.read(from));
        read.first = first;
        read.seasonal = seasonal;
        read.since = since;
        read.quiet = quiet;
        return read;
    }
}
