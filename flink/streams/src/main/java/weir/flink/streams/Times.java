package weir.flink.streams;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/** Times of events: text on the streams, milliseconds since the epoch in applications. */
public final class Times {
    private static final String USUAL = "0000-00-00T00:00:00.000Z";
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
            return usual(text) ? ofUsual(text) : Instant.parse(text).toEpochMilli();
        } catch (RuntimeException error) {
            throw new BadEvent(field + " is no time: '" + text + "'");
        }
    }

    /** Whether it is as {@link #text} writes it, which every event is read twice with: a formatter takes as long as all the rest. */
    private static boolean usual(String text) {
        if (text.length() != USUAL.length()) {
            return false;
        }
        for (int at = 0; at < USUAL.length(); at++) {
            char here = text.charAt(at);
            char there = USUAL.charAt(at);
            if (there == '0' ? here < '0' || here > '9' : here != there) {
                return false;
            }
        }
        return true;
    }

    private static long ofUsual(String text) {
        long day = LocalDate.of(number(text, 0, 4), number(text, 5, 7), number(text, 8, 10)).toEpochDay();
        int hour = number(text, 11, 13);
        int minute = number(text, 14, 16);
        int second = number(text, 17, 19);
        if (hour > 23 || minute > 59 || second > 59) {
            throw new IllegalArgumentException("no time of a day");
        }
        return ((day * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + number(text, 20, 23);
    }

    /** Of digits, as they are known to be. */
    private static int number(String text, int from, int to) {
        int number = 0;
        for (int at = from; at < to; at++) {
            number = number * 10 + text.charAt(at) - '0';
        }
        return number;
    }
}
