package weir.flink.sql;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Durations in nanoseconds, each as often as it came: what exact percentiles need, and what those of smaller windows
 * and groups make for larger ones.
 *
 * <p>As bytes: how many, the least, and from each to the next in ascending order, in as few groups of seven bits as it
 * takes.
 */
public final class Durations {
    private static final int LONGEST_VARINT = 10;

    private long[] values = new long[8];
    private int size;

    void add(long value) {
        if (size == values.length) {
            values = Arrays.copyOf(values, size * 2);
        }
        values[size++] = value;
    }

    void addAll(byte[] bytes) {
        ByteBuffer from = ByteBuffer.wrap(bytes);
        int count = (int) varint(from);
        values = Arrays.copyOf(values, Math.max(values.length, size + count));
        long value = 0;
        for (int at = 0; at < count; at++) {
            value += varint(from);
            values[size++] = value;
        }
    }

    void addAll(Durations others) {
        values = Arrays.copyOf(values, Math.max(values.length, size + others.size));
        System.arraycopy(others.values, 0, values, size, others.size);
        size += others.size;
    }

    byte[] bytes() {
        Arrays.sort(values, 0, size);
        ByteBuffer to = ByteBuffer.allocate((size + 1) * LONGEST_VARINT);
        varint(to, size);
        long last = 0;
        for (int at = 0; at < size; at++) {
            varint(to, values[at] - last); // A negative first one is ten bytes long, and read back as it was.
            last = values[at];
        }
        return Arrays.copyOf(to.array(), to.position());
    }

    /**
     * Percentiles in milliseconds, between two values in proportion (NIST, "Engineering Statistics Handbook" 7.2.6.2,
     * R7), as Flink's PERCENTILE; null where there are no values.
     */
    Double[] milliseconds(double... portions) {
        Double[] found = new Double[portions.length];
        if (size > 0) {
            Arrays.sort(values, 0, size);
            for (int at = 0; at < portions.length; at++) {
                double place = portions[at] * (size - 1);
                int below = (int) place;
                double lower = values[below];
                double upper = values[Math.min(below + 1, size - 1)];
                found[at] = (lower + (upper - lower) * (place - below)) / 1e6;
            }
        }
        return found;
    }

    private static void varint(ByteBuffer to, long value) {
        long rest = value;
        while ((rest & ~0x7FL) != 0) {
            to.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        to.put((byte) rest);
    }

    private static long varint(ByteBuffer from) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            byte part = from.get();
            value |= (part & 0x7FL) << shift;
            if (part >= 0) {
                return value;
            }
        }
    }
}
