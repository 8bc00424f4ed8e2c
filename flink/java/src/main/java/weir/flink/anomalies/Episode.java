package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** An anomaly from its first point to its last, of which is told when it begins and when it becomes worse. */
final class Episode {
    private static final int MOST_EVIDENCE = 20;
    /** Grades of which each is told once. */
    private static final int BANDS = 3;

    private final Deque<String> evidence = new ArrayDeque<>();
    private long since = Long.MIN_VALUE;
    private long count;
    private int told;
    private int band;

    /**
     * @param verdict that finds the point anomalous
     * @param start since when its series is not as expected
     */
    Optional<Anomaly> add(Point point, Verdict verdict, long start) {
        if (start != since) {
            since = start;
            evidence.clear();
            count = 0;
            told = 0;
            band = 0;
        }
        count++;
        evidence.addLast(point.id());
        if (evidence.size() > MOST_EVIDENCE) {
            evidence.removeFirst();
        }
        int now = Math.min(BANDS, 1 + (int) (verdict.grade() * BANDS));
        if (now <= band) {
            return Optional.empty();
        }
        band = now;
        return Optional.of(new Anomaly(
                point.series(),
                verdict.cause() == Verdict.Cause.DRIFT ? Anomaly.Rule.DRIFT : Anomaly.Rule.OUTLIER,
                told++,
                since,
                point.time(),
                point.happened(),
                List.copyOf(evidence),
                count,
                point.ingested(),
                verdict.score(),
                verdict.grade(),
                verdict.expected(),
                point.values(),
                verdict.attribution()));
    }

    void write(DataOutput to) throws IOException {
        to.writeLong(since);
        to.writeLong(count);
        to.writeInt(told);
        to.writeInt(band);
        to.writeInt(evidence.size());
        for (String id : evidence) {
            to.writeUTF(id);
        }
    }

    static Episode read(DataInput from) throws IOException {
        Episode read = new Episode();
        read.since = from.readLong();
        read.count = from.readLong();
        read.told = from.readInt();
        read.band = from.readInt();
        for (int left = from.readInt(); left > 0; left--) {
            read.evidence.addLast(from.readUTF());
        }
        return read;
    }
}
