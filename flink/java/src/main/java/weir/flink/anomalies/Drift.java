package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;

/**
 * Cumulative sums of one measure's deviations, upwards and downwards: what no single point tells (Page, "Continuous
 * inspection schemes", 1954).
 *
 * <p>Neighbouring points of most series are alike, and a sum of such wanders further. The limit grows with the variance
 * of the sum that the correlation of neighbours makes, (1 + r) / (1 - r), so that it is crossed by chance as seldom.
 */
final class Drift {
    /** What a deviation is short of before it counts, in usual deviations. */
    private static final double ALLOWANCE = 1;
    private static final double LIMIT = 8;
    /** A single far point is not a drift. */
    private static final double MOST = 4;
    private static final double MEMORY = 1.0 / 1000;
    private static final double MOST_CORRELATED = 0.98;
    /** Points before the correlation is known, and with it the limit. */
    private static final int UNKNOWN = 200;
    /** A sum above this share may be a drift that begins, whose points would seem correlated. */
    private static final double LEARNED_BELOW = 0.5;

    private double up;
    private double down;
    private double last;
    private long count;
    private double product;
    private double square;

    /** @param deviation in usual deviations */
    void add(double deviation) {
        double held = Math.max(-MOST, Math.min(MOST, deviation));
        if (count < UNKNOWN || share() < LEARNED_BELOW) {
            count++;
            double rate = Math.max(1.0 / count, MEMORY);
            product += rate * (held * last - product);
            square += rate * (held * held - square);
        }
        last = held;
        if (count >= UNKNOWN) {
            double most = 2 * limit();
            up = Math.min(Math.max(0, up + held - ALLOWANCE), most);
            down = Math.min(Math.max(0, down - held - ALLOWANCE), most);
        }
    }

    /** How far the larger sum is towards its limit; a drift from 1 on, at most 2. */
    double share() {
        return Math.max(up, down) / limit();
    }

    private double limit() {
        double correlation = square == 0 ? 0 : Math.max(0, Math.min(MOST_CORRELATED, product / square));
        return LIMIT * (1 + correlation) / (1 - correlation);
    }

    void write(DataOutput to) throws IOException {
        to.writeDouble(up);
        to.writeDouble(down);
        to.writeDouble(last);
        to.writeLong(count);
        to.writeDouble(product);
        to.writeDouble(square);
    }

    static Drift read(DataInput from) throws IOException {
        Drift read = new Drift();
        read.up = from.readDouble();
        read.down = from.readDouble();
        read.last = from.readDouble();
        read.count = from.readLong();
        read.product = from.readDouble();
        read.square = from.readDouble();
        return read;
    }
}
