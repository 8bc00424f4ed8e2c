package weir.flink.anomalies;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;
import java.util.Set;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import weir.flink.streams.BadEvent;
import weir.flink.streams.EventReader;

/** Metric documents of services, of windows that follow on each other without overlapping. */
final class MetricReader implements EventReader<Point> {
    private static final long serialVersionUID = 1L;
    /** The dimension that makes several series of one service. */
    private static final String PART = "/weir/metric/dimensions/status_class";
    private static final String SECONDS = "/weir/metric/window_seconds";

    private final Set<String> names;

    /** @param names of the metrics that are watched */
    MetricReader(Set<String> names) {
        this.names = Set.copyOf(names);
    }

    @Override
    public Optional<Point> read(JsonNode event) throws BadEvent {
        if (!"weir.metric".equals(event.at("/event/dataset").textValue())) {
            return Optional.empty();
        }
        String name = Fields.text(event, "/weir/metric/name");
        if (!names.contains(name)) {
            return Optional.empty();
        }
        JsonNode seconds = event.at(SECONDS);
        if (!seconds.canConvertToExactIntegral() || seconds.longValue() < 1) {
            throw Fields.wrong(SECONDS, seconds, "a whole number of at least 1");
        }
        Series series = new Series(
                Series.Kind.SERVICE,
                Fields.text(event, "/tenant"),
                name,
                Fields.text(event, "/service/name"),
                event.at(PART).asText(""));
        return Optional.of(new Point(
                series,
                Fields.text(event, "/event/id"),
                Fields.time(event, "/@timestamp"),
                Fields.time(event, "/event/end"),
                Fields.time(event, "/event/ingested"),
                seconds.longValue() * 1000,
                Fields.values(event, Datasets.METRIC)));
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
