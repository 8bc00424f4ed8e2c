package weir.flink.sql;

import java.util.List;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.SqlParserException;
import org.apache.flink.table.api.TableException;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.api.bridge.java.StreamStatementSet;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.PropertyGroups;
import weir.flink.streams.StreamConnector;

/** The application {@code aggregates}: the SQL files beside it, run in their order, as one job. */
public final class SqlApplication {
    static final String NAME = "aggregates";
    /** In the order they are run; every file of the folder is here. */
    static final List<String> FILES =
            List.of("10-tables.sql", "20-requests.sql", "30-service.sql", "40-spikes.sql", "50-talkers.sql");

    private static final Logger LOG = LoggerFactory.getLogger(SqlApplication.class);

    private SqlApplication() {}

    /** @param arguments none, or {@code --properties FILE} */
    public static void main(String[] arguments) throws Exception {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment();
        StreamConnector connector = StreamConnector.installed();
        LOG.info("streams are read and written by {}", connector.description());
        define(environment, PropertyGroups.load(arguments), connector);
        environment.execute(NAME);
    }

    /** Adds the statements to {@code environment}, which runs them as one job. */
    static void define(StreamExecutionEnvironment environment, PropertyGroups groups, StreamConnector connector) {
        define(environment, groups, connector, scripts(groups));
    }

    static void define(
            StreamExecutionEnvironment environment,
            PropertyGroups groups,
            StreamConnector connector,
            List<SqlScript> scripts) {
        StreamStatementSet inserts = statements(environment, groups, connector, scripts);
        try {
            inserts.attachAsDataStream();
        } catch (ValidationException | TableException error) {
            throw new ConfigurationException("flink/sql cannot be planned: " + SqlScript.told(error), error);
        }
    }

    static List<SqlScript> scripts(PropertyGroups groups) {
        return FILES.stream().map(file -> SqlScript.read(file, groups.group("application"))).toList();
    }

    /** @throws ConfigurationException naming file and line of a statement that is wrong, or property group and key */
    static StreamStatementSet statements(
            StreamExecutionEnvironment environment,
            PropertyGroups groups,
            StreamConnector connector,
            List<SqlScript> scripts) {
        // Managed Flink takes this, and the options of tables below, from code, and refuses those of the cluster (AWS,
        // "Programmatic Flink configuration properties").
        environment.getConfig().enableObjectReuse();
        StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
        tables.getConfig().addConfiguration(options(groups.group("application")));
        WeirTables.register(environment, tables, NAME, groups, connector);
        tables.createTemporarySystemFunction("DURATIONS", DurationsOf.class);
        tables.createTemporarySystemFunction("LATENCY", LatencyOf.class);
        StreamStatementSet inserts = tables.createStatementSet();
        scripts.forEach(script -> run(script, tables, inserts));
        return inserts;
    }

    private static void run(SqlScript script, StreamTableEnvironment tables, StreamStatementSet inserts) {
        for (SqlScript.Statement statement : script.statements()) {
            try {
                if (statement.inserts()) {
                    inserts.addInsertSql(statement.text());
                } else {
                    tables.executeSql(statement.text());
                }
            } catch (ValidationException | TableException | SqlParserException error) {
                throw script.wrong(statement, error);
            }
        }
    }

    private static Configuration options(PropertyGroup settings) {
        Configuration options = new Configuration();
        options.setString("table.local-time-zone", "UTC");
        options.setString("table.exec.source.idle-timeout", settings.number("idle.seconds", 1) + " s");
        // A baseline goes when all its windows are older; windows clean up after themselves.
        options.setString("table.exec.state.ttl", settings.number("baseline.windows", 1) * 10 + " s");
        // What several statements read is read and parsed once.
        options.setString("table.optimizer.reuse-optimize-block-with-digest-enabled", "true");
        return options;
    }
}
