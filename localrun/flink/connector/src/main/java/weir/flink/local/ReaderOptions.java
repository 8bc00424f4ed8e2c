package weir.flink.local;

import java.io.Serializable;
import java.time.Duration;
import org.apache.flink.util.TimeUtils;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/**
 * How a shard is read, by the official connector's options and defaults.
 *
 * @param records most records of an answer, up to GetRecords' own 10,000
 * @param pause after an answer without records: a shard answers five times a second
 */
record ReaderOptions(int records, Duration pause) implements Serializable {
    private static final String RECORDS = "source.shard.get-records.max-record-count";
    private static final String PAUSE = "source.reader.empty-records-fetch-interval";
    private static final int MOST_RECORDS = 10_000;
    private static final Duration EMPTY_PAUSE = Duration.ofMillis(250);

    static ReaderOptions of(PropertyGroup stream) {
        int records = stream.optional(RECORDS).isPresent() ? stream.number(RECORDS, 1) : MOST_RECORDS;
        return new ReaderOptions(Math.min(records, MOST_RECORDS), duration(stream, PAUSE, EMPTY_PAUSE));
    }

    static Duration duration(PropertyGroup stream, String key, Duration otherwise) {
        String text = stream.optional(key).orElse(null);
        if (text == null) {
            return otherwise;
        }
        try {
            return TimeUtils.parseDuration(text);
        } catch (IllegalArgumentException error) {
            throw new ConfigurationException(
                    "property group '" + stream.name() + "': " + key + " is '" + text + "', not a duration such as 250 ms", error);
        }
    }
}
