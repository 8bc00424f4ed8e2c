package weir.flink.sql;

import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The very statements of the application over generated JSON, with nothing kept of what they write: how many records a second.
 *
 * <p>Run in the cluster it is submitted to, or, started by itself, in this process with the parallelism of the second argument.
 */
public final class Bench {
    private Bench() {}

    /** @param arguments how many records, and where there is no cluster, on how many slots */
    public static void main(String[] arguments) throws Exception {
        long records = Long.parseLong(arguments[0]);
        StreamExecutionEnvironment environment = arguments.length > 1
                ? StreamExecutionEnvironment.createLocalEnvironment(Integer.parseInt(arguments[1]))
                : StreamExecutionEnvironment.getExecutionEnvironment();
        SqlApplication.define(environment, Settings.groups(), new ShardedStreams(traffic(records), null));
        JobExecutionResult result = environment.execute("bench " + SqlApplication.NAME);
        System.out.println(told(records, result.getNetRuntime()));
    }

    static Traffic traffic(long records) {
        int shards = 4;
        return new Traffic(shards, records / shards, 0.1, 100, 1_000);
    }

    /** The result as JSON. */
    static String told(long records, long millis) {
        return String.format(
                "{\"records\": %d, \"seconds\": %.1f, \"records_per_second\": %d, \"bytes_per_record\": %d}",
                records, millis / 1e3, records * 1_000 / millis, traffic(records).record(0, 1).length);
    }
}
