package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import weir.flink.streams.BadEvent;

class MetricReaderTest {
    private static final long START = 1_767_225_600_000L;
    private final MetricReader reader = new MetricReader(Set.of("service_1m"));
    private final ObjectNode metric = Documents.metric("checkout", START, 1200, 80);

    @Test
    void aMetricIsAPointAtTheEndOfItsWindow() throws BadEvent {
        Point point = reader.read(metric).orElseThrow();
        assertThat(point.series()).isEqualTo(new Series(Series.Kind.SERVICE, "shop", "service_1m", "checkout", ""));
        assertThat(point.id()).isEqualTo("checkout-" + START);
        assertThat(point.happened()).isEqualTo(START);
        assertThat(reader.timestamp(point)).isEqualTo(START + 60_000);
        assertThat(point.interval()).isEqualTo(60_000);
        assertThat(point.values()).containsExactly(1200, 0.01, 80, 160, 240);
    }

    @Test
    void aMetricOfAStatusClassIsASeriesOfItsOwn() throws BadEvent {
        metric.withObject("/weir/metric/dimensions").put("status_class", "5xx");
        assertThat(reader.read(metric).orElseThrow().series().part()).isEqualTo("5xx");
    }

    @Test
    void latenciesOfAServiceThatHasNoneAreMissing() throws BadEvent {
        metric.withObject("/weir/metric").remove(List.of("p50_ms", "p95_ms", "p99_ms"));
        assertThat(reader.read(metric).orElseThrow().values()).containsExactly(1200, 0.01, Double.NaN, Double.NaN, Double.NaN);
    }

    @Test
    void otherMetricsAndEventsAreNotLookedAt() throws BadEvent {
        metric.withObject("/weir/metric").put("name", "talkers_1m");
        assertThat(reader.read(metric)).isEmpty();
        assertThat(reader.read(Documents.measurement("m-1", START, 60))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/weir/metric/count, many, weir.metric.count is '\"many\"' where a number is wanted",
        "/weir/metric/window_seconds, 60 s, weir.metric.window_seconds is '\"60 s\"' where a whole number of at least 1 is wanted",
        "/service/name, '', service.name is '\"\"' where text is wanted",
        "/event/end, noon, event.end is no time: 'noon'",
    })
    void aWrongFieldIsNamed(String path, String value, String said) {
        int last = path.lastIndexOf('/');
        metric.withObject(path.substring(0, last)).put(path.substring(last + 1), value);
        assertThatThrownBy(() -> reader.read(metric)).isInstanceOf(BadEvent.class).hasMessage(said);
    }

    @Test
    void aMissingFieldIsNamed() {
        metric.remove("tenant");
        assertThatThrownBy(() -> reader.read(metric)).isInstanceOf(BadEvent.class).hasMessage("tenant is missing");
    }
}
