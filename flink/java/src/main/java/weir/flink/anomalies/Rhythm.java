package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/** How often a series has points, and from when on it is missing. */
final class Rhythm {
    /** Fewer say nothing of the next. */
    private static final int KNOWN = 10;
    private static final double MEMORY = 0.02;
    /** A rare long gap is forgotten over some hundred points. */
    private static final double FADING = 0.995;
    private static final int LONGEST_TIMES = 2;

    private long gaps;
    private double mean;
    private double longest;

    /** @param gap between two points, in milliseconds */
    void add(long gap) {
        gaps++;
        mean += Math.max(1.0 / gaps, MEMORY) * (gap - mean);
        longest = Math.max(gap, longest * FADING);
    }

    boolean known() {
        return gaps >= KNOWN;
    }

    /** Expected from one point to the next, in milliseconds. */
    long interval() {
        return Math.round(mean);
    }

    /** How long after its last point a series is missing: so many intervals, and twice the longest gap of late. */
    long patience(int intervals) {
        return Math.round(Math.max(intervals * mean, LONGEST_TIMES * longest));
    }

    void write(DataOutput to) throws IOException {
        to.writeLong(gaps);
        to.writeDouble(mean);
        to.writeDouble(longest);
    }

    static Rhythm read(DataInput from) throws IOException {
        Rhythm read = new Rhythm();
        read.gaps = from.readLong();
        read.mean = from.readDouble();
        read.longest = from.readDouble();
        return read;
    }
}
