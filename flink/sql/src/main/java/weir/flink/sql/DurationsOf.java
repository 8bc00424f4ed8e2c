package weir.flink.sql;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.AggregateFunction;

/** {@code DURATIONS(nanoseconds BIGINT) → BYTES}: all that are not null, for {@link LatencyOf}. */
@FunctionHint(
        input = @DataTypeHint("BIGINT"),
        accumulator = @DataTypeHint(
                value = "RAW", bridgedTo = Durations.class, rawSerializer = DurationsSerializer.class),
        output = @DataTypeHint("BYTES"))
public final class DurationsOf extends AggregateFunction<byte[], Durations> {
    private static final long serialVersionUID = 1L;

    @Override
    public Durations createAccumulator() {
        return new Durations();
    }

    public void accumulate(Durations all, Long value) {
        if (value != null) {
            all.add(value);
        }
    }

    public void merge(Durations all, Iterable<Durations> others) {
        others.forEach(all::addAll);
    }

    @Override
    public byte[] getValue(Durations all) {
        return all.bytes();
    }
}
