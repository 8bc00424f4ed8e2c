package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.time.Duration;

/**
 * How a detector is made.
 *
 * @param trees of a forest
 * @param sample points a tree keeps
 * @param period after which a series is expected to repeat
 * @param part of the period that has an expected value of its own
 * @param warmUp points before any of them is an anomaly
 * @param accept after how long what is not as expected becomes what is expected
 */
record Shape(int trees, int sample, Duration period, Duration part, int warmUp, Duration accept) implements Serializable {
    int parts() {
        return Math.toIntExact(Math.max(1, period.toMillis() / part.toMillis()));
    }

    double phase(long time) {
        return (double) Math.floorMod(time, period.toMillis()) / period.toMillis();
    }

    void write(DataOutput to) throws IOException {
        to.writeInt(trees);
        to.writeInt(sample);
        to.writeLong(period.toMillis());
        to.writeLong(part.toMillis());
        to.writeInt(warmUp);
        to.writeLong(accept.toMillis());
    }

    static Shape read(DataInput from) throws IOException {
        return new Shape(
                from.readInt(),
                from.readInt(),
                Duration.ofMillis(from.readLong()),
                Duration.ofMillis(from.readLong()),
                from.readInt(),
                Duration.ofMillis(from.readLong()));
    }
}
