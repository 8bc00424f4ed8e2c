package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * All that is kept of one series: points that wait for their turn, its detector, and what was told of it.
 *
 * <p>A point is scored when the watermark has passed it, so that none comes before it any more. One of a series with a
 * fixed interval that directly follows the last needs not wait: there is nothing between them.
 */
final class SeriesState {
    private static final Comparator<Point> ORDER = Comparator.comparingLong(Point::time).thenComparing(Point::id);
    private static final int FORMAT = 1;
    static final long NEVER = Long.MAX_VALUE;

    /** What becomes of a point that arrives. */
    enum Arrival {
        WAITS,
        /** It was delivered before. */
        AGAIN,
        /** A later one was scored already. */
        LATE
    }

    private final Series series;
    private final Policy policy;
    private final Detector detector;
    private final Rhythm rhythm;
    private final Episode episode;
    private final Seen seen;
    private final List<Point> waiting = new ArrayList<>();
    private Point last;
    private boolean silent;
    private long watchedAt = NEVER;

    SeriesState(Series series, Policy policy) {
        this(series, policy, new Detector(policy.shape(), Datasets.of(series)), new Rhythm(), new Episode(), new Seen());
    }

    private SeriesState(Series series, Policy policy, Detector detector, Rhythm rhythm, Episode episode, Seen seen) {
        this.series = series;
        this.policy = policy;
        this.detector = detector;
        this.rhythm = rhythm;
        this.episode = episode;
        this.seen = seen;
    }

    Arrival offer(Point point) {
        if (last != null && point.time() <= last.time()) {
            return seen.contains(point) ? Arrival.AGAIN : Arrival.LATE;
        }
        int at = waiting.size();
        while (at > 0 && ORDER.compare(waiting.get(at - 1), point) > 0) {
            at--;
        }
        if (at > 0 && ORDER.compare(waiting.get(at - 1), point) == 0) {
            return Arrival.AGAIN;
        }
        waiting.add(at, point);
        return Arrival.WAITS;
    }

    /** Scores, in order, what waits and need not do so any longer. */
    void score(long watermark, Consumer<Anomaly> out) {
        int done = 0;
        while (done < waiting.size() && (waiting.get(done).time() <= watermark || follows(waiting.get(done)))) {
            score(waiting.get(done)).ifPresent(out);
            done++;
        }
        waiting.subList(0, done).clear();
    }

    private boolean follows(Point point) {
        return point.interval() > 0 && last != null && point.time() == last.time() + point.interval();
    }

    private Optional<Anomaly> score(Point point) {
        if (last != null && point.time() > last.time() && !silent) {
            rhythm.add(point.time() - last.time());
        }
        silent = false;
        last = point;
        seen.add(point, policy.duplicates());
        Verdict verdict = detector.observe(point.time(), point.values());
        return verdict.anomalous() ? episode.add(point, verdict, detector.anomalousSince()) : Optional.empty();
    }

    /**
     * When to look at the series next if nothing comes: when it is missing, and after that, when it can be forgotten.
     */
    long due() {
        return last.time() + (expectsPoints() ? rhythm.patience(policy.missingIntervals()) : policy.forget());
    }

    private boolean expectsPoints() {
        return !silent && rhythm.known() && series.steady();
    }

    /** Tells once that the series has no points, where it has had none for so long. */
    Optional<Anomaly> silence(long time) {
        if (!expectsPoints() || time < due()) {
            return Optional.empty();
        }
        long end = due();
        silent = true;
        return Optional.of(new Anomaly(
                series,
                Anomaly.Rule.MISSING,
                0,
                last.time(),
                end,
                last.time() + rhythm.interval(),
                List.of(last.id()),
                1,
                last.ingested(),
                0,
                1,
                new double[] {rhythm.interval() / 1e3},
                new double[] {(end - last.time()) / 1e3},
                new double[0]));
    }

    boolean forgotten(long time) {
        return waiting.isEmpty() && time >= last.time() + policy.forget();
    }

    boolean scored() {
        return last != null;
    }

    boolean waits(Point point) {
        return !waiting.isEmpty() && ORDER.compare(waiting.get(waiting.size() - 1), point) >= 0;
    }

    /** The time of the timer that looks for silence, or NEVER. */
    long watchedAt() {
        return watchedAt;
    }

    void watchAt(long time) {
        watchedAt = time;
    }

    void write(DataOutput to) throws IOException {
        to.writeByte(FORMAT);
        policy.shape().write(to);
        series.write(to);
        to.writeInt(waiting.size());
        for (Point point : waiting) {
            point.write(to);
        }
        to.writeBoolean(last != null);
        if (last != null) {
            last.write(to);
        }
        to.writeBoolean(silent);
        to.writeLong(watchedAt);
        rhythm.write(to);
        episode.write(to);
        seen.write(to);
        detector.write(to);
    }

    /**
     * @return the series as it was written; nothing where that was under other settings of its detector, or by another
     *     version, and it has to be learned anew
     */
    static Optional<SeriesState> read(DataInput from, Policy policy) throws IOException {
        if (from.readByte() != FORMAT || !policy.shape().equals(Shape.read(from))) {
            return Optional.empty();
        }
        Series series = Series.read(from);
        List<Measure> measures = Datasets.of(series);
        List<Point> waiting = new ArrayList<>();
        for (int left = from.readInt(); left > 0; left--) {
            waiting.add(Point.read(from, series, measures.size()));
        }
        Point last = from.readBoolean() ? Point.read(from, series, measures.size()) : null;
        boolean silent = from.readBoolean();
        long watchedAt = from.readLong();
        Rhythm rhythm = Rhythm.read(from);
        Episode episode = Episode.read(from);
        Seen seen = Seen.read(from);
        Detector detector = Detector.read(from, policy.shape(), measures);
        SeriesState read = new SeriesState(series, policy, detector, rhythm, episode, seen);
        read.waiting.addAll(waiting);
        read.last = last;
        read.silent = silent;
        read.watchedAt = watchedAt;
        return Optional.of(read);
    }
}
