package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

class SettingsTest {
    @Test
    void whatIsNotSetHasItsDefault() {
        Settings settings = Settings.of(new PropertyGroup("application", Map.of("metrics", "service_1m, service_10s")));
        assertThat(settings.metrics()).containsExactly("service_10s", "service_1m");
        assertThat(settings.datasets()).containsExactly("iot.telemetry", "machine.measurement");
        assertThat(settings.outOfOrder()).isEqualTo(Duration.ofSeconds(2));
        assertThat(settings.seriesInMemory()).isEqualTo(2000);
        assertThat(settings.policy()).isEqualTo(new Policy(
                new Shape(30, 128, Duration.ofDays(1), Duration.ofMinutes(30), 100, Duration.ofDays(1)), 5, 600_000, 604_800_000));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "tree|30|no such key: [tree]",
        "trees|many|trees is 'many', not a whole number of at least 10",
        "part.seconds|1000|part.seconds is '1000', not a whole part of period.seconds, which is '86400'",
        "datasets|machine.measurements|datasets is 'machine.measurements', not of [iot.telemetry, machine.measurement]",
    })
    void whatIsWrongIsNamed(String key, String value, String said) {
        assertThatThrownBy(() -> Settings.of(new PropertyGroup("application", Map.of(key, value))))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("property group 'application': " + said);
    }
}
