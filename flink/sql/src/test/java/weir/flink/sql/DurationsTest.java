package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.stream.LongStream;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.junit.jupiter.api.Test;

/** Percentiles are exact, of whatever parts the durations are put together. */
class DurationsTest {
    @Test
    void percentilesLieBetweenTheValuesAroundThem() {
        assertThat(of(1_000_000, 4_000_000, 2_000_000, 3_000_000).milliseconds(0, 0.5, 0.9, 1)).containsExactly(1.0, 2.5, 3.7, 4.0);
        assertThat(of(7_000_000).milliseconds(0.5, 0.99)).containsExactly(7.0, 7.0);
        assertThat(of().milliseconds(0.5)).containsExactly((Double) null);
    }

    @Test
    void partsMakeTheWholeInAnyOrder() {
        Durations whole = of(LongStream.range(0, 1_000).map(value -> value * value % 997 * 1_000_000).toArray());
        Durations parts = new Durations();
        parts.addAll(of(LongStream.range(500, 1_000).map(value -> value * value % 997 * 1_000_000).toArray()).bytes());
        parts.addAll(of(LongStream.range(0, 500).map(value -> value * value % 997 * 1_000_000).toArray()));

        assertThat(parts.milliseconds(0.5, 0.95, 0.99)).containsExactly(whole.milliseconds(0.5, 0.95, 0.99));
        assertThat(parts.bytes()).isEqualTo(whole.bytes());
    }

    @Test
    void everyValueOfALongSurvivesBytesAndState() throws IOException {
        Durations extreme = of(Long.MIN_VALUE, -1, 0, 0, 1, 127, 128, Long.MAX_VALUE);
        DataOutputSerializer state = new DataOutputSerializer(64);
        DurationsSerializer serializer = new DurationsSerializer();
        serializer.serialize(extreme, state);

        Durations read = serializer.deserialize(new DataInputDeserializer(state.getCopyOfBuffer()));

        assertThat(read.bytes()).isEqualTo(extreme.bytes());
        assertThat(read.milliseconds(0, 1)).containsExactly(Long.MIN_VALUE / 1e6, Long.MAX_VALUE / 1e6);
    }

    @Test
    void manyEqualValuesTakeAByteEach() {
        assertThat(of(LongStream.generate(() -> 12_500_000).limit(1_000).toArray()).bytes()).hasSize(2 + 4 + 999);
    }

    private static Durations of(long... values) {
        Durations durations = new Durations();
        for (long value : values) {
            durations.add(value);
        }
        return durations;
    }
}
