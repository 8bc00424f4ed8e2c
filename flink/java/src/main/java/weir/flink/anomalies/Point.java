package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/**
 * One point of a series. Times are in milliseconds since the epoch.
 *
 * @param id of the event
 * @param happened its {@code @timestamp}: for a metric the beginning of its window
 * @param time by which points are ordered: for a metric the end of its window, when it is known
 * @param ingested its {@code event.ingested}
 * @param interval from this point to the next, or 0 where it is not fixed
 * @param values one a measure; NaN where the event has none
 */
public record Point(Series series, String id, long happened, long time, long ingested, long interval, double[] values)
        implements Serializable {
    public String key() {
        return series.key();
    }

    void write(DataOutput to) throws IOException {
        to.writeUTF(id);
        to.writeLong(happened);
        to.writeLong(time);
        to.writeLong(ingested);
        to.writeLong(interval);
        for (double value : values) {
            to.writeDouble(value);
        }
    }

    static Point read(DataInput from, Series series, int measures) throws IOException {
        String id = from.readUTF();
        long happened = from.readLong();
        long time = from.readLong();
        long ingested = from.readLong();
        long interval = from.readLong();
        double[] values = new double[measures];
        for (int at = 0; at < measures; at++) {
            values[at] = from.readDouble();
        }
        return new Point(series, id, happened, time, ingested, interval, values);
    }
}
