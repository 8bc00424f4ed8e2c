package weir.flink.streams;

import java.io.Serializable;
import java.time.Duration;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** One property group of the application: what is deployed as {@code PropertyGroupId} and {@code PropertyMap}. */
public final class PropertyGroup implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String name;
    private final TreeMap<String, String> values;

    public PropertyGroup(String name, Map<String, String> values) {
        this.name = name;
        this.values = new TreeMap<>(values);
    }

    public String name() {
        return name;
    }

    public Map<String, String> values() {
        return Collections.unmodifiableMap(values);
    }

    /** @throws ConfigurationException where the key is missing or blank */
    public String text(String key) {
        return optional(key).orElseThrow(() -> new ConfigurationException(
                "property group '" + name + "': key '" + key + "' is missing; it has " + values.keySet()));
    }

    public Optional<String> optional(String key) {
        return Optional.ofNullable(values.get(key)).filter(value -> !value.isBlank());
    }

    /** @throws ConfigurationException where the key is missing, no whole number, or below {@code least} */
    public int number(String key, int least) {
        String text = text(key);
        try {
            int number = Integer.parseInt(text);
            if (number >= least) {
                return number;
            }
        } catch (NumberFormatException none) {
            // Said below, with the bound.
        }
        throw wrong(key, text, "a whole number of at least " + least);
    }

    /** @throws ConfigurationException where the key is missing, no number, or outside {@code least} to {@code most} */
    public double decimal(String key, double least, double most) {
        String text = text(key);
        try {
            double number = Double.parseDouble(text);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (NumberFormatException none) {
            // Said below, with the bounds.
        }
        throw wrong(key, text, "a number from " + least + " to " + most);
    }

    /** A duration given in whole seconds. */
    public Duration seconds(String key, int least) {
        return Duration.ofSeconds(number(key, least));
    }

    private ConfigurationException wrong(String key, String text, String wanted) {
        return new ConfigurationException("property group '" + name + "': " + key + " is '" + text + "', not " + wanted);
    }
}
