package weir.flink.streams;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Times of events: text on the streams, milliseconds since the epoch in applications. */
public final class Times {
    private static final DateTimeFormatter MILLISECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

    private Times() {}

    /** ISO 8601 in UTC with three decimals, as events have it. */
    public static String text(long milliseconds) {
        return MILLISECONDS.format(Instant.ofEpochMilli(milliseconds));
    }

    /** @throws BadEvent naming the field, where {@code text} is no time */
    public static long milliseconds(String field, String text) throws BadEvent {
        try {
            return Instant.parse(text).toEpochMilli();
        } catch (RuntimeException error) {
            throw new BadEvent(field + " is no time: '" + text + "'");
        }
    }
}
