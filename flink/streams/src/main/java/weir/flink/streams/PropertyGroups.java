package weir.flink.streams;

import com.amazonaws.services.kinesisanalytics.runtime.KinesisAnalyticsRuntime;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The property groups an application is deployed with, in the one form they have on AWS and in the local run. */
public final class PropertyGroups {
    /** The argument before the path of a file of property groups, where it is not the service's own. */
    public static final String FILE_ARGUMENT = "--properties";

    private final TreeMap<String, PropertyGroup> groups;

    private PropertyGroups(TreeMap<String, PropertyGroup> groups) {
        this.groups = groups;
    }

    /**
     * Of the file named by {@code --properties FILE}, or of the service's own.
     *
     * @throws ConfigurationException where there is no such file, or it is not a list of property groups
     */
    public static PropertyGroups load(String... arguments) {
        if (arguments.length == 2 && arguments[0].equals(FILE_ARGUMENT)) {
            return read(arguments[1]);
        }
        if (arguments.length != 0) {
            throw new ConfigurationException(
                    "arguments " + String.join(" ", arguments) + ": none are taken but " + FILE_ARGUMENT + " FILE");
        }
        return ofService();
    }

    private static PropertyGroups ofService() {
        try {
            return of(KinesisAnalyticsRuntime.getApplicationProperties());
        } catch (IOException error) {
            throw new ConfigurationException("the service's property groups cannot be read: " + error.getMessage(), error);
        }
    }

    private static PropertyGroups read(String file) {
        try {
            return of(KinesisAnalyticsRuntime.getApplicationProperties(file));
        } catch (IOException | RuntimeException error) {
            throw new ConfigurationException(
                    file + ": no list of {\"PropertyGroupId\": …, \"PropertyMap\": {…}}: " + error.getMessage(), error);
        }
    }

    private static PropertyGroups of(Map<String, Properties> read) {
        return of(read.entrySet().stream()
                .map(group -> new PropertyGroup(
                        group.getKey(),
                        group.getValue().stringPropertyNames().stream()
                                .collect(Collectors.toMap(key -> key, group.getValue()::getProperty))))
                .toArray(PropertyGroup[]::new));
    }

    public static PropertyGroups of(PropertyGroup... groups) {
        TreeMap<String, PropertyGroup> named = new TreeMap<>();
        for (PropertyGroup group : groups) {
            named.put(group.name(), group);
        }
        return new PropertyGroups(named);
    }

    /** @throws ConfigurationException where there is none of this name */
    public PropertyGroup group(String name) {
        return optional(name).orElseThrow(() -> new ConfigurationException(
                "property group '" + name + "' is missing; the application has " + groups.keySet()));
    }

    public Optional<PropertyGroup> optional(String name) {
        return Optional.ofNullable(groups.get(name));
    }
}
