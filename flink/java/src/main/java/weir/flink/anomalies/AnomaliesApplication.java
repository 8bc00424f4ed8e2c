package weir.flink.anomalies;

import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import weir.flink.streams.ErrorEncoder;
import weir.flink.streams.Events;
import weir.flink.streams.Finding;
import weir.flink.streams.FindingEncoder;
import weir.flink.streams.PropertyGroups;
import weir.flink.streams.StreamConnector;

/** Anomalies of services and machines, from metrics and telemetry to findings. */
public final class AnomaliesApplication {
    private static final Logger LOG = LoggerFactory.getLogger(AnomaliesApplication.class);

    private AnomaliesApplication() {}

    public static void main(String[] arguments) throws Exception {
        PropertyGroups groups = PropertyGroups.load(arguments);
        StreamConnector connector = StreamConnector.installed();
        LOG.info("streams are read and written by {}", connector.description());
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        build(environment, connector, groups);
        environment.execute(FindingDocument.APPLICATION);
    }

    /**
     * metrics ─► score metrics ─┬─► findings
     * events ─► score telemetry ┘
     *
     * <p>The two are apart because a metric comes a window later than what happened in it: one watermark for both would
     * hold the telemetry back for as long.
     */
    static void build(StreamExecutionEnvironment environment, StreamConnector connector, PropertyGroups groups) {
        Settings settings = Settings.of(groups.group("application"));
        Events<Point> metrics = Events.of(
                environment,
                connector,
                groups.group("metrics"),
                FindingDocument.APPLICATION,
                new MetricReader(settings.metrics()),
                settings.outOfOrder(),
                settings.idle());
        Events<Point> telemetry = Events.of(
                environment,
                connector,
                groups.group("events"),
                FindingDocument.APPLICATION,
                new TelemetryReader(settings.datasets(), settings.future()),
                settings.outOfOrder(),
                settings.idle());
        scored("metrics", metrics.read(), settings)
                .union(scored("telemetry", telemetry.read(), settings))
                .sinkTo(connector.sink(groups.group("findings"), new FindingEncoder()))
                .uid("write-findings")
                .name("findings");
        metrics.errors()
                .union(telemetry.errors())
                .sinkTo(connector.sink(groups.group("errors"), new ErrorEncoder()))
                .uid("write-errors")
                .name("errors");
    }

    private static DataStream<Finding> scored(String name, DataStream<Point> points, Settings settings) {
        return points.keyBy(Point::key, Types.STRING)
                .transform(
                        "score " + name,
                        TypeInformation.of(Finding.class),
                        new ScoreOperator(settings.policy(), settings.seriesInMemory()))
                .uid("score-" + name);
    }
}
