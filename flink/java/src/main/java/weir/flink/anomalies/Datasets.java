package weir.flink.anomalies;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The measures of the series that are watched. */
final class Datasets {
    /** Of a metric document of a service. */
    static final List<Measure> METRIC = List.of(
            new Measure("count", "/weir/metric/count", Measure.Scale.PROPORTION),
            new Measure("error_rate", "/weir/metric/error_rate", Measure.Scale.RATE),
            new Measure("p50_ms", "/weir/metric/p50_ms", Measure.Scale.PROPORTION),
            new Measure("p95_ms", "/weir/metric/p95_ms", Measure.Scale.PROPORTION),
            new Measure("p99_ms", "/weir/metric/p99_ms", Measure.Scale.PROPORTION));

    /**
     * Of telemetry, by {@code event.dataset}. A device that has not all of them has a constant 0 in the others' place:
     * no tree cuts there, so that one vector does for every device, whatever it begins to send later.
     */
    static final Map<String, List<Measure>> TELEMETRY = Map.of(
            "machine.measurement",
            linear("machine", "vibration_mm_s", "temperature_c", "rotation_rpm", "pressure_bar", "voltage_v", "current_a"),
            "iot.telemetry",
            linear("iot", "temperature", "humidity", "pressure", "battery", "signal"));

    private Datasets() {}

    static List<Measure> of(Series series) {
        return series.kind() == Series.Kind.SERVICE ? METRIC : TELEMETRY.get(series.name());
    }

    private static List<Measure> linear(String object, String... names) {
        return Stream.of(names)
                .map(name -> new Measure(name, "/" + object + "/" + name, Measure.Scale.LINEAR))
                .toList();
    }
}
