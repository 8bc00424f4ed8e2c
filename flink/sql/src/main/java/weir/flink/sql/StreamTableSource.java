package weir.flink.sql;

import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.ProviderContext;
import org.apache.flink.table.connector.source.DataStreamScanProvider;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsWatermarkPushDown;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import org.apache.flink.util.OutputTag;
import weir.flink.streams.ErrorRecord;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;

/**
 * A stream that is read: watermarks of each shard, only the columns that are used, what is no row on {@code errors}.
 */
final class StreamTableSource implements ScanTableSource, SupportsWatermarkPushDown, SupportsProjectionPushDown {
    private final StreamExecutionEnvironment job;
    private final StreamConnector connector;
    private final PropertyGroup stream;
    private final PropertyGroup errors;
    private final String step;
    private DataType columns;
    private WatermarkStrategy<RowData> watermarks = WatermarkStrategy.noWatermarks();

    StreamTableSource(
            StreamExecutionEnvironment job,
            StreamConnector connector,
            PropertyGroup stream,
            PropertyGroup errors,
            String step,
            DataType columns) {
        this.job = job;
        this.connector = connector;
        this.stream = stream;
        this.errors = errors;
        this.step = step;
        this.columns = columns;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    @Override
    public void applyWatermark(WatermarkStrategy<RowData> pushed) {
        watermarks = pushed;
    }

    @Override
    public boolean supportsNestedProjection() {
        return false;
    }

    @Override
    public void applyProjection(int[][] projected, DataType used) {
        columns = used;
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        TypeInformation<RowData> type = context.createTypeInformation(columns);
        RowDecoder decoder = new RowDecoder(step, (RowType) columns.getLogicalType(), type);
        WatermarkStrategy<Either<ErrorRecord, RowData>> ofRows = WatermarkStrategy.forGenerator(new OfRows(watermarks));
        OutputTag<ErrorRecord> refused = new OutputTag<>("errors", TypeInformation.of(ErrorRecord.class));
        return new DataStreamScanProvider() {
            @Override
            public DataStream<RowData> produceDataStream(
                    ProviderContext names, StreamExecutionEnvironment environment) {
                // Names of their own, so that a snapshot gives the place in the stream back to changed SQL.
                SingleOutputStreamOperator<RowData> rows = environment
                        .fromSource(connector.source(stream, decoder), ofRows, stream.name(), decoder.type())
                        .uid("read-" + stream.name())
                        .process(new Split(refused))
                        .returns(type)
                        .uid("split-" + stream.name())
                        .name("split " + stream.name());
                // The planner translates in an environment of its own, of which it keeps what leads to tables.
                new DataStream<>(job, rows.getSideOutput(refused).getTransformation())
                        .sinkTo(connector.sink(errors, new ErrorEncoder()))
                        .uid("write-" + errors.name() + "-of-" + stream.name())
                        .name(errors.name());
                return rows;
            }

            @Override
            public boolean isBounded() {
                return false;
            }
        };
    }

    @Override
    public DynamicTableSource copy() {
        StreamTableSource copy = new StreamTableSource(job, connector, stream, errors, step, columns);
        copy.watermarks = watermarks;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "stream " + stream.name();
    }

    /** The watermarks of the rows among rows and errors: an error has no time. */
    private record OfRows(WatermarkStrategy<RowData> rows)
            implements WatermarkGeneratorSupplier<Either<ErrorRecord, RowData>> {
        @Override
        public WatermarkGenerator<Either<ErrorRecord, RowData>> createWatermarkGenerator(Context context) {
            WatermarkGenerator<RowData> generator = rows.createWatermarkGenerator(context);
            return new WatermarkGenerator<>() {
                @Override
                public void onEvent(Either<ErrorRecord, RowData> record, long timestamp, WatermarkOutput output) {
                    if (record.isRight()) {
                        generator.onEvent(record.right(), timestamp, output);
                    }
                }

                @Override
                public void onPeriodicEmit(WatermarkOutput output) {
                    generator.onPeriodicEmit(output);
                }
            };
        }
    }

    private static final class Split extends ProcessFunction<Either<ErrorRecord, RowData>, RowData> {
        private static final long serialVersionUID = 1L;

        private final OutputTag<ErrorRecord> errors;

        Split(OutputTag<ErrorRecord> errors) {
            this.errors = errors;
        }

        @Override
        public void processElement(Either<ErrorRecord, RowData> record, Context context, Collector<RowData> out) {
            if (record.isRight()) {
                out.collect(record.right());
            } else {
                context.output(errors, record.left());
            }
        }
    }

    private static final class ErrorEncoder implements RecordEncoder<ErrorRecord> {
        private static final long serialVersionUID = 1L;

        @Override
        public byte[] data(ErrorRecord error) {
            return error.body();
        }

        @Override
        public String partitionKey(ErrorRecord error) {
            return error.id();
        }
    }
}
