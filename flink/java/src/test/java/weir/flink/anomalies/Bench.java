package weir.flink.anomalies;

import com.amazon.randomcutforest.RandomCutForest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import weir.flink.streams.Finding;
import weir.flink.streams.PropertyGroup;

/**
 * {@code Bench POINTS [KEYS]}: points a second of the operator, in a job of two tasks with checkpoints, under the
 * default settings; beside it the floor, which is the forests alone, one thread that has them score and learn the same
 * points.
 */
public final class Bench {
    private static final Settings SETTINGS = Settings.of(new PropertyGroup("application", Map.of()));
    private static final Policy POLICY = SETTINGS.policy();
    private static final int TASKS = 2;
    private static final int USUAL_KEYS = 200;
    /** Both compilers have done their work after these. */
    private static final long WARM_UP_POINTS = 50_000;
    private static final long CHECKPOINT_MILLISECONDS = 10_000;
    private static final int MEASURES = Datasets.TELEMETRY.get("machine.measurement").size();

    private Bench() {}

    public static void main(String[] arguments) throws Exception {
        long points = Long.parseLong(arguments[0]);
        int keys = arguments.length > 1 ? Integer.parseInt(arguments[1]) : USUAL_KEYS;
        long heap = heap();
        long warmUp = Math.min(points, WARM_UP_POINTS);
        operator(warmUp, keys);
        long done = operator(points, keys);
        forests(warmUp, keys);
        long floor = forests(points, keys);
        System.out.printf(
                "{\"points\": %d, \"series\": %d, \"points_per_second\": %d, \"floor_per_second\": %d, "
                        + "\"heap_bytes_per_series\": %d, \"state_bytes_per_series\": %d}%n",
                points, keys, done, floor, heap, state());
    }

    private static long operator(long points, int keys) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(options());
        environment.setParallelism(TASKS);
        environment.enableCheckpointing(CHECKPOINT_MILLISECONDS);
        environment.fromSequence(0, points - 1)
                .setParallelism(1)
                .map(number -> point(number, keys))
                .returns(TypeInformation.of(Point.class))
                .setParallelism(1)
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Point>forMonotonousTimestamps()
                        .withTimestampAssigner((point, unknown) -> point.time()))
                .setParallelism(1)
                .keyBy(Point::key, Types.STRING)
                .transform("score", TypeInformation.of(Finding.class), new ScoreOperator(POLICY, SETTINGS.seriesInMemory()))
                .sinkTo(new DiscardingSink<>());
        return perSecond(points, environment.execute().getNetRuntime());
    }

    /**
     * Checkpoints in files, being too large for the memory of a JobManager; a failure ends the job, which otherwise
     * starts over.
     */
    private static Configuration options() throws IOException {
        Configuration options = new Configuration();
        options.set(RestartStrategyOptions.RESTART_STRATEGY, "disable");
        options.set(CheckpointingOptions.CHECKPOINT_STORAGE, "filesystem");
        Path directory = Files.createTempDirectory("weir-bench");
        directory.toFile().deleteOnExit(); // Empty by then: the job that ends well deletes its checkpoints.
        options.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, directory.toUri().toString());
        return options;
    }

    private static long forests(long points, int keys) {
        List<RandomCutForest> forests = new ArrayList<>();
        for (int key = 0; key < keys; key++) {
            forests.add(RandomCutForest.builder()
                    .dimensions(MEASURES)
                    .numberOfTrees(POLICY.shape().trees())
                    .sampleSize(POLICY.shape().sample())
                    .randomSeed(key)
                    .build());
        }
        long start = System.nanoTime();
        float[] values = new float[MEASURES];
        for (long number = 0; number < points; number++) {
            Point point = point(number, keys);
            for (int at = 0; at < values.length; at++) {
                values[at] = (float) point.values()[at];
            }
            RandomCutForest forest = forests.get((int) (number % keys));
            forest.getAnomalyScore(values);
            forest.update(values);
        }
        return perSecond(points, (System.nanoTime() - start) / 1_000_000);
    }

    private static long perSecond(long points, long milliseconds) {
        return points * 1_000 / Math.max(1, milliseconds);
    }

    /** Of each series one a second, as from a machine that runs. */
    private static Point point(long number, int keys) {
        int key = (int) (number % keys);
        long time = number / keys * 1_000;
        Random random = new Random(number);
        double[] values = new double[MEASURES];
        for (int at = 0; at < values.length; at++) {
            values[at] = 50 + random.nextGaussian();
        }
        return new Point(Machines.series("m-" + key), key + "@" + time, time, time, time, 0, values);
    }

    private static long heap() {
        int count = 100;
        long before = used();
        List<SeriesState> kept = new ArrayList<>();
        for (int key = 0; key < count; key++) {
            kept.add(full());
        }
        return (used() - before) / kept.size();
    }

    private static int state() throws Exception {
        DataOutputSerializer bytes = new DataOutputSerializer(1 << 17);
        full().write(bytes);
        return bytes.length();
    }

    /** A series whose forest is. */
    private static SeriesState full() {
        SeriesState series = new SeriesState(Machines.series("m-0"), POLICY);
        for (int number = 0; number < 2_000; number++) {
            Point point = point(number, 1);
            series.offer(point);
            series.score(point.time(), anomaly -> {});
        }
        return series;
    }

    private static long used() {
        for (int round = 0; round < 3; round++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
