package weir.flink.anomalies;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/**
 * What the application was deployed with, over the defaults.
 *
 * @param metrics names of the metrics that are watched
 * @param datasets of the telemetry that is watched
 * @param seriesInMemory most of a task
 */
record Settings(
        Duration outOfOrder,
        Duration idle,
        Duration future,
        Set<String> metrics,
        Set<String> datasets,
        Policy policy,
        int seriesInMemory)
        implements Serializable {
    private static final Pattern COMMA = Pattern.compile("\\s*,\\s*");
    /** README.md says what each is. */
    private static final Map<String, String> DEFAULTS = Map.ofEntries(
            Map.entry("out-of-orderness.seconds", "2"),
            Map.entry("idle.seconds", "10"),
            Map.entry("future.seconds", "2"),
            Map.entry("duplicates.seconds", "600"),
            Map.entry("metrics", "service_1m"),
            Map.entry("datasets", "machine.measurement,iot.telemetry"),
            Map.entry("trees", "30"),
            Map.entry("sample", "128"),
            Map.entry("period.seconds", "86400"),
            Map.entry("part.seconds", "1800"),
            Map.entry("warm-up-points", "100"),
            Map.entry("accept.seconds", "86400"),
            Map.entry("missing-intervals", "5"),
            Map.entry("forget.seconds", "604800"),
            Map.entry("series-in-memory", "2000"));

    /** @throws ConfigurationException where there is a key that nobody knows, or a value that is none */
    static Settings of(PropertyGroup group) {
        Set<String> unknown = new TreeSet<>(group.values().keySet());
        unknown.removeAll(DEFAULTS.keySet());
        if (!unknown.isEmpty()) {
            throw new ConfigurationException("property group '" + group.name() + "': no such key: " + unknown + "; there are "
                    + new TreeSet<>(DEFAULTS.keySet()));
        }
        Map<String, String> values = new TreeMap<>(DEFAULTS);
        values.putAll(group.values());
        PropertyGroup all = new PropertyGroup(group.name(), values);
        Set<String> datasets = names(all.text("datasets"));
        if (!Datasets.TELEMETRY.keySet().containsAll(datasets)) {
            throw new ConfigurationException("property group '" + group.name() + "': datasets is '" + all.text("datasets")
                    + "', not of " + new TreeSet<>(Datasets.TELEMETRY.keySet()));
        }
        int part = all.number("part.seconds", 60);
        Shape shape = new Shape(
                all.number("trees", 10),
                all.number("sample", 32),
                all.seconds("period.seconds", part),
                Duration.ofSeconds(part),
                all.number("warm-up-points", 1),
                all.seconds("accept.seconds", 1));
        if (!shape.period().equals(shape.part().multipliedBy(shape.parts()))) {
            throw new ConfigurationException("property group '" + group.name() + "': part.seconds is '" + part
                    + "', not a whole part of period.seconds, which is '" + all.text("period.seconds") + "'");
        }
        Policy policy = new Policy(
                shape,
                all.number("missing-intervals", 2),
                all.seconds("duplicates.seconds", 1).toMillis(),
                all.seconds("forget.seconds", 1).toMillis());
        return new Settings(
                all.seconds("out-of-orderness.seconds", 0),
                all.seconds("idle.seconds", 1),
                all.seconds("future.seconds", 0),
                names(all.text("metrics")),
                datasets,
                policy,
                all.number("series-in-memory", 1));
    }

    private static Set<String> names(String list) {
        return new TreeSet<>(Set.of(COMMA.split(list.strip())));
    }
}
