package weir.flink.anomalies;

import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import com.amazon.randomcutforest.state.RandomCutForestMapper;
import com.amazon.randomcutforest.state.RandomCutForestState;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import org.apache.flink.util.InstantiationUtil;

/**
 * A random cut forest (Guha et al., "Robust random cut forest based anomaly detection on streams", ICML 2016) and the
 * scores it usually gives, over which lies the threshold.
 */
final class Forest {
    /**
     * Scores are skewed to the high side: at 6 deviations over their mean, five times as many usual points are over it.
     */
    private static final double DEVIATIONS = 7;
    private static final double LEAST_THRESHOLD = 1.2;
    private static final double MEMORY = 1.0 / 300;
    /**
     * So many points are learned one and all, and of later ones one of so many: a sample of a sample is as good, and to
     * learn a point and its score takes ten times as long as all the rest. A prime, or what recurs might always or
     * never be taken.
     */
    private static final int MANY = 300;
    private static final int ONE_OF = 7;
    /** Farther scores are learned as this far, or the outliers of a warm-up would hide those that come after. */
    private static final double LEARNED_DEVIATIONS = 4;
    /** So few scores are learned as they are. */
    private static final int FEW = 20;
    /** Of the boxes around a tree's branches: with all of them a forest takes two and a half times the memory. */
    private static final double KEPT_BOXES = 0.1;
    private static final RandomCutForestMapper MAPPER = mapper();

    private final RandomCutForest forest;
    private long points;
    private long allUntil = MANY;
    private long count;
    private double mean;
    private double variance;

    private Forest(RandomCutForest forest) {
        this.forest = forest;
    }

    /** @param sample points a tree keeps; a quarter of it is seen before a point has a score */
    static Forest of(int dimensions, int trees, int sample, long seed) {
        return new Forest(RandomCutForest.builder()
                .dimensions(dimensions)
                .numberOfTrees(trees)
                .sampleSize(sample)
                .outputAfter(sample / 4)
                .initialAcceptFraction(0.125)
                .boundingBoxCacheFraction(KEPT_BOXES)
                .randomSeed(seed)
                .build());
    }

    /** Counts a point, and says whether it is one to learn. */
    boolean takes() {
        points++;
        return points <= allUntil || points % ONE_OF == 0;
    }

    /** 0 until there are points to compare with. */
    double score(float[] point) {
        return forest.getAnomalyScore(point);
    }

    double threshold() {
        return Math.max(LEAST_THRESHOLD, mean + DEVIATIONS * Math.sqrt(variance));
    }

    /** How many points there were. */
    long points() {
        return points;
    }

    void learn(float[] point, double score) {
        forest.update(point);
        if (score > 0) {
            count++;
            double rate = Math.max(1.0 / count, MEMORY);
            double off = score - mean;
            if (count > FEW) {
                off = Math.min(off, LEARNED_DEVIATIONS * Math.sqrt(variance));
            }
            mean += rate * off;
            variance = (1 - rate) * (variance + rate * off * off);
        }
    }

    /** The part each dimension has in the score; they add up to 1. */
    double[] attribution(float[] point) {
        DiVector parts = forest.getAnomalyAttribution(point);
        double sum = parts.getHighLowSum();
        double[] shares = new double[point.length];
        for (int at = 0; at < point.length; at++) {
            shares[at] = parts.getHighLowSum(at) / sum;
        }
        return shares;
    }

    /** The scores may have another scale from here on, which is learned soon. */
    void rescale() {
        count = Math.min(count, FEW);
        allUntil = points + MANY;
    }

    private static RandomCutForestMapper mapper() {
        RandomCutForestMapper mapper = new RandomCutForestMapper();
        mapper.setSaveExecutorContextEnabled(true);
        mapper.setSaveTreeStateEnabled(true); // Trees grown again of their points would give other scores.
        mapper.setPartialTreeStateEnabled(true);
        return mapper;
    }

    void write(DataOutput to) throws IOException {
        byte[] bytes = InstantiationUtil.serializeObject(MAPPER.toState(forest));
        to.writeInt(bytes.length);
        to.write(bytes);
        to.writeLong(points);
        to.writeLong(allUntil);
        to.writeLong(count);
        to.writeDouble(mean);
        to.writeDouble(variance);
    }

    static Forest read(DataInput from) throws IOException {
        byte[] bytes = new byte[from.readInt()];
        from.readFully(bytes);
        try {
            RandomCutForestState state = InstantiationUtil.deserializeObject(bytes, Forest.class.getClassLoader());
            Forest read = new Forest(MAPPER.toModel(state));
            read.points = from.readLong();
            read.allUntil = from.readLong();
            read.count = from.readLong();
            read.mean = from.readDouble();
            read.variance = from.readDouble();
            return read;
        } catch (ClassNotFoundException error) {
            throw new IOException("the forest was written by another version of the library: " + error.getMessage(), error);
        }
    }
}
