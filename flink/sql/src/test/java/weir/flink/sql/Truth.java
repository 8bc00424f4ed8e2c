package weir.flink.sql;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import weir.flink.sql.Traffic.Event;

/** What the metrics of a traffic are, counted the plain way. */
final class Truth {
    /** Of a window, by its key. */
    record Window(long events, long errors, Double p50, Double p95, Double p99) {}

    private final Map<String, Event> events = new HashMap<>();
    private int bad;
    private int repeated;

    Truth(Traffic traffic) {
        for (int shard = 0; shard < traffic.count(); shard++) {
            for (long position = 0; position < traffic.size(); position++) {
                if (traffic.bad(position)) {
                    bad++;
                } else {
                    Event event = traffic.event(shard, position);
                    repeated += events.put(event.tenant() + event.id(), event) == null ? 0 : 1;
                }
            }
        }
    }

    int bad() {
        return bad;
    }

    int repeated() {
        return repeated;
    }

    Iterable<Event> events() {
        return events.values();
    }

    /** By "tenant service status start", the status as {@code status} says it. */
    Map<String, Window> windows(int seconds, Function<Event, String> status) {
        Map<String, long[]> durations = new TreeMap<>();
        Map<String, Long> errors = new HashMap<>();
        for (Event event : events.values()) {
            long start = event.at() - Math.floorMod(event.at(), seconds * 1_000L);
            String key = String.join(" ", event.tenant(), event.service(), status.apply(event), String.valueOf(start));
            durations.merge(key, new long[] {event.duration()}, Truth::joined);
            errors.merge(key, event.failed() ? 1L : 0L, Long::sum);
        }
        Map<String, Window> windows = new TreeMap<>();
        durations.forEach((key, values) -> {
            Arrays.sort(values);
            windows.put(key, new Window(
                    values.length, errors.get(key), percentile(values, 0.5), percentile(values, 0.95), percentile(values, 0.99)));
        });
        return windows;
    }

    private static long[] joined(long[] some, long[] more) {
        long[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        return all;
    }

    private static double percentile(long[] sorted, double portion) {
        double place = portion * (sorted.length - 1);
        int below = (int) Math.floor(place);
        int above = (int) Math.ceil(place);
        return (sorted[below] + (sorted[above] - sorted[below]) * (place - below)) / 1e6;
    }

    /** What was written, in the same form; a key written twice is an error. */
    static Map<String, Window> written(List<JsonNode> metrics) {
        Map<String, Window> windows = new TreeMap<>();
        Set<String> ids = new HashSet<>();
        for (JsonNode metric : metrics) {
            JsonNode values = metric.at("/weir/metric");
            String key = String.join(
                    " ",
                    metric.get("tenant").asText(),
                    metric.at("/service/name").asText(),
                    values.at("/dimensions/status_class").asText(),
                    String.valueOf(Instant.parse(metric.get("@timestamp").asText()).toEpochMilli()));
            Window window = new Window(
                    values.get("count").asLong(),
                    values.get("errors").asLong(),
                    values.get("p50_ms").asDouble(),
                    values.get("p95_ms").asDouble(),
                    values.get("p99_ms").asDouble());
            if (windows.put(key, window) != null || !ids.add(metric.at("/event/id").asText())) {
                throw new AssertionError("written twice: " + metric);
            }
        }
        return windows;
    }
}
