package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.RowDataSerializer;
import org.apache.flink.table.types.logical.VarCharType;
import org.junit.jupiter.api.Test;

/** An event counts once for as long as a window may want it, whatever happens to the task. */
class DeduplicateTest {
    private static final Deduplicate.Columns COLUMNS = new Deduplicate.Columns(0, 1, 2);
    private static final int SECONDS = 60;

    @Test
    void theFirstOfAnIdAndTenantIsGivenOn() throws Exception {
        try (var task = task(1, 0)) {
            task.open();
            for (String id : List.of("a", "b", "a", "a", "c", "b")) {
                put(task, id, "shop", 1_000);
                put(task, id, "bank", 1_000);
            }
            assertThat(given(task)).containsExactly("a shop", "a bank", "b shop", "b bank", "c shop", "c bank");
        }
    }

    @Test
    void anIdIsForgottenWhenTheWatermarkIsSoFarAfterItsArrivalAndNotBefore() throws Exception {
        try (var task = task(1, 0)) {
            task.open();
            put(task, "a", "shop", 5_000);
            task.processWatermark(10_000 + 1_000 * SECONDS - 1);
            put(task, "a", "shop", 5_000);
            assertThat(given(task)).containsExactly("a shop");
            task.processWatermark(10_000 + 1_000 * SECONDS);
            put(task, "a", "shop", 5_000); // late in every window, where it is counted as such
            assertThat(given(task)).containsExactly("a shop", "a shop");
        }
    }

    @Test
    void oneShardThatIsReadFasterForgetsNothingOfAnother() throws Exception {
        try (var task = task(1, 0)) {
            task.open();
            put(task, "slow", "shop", 0);
            put(task, "fast", "shop", 86_400_000);
            put(task, "slow", "shop", 0);
            assertThat(given(task)).containsExactly("slow shop", "fast shop");
        }
    }

    @Test
    void manyIdsOfOneSpanAreToldApart() throws Exception {
        try (var task = task(1, 0)) {
            task.open();
            for (int round = 0; round < 2; round++) {
                for (int number = 0; number < 20_000; number++) {
                    put(task, "id-" + number, "shop", number % 10_000);
                }
            }
            assertThat(given(task)).hasSize(20_000).doesNotHaveDuplicates();
        }
    }

    @Test
    void twoTasksGoOnWithWhatOneRememberedAndOneWithWhatTwoDid() throws Exception {
        List<String> ids = IntStream.range(0, 1_000).mapToObj(number -> "id-" + number).toList();
        OperatorSubtaskState snapshot;
        try (var task = task(1, 0)) {
            task.open();
            for (String id : ids) {
                put(task, id, "shop", 0);
            }
            snapshot = task.snapshot(1, 1);
        }
        List<String> again = new ArrayList<>();
        OperatorSubtaskState[] parts = new OperatorSubtaskState[2];
        for (int index = 0; index < 2; index++) {
            try (var task = task(2, index)) {
                task.initializeState(AbstractStreamOperatorTestHarness.repartitionOperatorState(snapshot, 128, 1, 2, index));
                task.open();
                for (String id : ids) {
                    if (ofTask(id) == index) {
                        put(task, id, "shop", 0);
                        put(task, id + "-new", "bank", 0);
                    }
                }
                again.addAll(given(task));
                parts[index] = task.snapshot(2, 2);
            }
        }
        assertThat(again).hasSize(1_000).allMatch(id -> id.endsWith("-new bank"));
        try (var task = task(1, 0)) {
            task.initializeState(AbstractStreamOperatorTestHarness.repackageState(parts));
            task.open();
            for (String id : ids) {
                put(task, id, "shop", 0);
            }
            assertThat(given(task)).isEmpty();
        }
    }

    /** The task of two that gets an id: that of its key group. */
    private static int ofTask(String id) {
        long key = COLUMNS.getKey(row(id, "shop", 0));
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(key, 128, 2);
    }

    private static KeyedOneInputStreamOperatorTestHarness<Long, RowData, RowData> task(int parallelism, int index)
            throws Exception {
        Deduplicate operator = new Deduplicate(COLUMNS, SECONDS, 2);
        var task = new KeyedOneInputStreamOperatorTestHarness<>(operator, COLUMNS, Types.LONG, 128, parallelism, index);
        task.setup(new RowDataSerializer(new VarCharType(), new VarCharType()));
        return task;
    }

    private static void put(
            KeyedOneInputStreamOperatorTestHarness<Long, RowData, RowData> task, String id, String tenant, long arrival)
            throws Exception {
        task.processElement(new StreamRecord<>(row(id, tenant, arrival)));
    }

    private static RowData row(String id, String tenant, long arrival) {
        return GenericRowData.of(
                StringData.fromString(id), StringData.fromString(tenant), TimestampData.fromEpochMillis(arrival));
    }

    private static List<String> given(KeyedOneInputStreamOperatorTestHarness<Long, RowData, RowData> task) {
        return task.extractOutputValues().stream()
                .map(row -> row.getString(0) + " " + row.getString(1))
                .toList();
    }
}
