package weir.flink.sql;

import java.util.HashMap;
import java.util.Map;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.PropertyGroups;

/** Property groups as they are deployed. */
final class Settings {
    static final Map<String, String> APPLICATION = Map.of(
            "out-of-orderness.seconds", "2",
            "future.seconds", "60",
            "idle.seconds", "10",
            "duplicates.seconds", "120",
            "baseline.windows", "60",
            "baseline.least-windows", "12",
            "spike.deviations", "4",
            "spike.least-events", "20",
            "talkers.count", "10");

    private Settings() {}

    static PropertyGroups groups(PropertyGroup... more) {
        Map<String, PropertyGroup> groups = new HashMap<>();
        for (String stream : new String[] {"events", "metrics", "findings", "errors"}) {
            groups.put(stream, new PropertyGroup(stream, Map.of(
                    "stream.arn", "arn:aws:kinesis:eu-central-1:111122223333:stream/" + stream, "aws.region", "eu-central-1")));
        }
        groups.put("application", new PropertyGroup("application", APPLICATION));
        groups.put("master", new PropertyGroup("master", Map.of(
                "table.name", "master-data", "aws.region", "eu-central-1", "refresh.seconds", "300",
                // Nothing listens there: what cannot be read leaves rows as they are.
                "aws.endpoint", "http://127.0.0.1:9")));
        for (PropertyGroup group : more) {
            groups.put(group.name(), group);
        }
        return PropertyGroups.of(groups.values().toArray(PropertyGroup[]::new));
    }
}
