package weir.flink.sql;

import java.util.Optional;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.flink.table.catalog.GenericInMemoryCatalog;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.Factory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.table.types.DataType;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroups;
import weir.flink.streams.StreamConnector;

/**
 * Makes tables {@code WITH ('connector' = 'weir', 'stream' = 'events')} of streams, and
 * {@code WITH ('connector' = 'weir', 'master' = 'service')} of a kind of master data. SQL names the role; what plays it
 * is said by the property group of that name, or by the group {@code master}.
 *
 * <p>A column is named by the path of its field: {@code `event.id`} is {@code id} in the object {@code event}. A stream
 * of events with {@code 'duplicates.seconds' = '120'} gives each event once, see {@link Deduplicate}.
 */
public final class WeirTables implements DynamicTableSourceFactory, DynamicTableSinkFactory {
    private static final ConfigOption<String> STREAM = ConfigOptions.key("stream").stringType().noDefaultValue();
    private static final ConfigOption<Integer> DUPLICATES =
            ConfigOptions.key("duplicates.seconds").intType().noDefaultValue();
    private static final ConfigOption<String> MASTER = ConfigOptions.key("master").stringType().noDefaultValue();

    private final StreamExecutionEnvironment job;
    private final String application;
    private final PropertyGroups groups;
    private final StreamConnector connector;

    private WeirTables(
            StreamExecutionEnvironment job, String application, PropertyGroups groups, StreamConnector connector) {
        this.job = job;
        this.application = application;
        this.groups = groups;
        this.connector = connector;
    }

    /**
     * From here on {@code tables} makes its tables in this way. A program in Python calls it through its gateway.
     *
     * @param job of {@code tables}, which gets the sink of errors of each table that is read: its {@code execute} runs all
     */
    @SuppressWarnings("deprecation") // What replaces it makes catalogs of texts, which hold no connector.
    public static void register(
            StreamExecutionEnvironment job,
            StreamTableEnvironment tables,
            String application,
            PropertyGroups groups,
            StreamConnector connector) {
        tables.registerCatalog("weir", new WeirTables(job, application, groups, connector).catalog());
        tables.useCatalog("weir");
    }

    /** A catalog whose tables this makes: they need no registration as a service, and no state of the process. */
    private GenericInMemoryCatalog catalog() {
        return new GenericInMemoryCatalog("weir", "weir") {
            @Override
            public Optional<Factory> getFactory() {
                return Optional.of(WeirTables.this);
            }
        };
    }

    @Override
    public String factoryIdentifier() {
        return "weir";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(FactoryUtil.CONNECTOR);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(STREAM, DUPLICATES, MASTER);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        ReadableConfig options = optionsOf(context);
        DataType columns = context.getPhysicalRowDataType();
        if (options.getOptional(MASTER).isPresent()) {
            return new MasterTable(groups.group("master"), options.get(MASTER), columns);
        }
        return new StreamTableSource(
                job,
                connector,
                groups.group(options.get(STREAM)),
                groups.group("errors"),
                "flink-" + application,
                options.getOptional(DUPLICATES).orElse(null),
                columns);
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        ReadableConfig options = optionsOf(context);
        if (options.getOptional(STREAM).isEmpty()) {
            throw new ConfigurationException(nameOf(context) + " is master data, which nothing is inserted into");
        }
        if (context.getCatalogTable().getPartitionKeys().isEmpty()) {
            throw new ConfigurationException(
                    nameOf(context) + " needs PARTITIONED BY: the columns of the partition key");
        }
        return new StreamTableSink(
                connector,
                groups.group(options.get(STREAM)),
                context.getPhysicalRowDataType(),
                context.getCatalogTable().getPartitionKeys());
    }

    private ReadableConfig optionsOf(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        ReadableConfig options = helper.getOptions();
        if (options.getOptional(STREAM).isPresent() == options.getOptional(MASTER).isPresent()) {
            throw new ConfigurationException(nameOf(context) + " needs one of the options 'stream' and 'master'");
        }
        return options;
    }

    private static String nameOf(Context context) {
        return "table " + context.getObjectIdentifier().getObjectName();
    }
}
