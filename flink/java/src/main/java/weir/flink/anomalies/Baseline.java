package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * What one measure is expected to be at a time of its period, and how far it usually is from that.
 *
 * <p>The period (a day) is cut into parts. A part's mean and variance are learned when a visit to it ends, so that the
 * newest values do not explain themselves, and how fast they are learned does not depend on how often a series has
 * points. Until one period is over, the expected value is a moving average.
 *
 * <p>Single values are held to {@link #CLIP} times the usual deviation before they are learned (Huber, "Robust
 * Statistics"), unless the caller has accepted what is seen as the new normal.
 */
final class Baseline {
    private static final double CLIP = 3;
    /** Of the moving average, and of the deviation from it. */
    private static final double SHORT_MEMORY = 0.05;
    private static final double LONG_MEMORY = 1.0 / 500;
    /** A part that was visited more often forgets as one that was visited this often. */
    private static final int MOST_VISITS = 4;
    /** The visits that the deviation over the whole period counts for, beside those to the parts nearby. */
    private static final int WHOLE_PERIOD_VISITS = 2;
    private static final int PARTS_NEARBY = 2;
    /** So many values say nothing yet, and are learned as they are, or the first would hold down all others. */
    private static final int FEW = 20;

    private final Measure.Scale scale;
    private final float[] means;
    private final float[] variances;
    private final byte[] visits;
    private long count;
    private double average;
    private double variance;
    private int part = -1;
    private int visitCount;
    private int visitOffs;
    private double visitSum;
    private double visitSquares;

    Baseline(Measure.Scale scale, int parts) {
        this.scale = scale;
        means = new float[parts];
        variances = new float[parts];
        visits = new byte[parts];
    }

    boolean known() {
        return count >= FEW;
    }

    /**
     * On the measure's scale.
     *
     * @param phase place in the period, from 0 to less than 1
     * @param seasonal whether a whole period has been seen
     */
    double expected(double phase, boolean seasonal) {
        if (!seasonal) {
            return average;
        }
        double place = phase * means.length - 0.5;
        int left = Math.floorMod((int) Math.floor(place), means.length);
        int right = (left + 1) % means.length;
        if (visits[left] == 0 || visits[right] == 0) {
            return visits[left] > 0 ? means[left] : visits[right] > 0 ? means[right] : average;
        }
        double share = place - Math.floor(place);
        return means[left] * (1 - share) + means[right] * share;
    }

    /** How far a value usually is from the expected one, on the measure's scale and never below its floor. */
    double deviation(double phase, boolean seasonal, double expected) {
        double weight = WHOLE_PERIOD_VISITS;
        double sum = weight * variance;
        if (seasonal) {
            int here = partOf(phase);
            for (int near = -PARTS_NEARBY; near <= PARTS_NEARBY; near++) {
                int other = Math.floorMod(here + near, means.length);
                int known = Math.max(visits[other] - 1, 0); // The first visit was held against a moving average.
                sum += known * variances[other];
                weight += known;
            }
        }
        return Math.max(Math.sqrt(sum / weight), scale.floor(scale.back(expected)));
    }

    void learn(double value, double phase, double expected, double deviation, boolean accepted) {
        count++;
        double kept = accepted || count <= FEW
                ? value
                : Math.max(expected - CLIP * deviation, Math.min(expected + CLIP * deviation, value));
        average += Math.max(1.0 / count, SHORT_MEMORY) * (kept - average);
        int now = partOf(phase);
        if (now != part) {
            endVisit(accepted);
            part = now;
        }
        visitCount++;
        visitSum += kept;
        if (!accepted) { // How far what is accepted is from what was expected says nothing of what will be usual.
            double off = count == 1 ? 0 : kept - expected;
            variance += Math.max(1.0 / count, LONG_MEMORY) * (off * off - variance);
            visitOffs++;
            visitSquares += off * off;
        }
    }

    private void endVisit(boolean accepted) {
        if (visitCount > 0) {
            double weight = accepted ? 1 : weight(visits[part] + 1);
            means[part] += (float) (weight * (visitSum / visitCount - means[part]));
            visits[part] = (byte) Math.min(visits[part] + 1, MOST_VISITS);
        }
        if (visitOffs > 0) { // Of the first visit they were held against a moving average, and count for nothing.
            variances[part] += (float) (weight(visits[part] - 1) * (visitSquares / visitOffs - variances[part]));
        }
        visitCount = 0;
        visitOffs = 0;
        visitSum = 0;
        visitSquares = 0;
    }

    private static double weight(int visit) {
        return 1.0 / Math.max(1, Math.min(visit, MOST_VISITS));
    }

    /** Deviations from the moving average say little about those from the period: they are learned anew. */
    void becomeSeasonal() {
        count = Math.min(count, FEW);
    }

    private int partOf(double phase) {
        return Math.min((int) (phase * means.length), means.length - 1);
    }

    void write(DataOutput to) throws IOException {
        for (int at = 0; at < means.length; at++) {
            to.writeFloat(means[at]);
            to.writeFloat(variances[at]);
            to.writeByte(visits[at]);
        }
        to.writeLong(count);
        to.writeDouble(average);
        to.writeDouble(variance);
        to.writeInt(part);
        to.writeInt(visitCount);
        to.writeInt(visitOffs);
        to.writeDouble(visitSum);
        to.writeDouble(visitSquares);
    }

    static Baseline read(DataInput from, Measure.Scale scale, int parts) throws IOException {
        Baseline read = new Baseline(scale, parts);
        for (int at = 0; at < parts; at++) {
            read.means[at] = from.readFloat();
            read.variances[at] = from.readFloat();
            read.visits[at] = from.readByte();
        }
        read.count = from.readLong();
        read.average = from.readDouble();
        read.variance = from.readDouble();
        read.part = from.readInt();
        read.visitCount = from.readInt();
        read.visitOffs = from.readInt();
        read.visitSum = from.readDouble();
        read.visitSquares = from.readDouble();
        return read;
    }
}
