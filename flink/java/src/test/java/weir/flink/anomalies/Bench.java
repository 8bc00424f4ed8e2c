package weir.flink.anomalies;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.streaming.api.environment.LocalStreamEnvironment;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import weir.flink.streams.Finding;
import weir.flink.streams.PropertyGroup;

/**
 * {@code Bench [KEYS [POINTS]]}: points a second through a job of two tasks, with checkpoints, and what a series takes.
 *
 * <p>Points a second of the clock are what the machine gave at that time; by CPU time, two cores that do nothing else would do more.
 */
final class Bench {
    private static final Policy POLICY = Settings.of(new PropertyGroup("application", Map.of())).policy();
    private static final int TASKS = 2;
    private static final long CHECKPOINT_MILLISECONDS = 10_000;

    private Bench() {}

    public static void main(String[] arguments) throws Exception {
        int keys = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
        int points = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 2000;
        series();
        run(keys, points / 10); // warm
        run(keys, points);
    }

    private static void run(int keys, int points) throws Exception {
        OperatingSystemMXBean system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        LocalStreamEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(TASKS);
        environment.enableCheckpointing(CHECKPOINT_MILLISECONDS);
        long all = (long) keys * points;
        environment.fromSequence(0, all - 1)
                .setParallelism(1)
                .map(number -> point((int) (number % keys), number / keys))
                .returns(TypeInformation.of(Point.class))
                .setParallelism(1)
                .assignTimestampsAndWatermarks(WatermarkStrategy.<Point>forMonotonousTimestamps()
                        .withTimestampAssigner((point, unknown) -> point.time()))
                .setParallelism(1)
                .keyBy(Point::key, Types.STRING)
                .transform("score", TypeInformation.of(Finding.class), new ScoreOperator(POLICY, keys))
                .sinkTo(new DiscardingSink<>());
        long cpu = system.getProcessCpuTime();
        long start = System.nanoTime();
        environment.execute();
        double seconds = (System.nanoTime() - start) / 1e9;
        double cpuSeconds = (system.getProcessCpuTime() - cpu) / 1e9;
        System.out.printf(
                "%d series of %d points: %.0f points/s in %.1f s; %.1f us of CPU a point, so %.0f points/s of two whole cores%n",
                keys, points, all / seconds, seconds, cpuSeconds / all * 1e6, TASKS * all / cpuSeconds);
    }

    private static Point point(int key, long number) {
        Random random = new Random(number * 31 + key);
        double[] values = new double[6];
        for (int at = 0; at < values.length; at++) {
            values[at] = 50 + random.nextGaussian();
        }
        long time = number * 1000;
        return new Point(Machines.series("m-" + key), key + "@" + number, time, time, time, 0, values);
    }

    /** Heap and state of a series whose forest is full, and how long it takes to write and read. */
    private static void series() throws Exception {
        int count = 100;
        List<SeriesState> kept = new ArrayList<>();
        long before = heap();
        for (int key = 0; key < count; key++) {
            SeriesState series = new SeriesState(Machines.series("m-" + key), POLICY);
            for (int number = 0; number < 2000; number++) {
                Point point = point(key, number);
                series.offer(point);
                series.score(point.time(), anomaly -> {});
            }
            kept.add(series);
        }
        long heap = (heap() - before) / count;
        long start = System.nanoTime();
        List<byte[]> written = new ArrayList<>();
        for (SeriesState series : kept) {
            DataOutputSerializer bytes = new DataOutputSerializer(1 << 17);
            series.write(bytes);
            written.add(bytes.getCopyOfBuffer());
        }
        long write = System.nanoTime() - start;
        start = System.nanoTime();
        for (byte[] bytes : written) {
            SeriesState.read(new DataInputDeserializer(bytes), POLICY).orElseThrow();
        }
        long read = System.nanoTime() - start;
        System.out.printf(
                "a series: %d kB of heap, %d kB of state; written in %.2f ms, read in %.2f ms%n",
                heap / 1000,
                written.stream().mapToInt(bytes -> bytes.length).sum() / count / 1000,
                write / 1e6 / count,
                read / 1e6 / count);
    }

    private static long heap() {
        for (int round = 0; round < 3; round++) {
            System.gc();
        }
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
