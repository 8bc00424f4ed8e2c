package weir.flink.sql;

import java.util.List;
import java.util.Map;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.connector.sink.abilities.SupportsPartitioning;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.StreamConnector;

/** A stream that is inserted into: a row is a JSON object, the columns of {@code PARTITIONED BY} its partition key. */
final class StreamTableSink implements DynamicTableSink, SupportsPartitioning {
    private final StreamConnector connector;
    private final PropertyGroup stream;
    private final DataType columns;
    private final List<String> key;

    StreamTableSink(StreamConnector connector, PropertyGroup stream, DataType columns, List<String> key) {
        this.connector = connector;
        this.stream = stream;
        this.columns = columns;
        this.key = key;
    }

    /** A result that could be taken back is no event: such a statement is refused when it is planned. */
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
        return ChangelogMode.insertOnly();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
        return SinkV2Provider.of(connector.sink(stream, new RowEncoder((RowType) columns.getLogicalType(), key)));
    }

    @Override
    public void applyStaticPartition(Map<String, String> partition) {
        // A constant of the statement is in its rows too.
    }

    @Override
    public DynamicTableSink copy() {
        return new StreamTableSink(connector, stream, columns, key);
    }

    @Override
    public String asSummaryString() {
        return "stream " + stream.name();
    }
}
