package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.PropertyGroups;

/** What is wrong in a file of statements, or in the property groups, is said with its place before anything runs. */
class SqlFilesTest {
    private static final String EVENTS = """
            -- The stream.
            CREATE TABLE events (`event.id` STRING NOT NULL)
            WITH ('connector' = 'weir', 'stream' = 'events');
            """;
    private static final String METRICS = """
            CREATE TABLE metrics (`event.id` STRING) PARTITIONED BY (`event.id`)
            WITH ('connector' = 'weir', 'stream' = 'metrics');
            """;

    @Test
    void everyFileOfTheFolderIsRunInTheOrderOfTheirNames() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("."))) {
            assertThat(files.map(file -> file.getFileName().toString()).filter(name -> name.endsWith(".sql")).sorted())
                    .containsExactlyElementsOf(SqlApplication.FILES);
        }
    }

    @Test
    void aStatementBeginsWhereItsCommentsEndAndMayHoldSemicolonsInTexts() {
        SqlScript script = SqlScript.of("a.sql", """
                -- One; not two.

                SELECT ';' -- it's one
                  AS `;`;
                INSERT INTO x
                SELECT ${talkers.count}""", settings(Map.of("talkers.count", "5")));

        assertThat(script.statements()).containsExactly(
                new SqlScript.Statement(3, "SELECT ';' -- it's one\n  AS `;`"),
                new SqlScript.Statement(5, "INSERT INTO x\nSELECT 5"));
        assertThat(script.statements()).extracting(SqlScript.Statement::inserts).containsExactly(false, true);
    }

    @Test
    void aSyntaxErrorNamesFileAndLine() {
        assertThatThrownBy(() -> planned(EVENTS + METRICS + "INSERT INTO metrics\nSELECT `event.id`\nFORM events;"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("flink/sql/a.sql:8: SQL parse failed. Encountered \"events\" at line 3");
    }

    @Test
    void aColumnThatDoesNotExistNamesFileAndLine() {
        assertThatThrownBy(() -> planned(EVENTS + METRICS + "\nINSERT INTO metrics\nSELECT\n  `event.code`\nFROM events;"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageStartingWith("flink/sql/a.sql:9: SQL validation failed.")
                .hasMessageContaining("Column 'event.code' not found in any table");
    }

    @Test
    void aStreamWithoutAPropertyGroupIsNamed() {
        assertThatThrownBy(() -> planned(EVENTS.replace("'stream' = 'events'", "'stream' = 'orders'") + METRICS
                        + "INSERT INTO metrics SELECT `event.id` FROM events;"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("flink/sql/a.sql:6: property group 'orders' is missing; the application has "
                        + "[application, errors, events, findings, master, metrics]");
    }

    @Test
    void aMissingPropertyGroupAndAMissingKeyAreNamed() {
        assertThatThrownBy(() -> SqlApplication.scripts(PropertyGroups.of()))
                .hasMessage("property group 'application' is missing; the application has []");
        assertThatThrownBy(() -> SqlApplication.scripts(Settings.groups(settings(Map.of("future.seconds", "60")))))
                .hasMessage("property group 'application': key 'out-of-orderness.seconds' is missing; it has [future.seconds]");
        assertThatThrownBy(() -> SqlScript.of("a.sql", "SELECT ${talkers.count};", settings(Map.of("talkers.count", "ten"))))
                .hasMessage("property group 'application': talkers.count is 'ten', not a whole number of at least 0");
    }

    @Test
    void aTypeThatNoStreamHasIsNamedWithItsColumn() {
        assertThatThrownBy(() -> planned(EVENTS.replace("STRING NOT NULL", "DECIMAL(10, 2)") + METRICS
                        + "INSERT INTO metrics SELECT CAST(`event.id` AS STRING) FROM events;"))
                .hasMessageContaining("column `event.id` is DECIMAL(10, 2); a stream is read as STRING, BIGINT");
        assertThatThrownBy(() -> planned(EVENTS + METRICS.replace("STRING", "BYTES")
                        + "INSERT INTO metrics SELECT CAST(`event.id` AS BYTES) FROM events;"))
                .hasMessageContaining("column `event.id` is BYTES; a stream is written of STRING, BIGINT");
    }

    @Test
    void aResultThatWouldBeTakenBackIsRefused() {
        assertThatThrownBy(() -> planned(EVENTS + METRICS
                        + "INSERT INTO metrics SELECT CAST(COUNT(*) AS STRING) FROM events GROUP BY `event.id`;"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("metrics' doesn't support consuming update changes");
    }

    @Test
    void aSinkWithoutAPartitionKeyIsRefused() {
        assertThatThrownBy(() -> planned(EVENTS + METRICS.replace("PARTITIONED BY (`event.id`)", "")
                        + "INSERT INTO metrics SELECT `event.id` FROM events;"))
                .hasMessageContaining("table metrics needs PARTITIONED BY: the columns of the partition key");
    }

    private static void planned(String text) {
        PropertyGroups groups = Settings.groups();
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(1);
        ShardedStreams streams = new ShardedStreams(new Traffic(1, 1, 1, 0, 0), null);
        SqlApplication.define(
                environment, groups, streams, List.of(SqlScript.of("a.sql", text, groups.group("application"))));
    }

    private static PropertyGroup settings(Map<String, String> values) {
        return new PropertyGroup("application", values);
    }
}
