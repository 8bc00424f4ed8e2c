package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import weir.flink.streams.BadEvent;

class TelemetryReaderTest {
    private static final long TIME = 1_767_225_600_000L;
    private final TelemetryReader reader =
            new TelemetryReader(Set.of("machine.measurement", "iot.telemetry"), Duration.ofSeconds(5));
    private final ObjectNode event = Documents.measurement("m-1", TIME, 71.5);

    @Test
    void aMeasurementIsAPointOfAComponentWithTheMeasuresItHas() throws BadEvent {
        Point point = reader.read(event).orElseThrow();
        double none = Double.NaN;
        assertThat(point.series()).isEqualTo(new Series(Series.Kind.DEVICE, "plant", "machine.measurement", "m-1", "spindle"));
        assertThat(point.values()).containsExactly(none, 71.5, 1480, none, none, none);
        assertThat(reader.timestamp(point)).isEqualTo(TIME);
        assertThat(point.ingested()).isEqualTo(TIME + 700);
        assertThat(point.interval()).isZero();
    }

    @Test
    void telemetryOfDevicesHasItsOwnMeasures() throws BadEvent {
        event.withObject("/event").put("dataset", "iot.telemetry");
        event.remove("machine");
        event.putObject("iot").put("temperature", -3.5).put("battery", 96);
        assertThat(reader.read(event).orElseThrow().values()).containsExactly(-3.5, Double.NaN, Double.NaN, 96, Double.NaN);
    }

    @Test
    void aTimeInTheFutureIsTheTimeOfArrival() throws BadEvent {
        event.put("@timestamp", "2099-01-01T00:00:00.000Z");
        assertThat(reader.timestamp(reader.read(event).orElseThrow())).isEqualTo(TIME + 700);
    }

    @Test
    void aTimeALittleAheadIsTheTime() throws BadEvent {
        event.withObject("/event").put("ingested", "2025-12-31T23:59:55.000Z");
        assertThat(reader.timestamp(reader.read(event).orElseThrow())).isEqualTo(TIME);
        event.withObject("/event").put("ingested", "2025-12-31T23:59:54.999Z");
        assertThat(reader.timestamp(reader.read(event).orElseThrow())).isEqualTo(TIME - 5_001);
    }

    @Test
    void eventsWithoutMeasuresAndOtherDatasetsAreNotLookedAt() throws BadEvent {
        event.withObject("/machine").remove(Set.of("temperature_c", "rotation_rpm"));
        assertThat(reader.read(event)).isEmpty();
        event.withObject("/event").put("dataset", "aws.cloudtrail");
        event.remove("device");
        assertThat(reader.read(event)).isEmpty();
    }

    @Test
    void aMeasureThatIsNoNumberIsNamed() {
        event.withObject("/machine").put("temperature_c", "hot");
        assertThatThrownBy(() -> reader.read(event))
                .isInstanceOf(BadEvent.class)
                .hasMessage("machine.temperature_c is '\"hot\"' where a number is wanted");
    }
}
