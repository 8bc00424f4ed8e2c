package weir.flink.streams;

import java.time.Duration;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;

/**
 * A stream of events as an application reads it.
 *
 * @param read what it takes of them, with event time and watermarks
 * @param errors what it could not use
 */
public record Events<T>(DataStream<T> read, DataStream<ErrorRecord> errors) {
    /** A bad record has no time; this one never moves a watermark. */
    private static final long NO_TIME = Long.MIN_VALUE;

    /**
     * @param application its name, which makes the step of its error records
     * @param outOfOrder by how much events of one shard may come after later ones
     * @param idle after how long without events a shard holds up the others no more
     */
    public static <T> Events<T> of(
            StreamExecutionEnvironment environment,
            StreamConnector connector,
            PropertyGroup stream,
            String application,
            EventReader<T> reader,
            Duration outOfOrder,
            Duration idle) {
        EventDecoder<T> decoder = new EventDecoder<>("flink-" + application, reader);
        WatermarkStrategy<Either<ErrorRecord, T>> watermarks = WatermarkStrategy
                .<Either<ErrorRecord, T>>forBoundedOutOfOrderness(outOfOrder)
                .withTimestampAssigner((record, arrival) -> record.isRight() ? reader.timestamp(record.right()) : NO_TIME)
                .withIdleness(idle);
        OutputTag<ErrorRecord> errors = new OutputTag<>("errors", TypeInformation.of(ErrorRecord.class));
        SingleOutputStreamOperator<T> read = environment
                .fromSource(connector.source(stream, new UserRecords<>(decoder)), watermarks, stream.name(), decoder.type())
                .uid("read-" + stream.name())
                .process(new Split<T>(errors))
                .returns(reader.type())
                .uid("split-" + stream.name())
                .name("split " + stream.name());
        return new Events<>(read, read.getSideOutput(errors));
    }

    private static final class Split<T> extends ProcessFunction<Either<ErrorRecord, T>, T> {
        private static final long serialVersionUID = 1L;

        private final OutputTag<ErrorRecord> errors;

        Split(OutputTag<ErrorRecord> errors) {
            this.errors = errors;
        }

        @Override
        public void processElement(Either<ErrorRecord, T> record, Context context, Collector<T> out) {
            if (record.isRight()) {
                out.collect(record.right());
            } else {
                context.output(errors, record.left());
            }
        }
    }
}
