package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Points that were scored of late, by which one that is delivered again is told from one that is too late. Neither is
 * scored: points are, in the order of their time, and these are behind. So nothing depends on how many are remembered
 * but what is counted as what.
 */
final class Seen {
    /** Some 40 kB of heap. */
    private static final int MOST = 1024;

    private final Deque<Mark> marks = new ArrayDeque<>();

    private record Mark(long time, int id) {}

    /** @param duplicates for how long, in milliseconds of event time, a point is remembered */
    void add(Point point, long duplicates) {
        while (!marks.isEmpty() && (marks.size() >= MOST || marks.peekFirst().time() < point.time() - duplicates)) {
            marks.removeFirst();
        }
        marks.addLast(mark(point));
    }

    boolean contains(Point point) {
        return marks.contains(mark(point));
    }

    private static Mark mark(Point point) {
        return new Mark(point.time(), point.id().hashCode());
    }

    void write(DataOutput to) throws IOException {
        to.writeInt(marks.size());
        for (Mark mark : marks) {
            to.writeLong(mark.time());
            to.writeInt(mark.id());
        }
    }

    static Seen read(DataInput from) throws IOException {
        Seen read = new Seen();
        for (int left = from.readInt(); left > 0; left--) {
            read.marks.addLast(new Mark(from.readLong(), from.readInt()));
        }
        return read;
    }
}
