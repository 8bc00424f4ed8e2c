package weir.flink.sql;

import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.eventtime.WatermarkGenerator;
import org.apache.flink.api.common.eventtime.WatermarkGeneratorSupplier;
import org.apache.flink.api.common.eventtime.WatermarkOutput;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.Projection;
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
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.ErrorEncoder;
import weir.flink.streams.ErrorRecord;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.StreamConnector;
import weir.flink.streams.UserRecords;

/**
 * A stream that is read: watermarks of each shard, only the columns that are used, what is no row on {@code errors}.
 */
final class StreamTableSource implements ScanTableSource, SupportsWatermarkPushDown, SupportsProjectionPushDown {
    /** What identifies an event, and when it arrived. */
    private static final List<String> IDENTITY = List.of("event.id", "tenant", "event.ingested");

    private final StreamExecutionEnvironment job;
    private final StreamConnector connector;
    private final PropertyGroup stream;
    private final PropertyGroup errors;
    private final String step;
    private final Integer duplicates;
    private final DataType columns;
    private int[] used;
    private WatermarkStrategy<RowData> watermarks = WatermarkStrategy.noWatermarks();

    /** @param duplicates seconds for which an event that comes again is not given again; null: it is */
    StreamTableSource(
            StreamExecutionEnvironment job,
            StreamConnector connector,
            PropertyGroup stream,
            PropertyGroup errors,
            String step,
            Integer duplicates,
            DataType columns) {
        this.job = job;
        this.connector = connector;
        this.stream = stream;
        this.errors = errors;
        this.step = step;
        this.duplicates = duplicates;
        this.columns = columns;
        this.used = IntStream.range(0, DataType.getFieldCount(columns)).toArray();
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
    public void applyProjection(int[][] projected, DataType produced) {
        used = Stream.of(projected).mapToInt(path -> path[0]).toArray();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        int[] read = duplicates == null ? used : withIdentity();
        DataType rowsRead = Projection.of(read).project(columns);
        TypeInformation<RowData> type = context.createTypeInformation(rowsRead);
        TypeInformation<RowData> produced = context.createTypeInformation(Projection.of(used).project(columns));
        RowDecoder decoder = new RowDecoder(step, (RowType) rowsRead.getLogicalType(), type);
        WatermarkStrategy<Either<ErrorRecord, RowData>> ofRows = WatermarkStrategy.forGenerator(new OfRows(watermarks));
        OutputTag<ErrorRecord> refused = new OutputTag<>("errors", TypeInformation.of(ErrorRecord.class));
        return new DataStreamScanProvider() {
            @Override
            public DataStream<RowData> produceDataStream(
                    ProviderContext names, StreamExecutionEnvironment environment) {
                // Names of their own, so that a snapshot gives the place in the stream back to changed SQL.
                SingleOutputStreamOperator<RowData> rows = environment
                        .fromSource(connector.source(stream, new UserRecords<>(decoder)), ofRows, stream.name(), decoder.type())
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
                return duplicates == null ? rows : once(rows, read, produced);
            }

            @Override
            public boolean isBounded() {
                return false;
            }
        };
    }

    /** The columns that are used, in whose places the watermarks find them, and then those of IDENTITY that are not. */
    private int[] withIdentity() {
        IntStream identity = IDENTITY.stream().mapToInt(this::place);
        return IntStream.concat(IntStream.of(used), identity).distinct().toArray();
    }

    private int place(String column) {
        int place = DataType.getFieldNames(columns).indexOf(column);
        if (place < 0) {
            throw new ConfigurationException("the table of stream '" + stream.name()
                    + "' has duplicates.seconds, and no column `" + column + "` to know events by");
        }
        return place;
    }

    private DataStream<RowData> once(DataStream<RowData> rows, int[] read, TypeInformation<RowData> produced) {
        List<Integer> places = IntStream.of(read).boxed().toList();
        int[] identity = IDENTITY.stream().mapToInt(column -> places.indexOf(place(column))).toArray();
        Deduplicate.Columns known = new Deduplicate.Columns(identity[0], identity[1], identity[2]);
        return rows.keyBy(known, Types.LONG)
                .transform("once " + stream.name(), produced, new Deduplicate(known, duplicates, used.length))
                .uid("once-" + stream.name());
    }

    @Override
    public DynamicTableSource copy() {
        StreamTableSource copy = new StreamTableSource(job, connector, stream, errors, step, duplicates, columns);
        copy.watermarks = watermarks;
        copy.used = used;
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
}
