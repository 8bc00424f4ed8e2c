package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.ExplainDetail;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import weir.flink.streams.PropertyGroups;

/** What the planner makes of the statements, which says how they run where no test can look. */
class PlanTest {
    private static String plan;

    @BeforeAll
    static void explain() {
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2);
        PropertyGroups groups = Settings.groups();
        plan = SqlApplication.statements(
                        environment, groups, new ShardedStreams(new Traffic(1, 1, 1, 0, 0), null), SqlApplication.scripts(groups))
                .explain(ExplainDetail.CHANGELOG_MODE);
    }

    private static String execution() {
        return plan.substring(plan.indexOf("== Optimized Execution Plan =="));
    }

    @Test
    void theStreamIsReadOnceAndMakesTheWatermarks() {
        assertThat(execution().split("TableSourceScan\\(")).hasSize(2);
        assertThat(execution())
                .containsPattern("TableSourceScan\\(table=\\[\\[weir, weir, events, .*watermark=\\[.*idletimeout=\\[10000\\]");
        assertThat(execution()).doesNotContain("WatermarkAssigner");
    }

    @Test
    void noRowIsEverTakenBack() {
        assertThat(Pattern.compile("changelogMode=\\[([^]]*)]").matcher(plan).results().map(found -> found.group(1)))
                .isNotEmpty()
                .allMatch(mode -> mode.equals("I") || mode.equals("NONE"));
    }

    @Test
    void windowsAreSummedBeforeTheyAreSentToTheTaskOfTheirKey() {
        assertThat(count("LocalWindowAggregate\\(")).isEqualTo(4);
        assertThat(count("GlobalWindowAggregate\\(")).isEqualTo(4);
        assertThat(count(" WindowAggregate\\(")).isZero();
    }

    private static long count(String pattern) {
        return Pattern.compile(pattern).matcher(execution()).results().map(MatchResult::group).count();
    }
}
