package weir.flink.anomalies;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import weir.flink.streams.BadEvent;
import weir.flink.streams.EventReader;

/** Events of devices that have at least one of the measures of their dataset. */
final class TelemetryReader implements EventReader<Point> {
    private static final long serialVersionUID = 1L;

    private final Set<String> datasets;
    private final long future;

    /**
     * @param datasets that are watched, of those in {@link Datasets#TELEMETRY}
     * @param future by how much {@code @timestamp} may be after {@code event.ingested} before that is the time of the
     *     point: one clock in the future would make the points of all other devices late
     */
    TelemetryReader(Set<String> datasets, Duration future) {
        this.datasets = Set.copyOf(datasets);
        this.future = future.toMillis();
    }

    @Override
    public Optional<Point> read(JsonNode event) throws BadEvent {
        String dataset = event.at("/event/dataset").asText();
        if (!datasets.contains(dataset)) {
            return Optional.empty();
        }
        List<Measure> measures = Datasets.TELEMETRY.get(dataset);
        double[] values = Fields.values(event, measures);
        if (Arrays.stream(values).allMatch(Double::isNaN)) {
            return Optional.empty();
        }
        Series series = new Series(
                Series.Kind.DEVICE,
                Fields.text(event, "/tenant"),
                dataset,
                Fields.text(event, "/device/id"),
                event.at("/machine/component").asText(""));
        long happened = Fields.time(event, "/@timestamp");
        long ingested = Fields.time(event, "/event/ingested");
        long time = happened > ingested + future ? ingested : happened;
        return Optional.of(new Point(series, Fields.text(event, "/event/id"), time, time, ingested, 0, values));
    }

    @Override
    public long timestamp(Point point) {
        return point.time();
    }

    @Override
    public TypeInformation<Point> type() {
        return TypeInformation.of(Point.class);
    }
}
