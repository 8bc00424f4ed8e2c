package weir.flink.sql;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Map;
import org.apache.flink.api.common.JobExecutionResult;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.flink.util.Collector;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.StreamRecord;

/** The floor of {@link Bench}: its records, made and decoded as JSON, and nothing else. */
public final class BenchFloor {
    private BenchFloor() {}

    /** @param arguments how many records */
    public static void main(String[] arguments) throws Exception {
        long records = Long.parseLong(arguments[0]);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        environment.getConfig().enableObjectReuse();
        environment
                .fromSource(
                        new ShardedStreams(Bench.traffic(records), null).source(new PropertyGroup("events", Map.of()), new Fields()),
                        WatermarkStrategy.noWatermarks(),
                        "events")
                .sinkTo(new DiscardingSink<>());
        JobExecutionResult result = environment.execute("floor of " + SqlApplication.NAME);
        System.out.println(Bench.told(records, result.getNetRuntime()));
    }

    /** How many fields an event has, at the top. */
    private static final class Fields implements RecordDecoder<Integer> {
        private static final ObjectMapper JSON = new ObjectMapper();

        @Override
        public void decode(StreamRecord record, Collector<Integer> out) {
            try {
                out.collect(JSON.readTree(record.data()).size());
            } catch (IOException error) { // one of the bad ones
                out.collect(0);
            }
        }

        @Override
        public TypeInformation<Integer> type() {
            return Types.INT;
        }
    }
}
