package weir.flink.sql;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.functions.FunctionContext;
import org.apache.flink.table.functions.LookupFunction;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.RowType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.AttributeValue;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/**
 * Holds all items of a kind in memory, and reads them again each {@code refresh.seconds} beside the rows.
 *
 * <p>None of it stops the job, as in {@code common.enrichment}: what cannot be read leaves in force what was read last,
 * and an item with a value that is not of its column's type is left out. Both are logged, and counted in
 * {@code masterDataFailures} and {@code masterDataRefused}.
 */
public final class MasterLookup extends LookupFunction {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(MasterLookup.class);

    private final PropertyGroup master;
    private final String kind;
    private final RowType columns;
    private final String table;
    private final int refreshSeconds;
    private transient volatile Map<String, RowData> items;
    private transient DynamoDbClient client;
    private transient ScheduledExecutorService refresh;
    private transient Counter failures;
    private transient Counter refused;

    MasterLookup(PropertyGroup master, String kind, RowType columns) {
        this.master = master;
        this.kind = kind;
        this.columns = columns;
        this.refreshSeconds = master.number("refresh.seconds", 1);
        this.table = master.text("table.name");
        master.text("aws.region");
        columns.getFields().forEach(MasterLookup::readable);
    }

    @Override
    public void open(FunctionContext context) {
        failures = context.getMetricGroup().counter("masterDataFailures");
        refused = context.getMetricGroup().counter("masterDataRefused");
        items = Map.of();
        client = DynamoDb.client(master);
        read();
        refresh = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "master data of kind " + kind);
            thread.setDaemon(true);
            return thread;
        });
        refresh.scheduleWithFixedDelay(this::read, refreshSeconds, refreshSeconds, TimeUnit.SECONDS);
    }

    @Override
    public Collection<RowData> lookup(RowData key) {
        RowData item = items.get(key.getString(0).toString());
        return item == null ? List.of() : List.of(item);
    }

    private void read() {
        try {
            Map<String, RowData> found = new HashMap<>();
            client.queryPaginator(query -> query
                            .tableName(table)
                            .keyConditionExpression("#kind = :kind")
                            .expressionAttributeNames(Map.of("#kind", "kind"))
                            .expressionAttributeValues(Map.of(":kind", AttributeValue.fromS(kind))))
                    .items()
                    .forEach(item -> add(found, item));
            items = found;
        } catch (RuntimeException error) { // Whatever it is, it would end the refreshing without a word.
            failures.inc();
            LOG.error(
                    "table {}: master data of kind {} cannot be read: what was read last stays in use",
                    table,
                    kind,
                    error);
        }
    }

    private void add(Map<String, RowData> found, Map<String, AttributeValue> item) {
        try {
            GenericRowData row = new GenericRowData(columns.getFieldCount());
            for (int column = 0; column < columns.getFieldCount(); column++) {
                String name = columns.getFieldNames().get(column);
                AttributeValue value = item.get(name);
                if (value != null && value.type() != AttributeValue.Type.NUL) {
                    row.setField(column, read(name, columns.getTypeAt(column), value));
                }
            }
            found.put(item.get("id").s(), row);
        } catch (WrongType error) {
            refused.inc();
            LOG.error("table {}: item {} / {}: {}: the item is left out, and rows go on without it",
                    table, kind, item.get("id").s(), error.getMessage());
        }
    }

    private static void readable(RowType.RowField column) {
        switch (column.getType().getTypeRoot()) {
            case VARCHAR, BIGINT, DOUBLE, BOOLEAN -> { }
            default -> throw new ConfigurationException("column `" + column.getName() + "` is " + column.getType()
                    + "; master data is read as STRING, BIGINT, DOUBLE and BOOLEAN");
        }
    }

    private static Object read(String name, LogicalType type, AttributeValue value) throws WrongType {
        try {
            switch (type.getTypeRoot()) {
                case VARCHAR:
                    if (value.s() != null) {
                        return StringData.fromString(value.s());
                    }
                    break;
                case BIGINT:
                    if (value.n() != null) {
                        return Long.parseLong(value.n());
                    }
                    break;
                case DOUBLE:
                    if (value.n() != null) {
                        return Double.parseDouble(value.n());
                    }
                    break;
                case BOOLEAN:
                    if (value.bool() != null) {
                        return value.bool();
                    }
                    break;
                default:
                    throw new IllegalStateException(type + " is no readable type");
            }
        } catch (NumberFormatException error) {
            // A number with a fraction is none of a BIGINT: said below.
        }
        throw new WrongType("attribute " + name + " is " + value + ", not of type " + type.asSummaryString());
    }

    @Override
    public void close() {
        if (refresh != null) {
            refresh.shutdownNow();
        }
        if (client != null) {
            client.close();
        }
    }

    private static final class WrongType extends Exception {
        private static final long serialVersionUID = 1L;

        WrongType(String message) {
            super(message);
        }
    }
}
