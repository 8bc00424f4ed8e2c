package weir.flink.sql;

import org.apache.flink.table.annotation.DataTypeHint;
import org.apache.flink.table.annotation.FunctionHint;
import org.apache.flink.table.functions.AggregateFunction;
import org.apache.flink.types.Row;

/** {@code LATENCY(durations BYTES) → ROW<p50_ms, p95_ms, p99_ms>}: exact, over what {@link DurationsOf} gave. */
@FunctionHint(
        input = @DataTypeHint("BYTES"),
        accumulator = @DataTypeHint(
                value = "RAW", bridgedTo = Durations.class, rawSerializer = DurationsSerializer.class),
        output = @DataTypeHint("ROW<p50_ms DOUBLE, p95_ms DOUBLE, p99_ms DOUBLE>"))
public final class LatencyOf extends AggregateFunction<Row, Durations> {
    private static final long serialVersionUID = 1L;

    @Override
    public Durations createAccumulator() {
        return new Durations();
    }

    public void accumulate(Durations all, byte[] some) {
        if (some != null) {
            all.addAll(some);
        }
    }

    public void merge(Durations all, Iterable<Durations> others) {
        others.forEach(all::addAll);
    }

    @Override
    public Row getValue(Durations all) {
        return Row.of((Object[]) all.milliseconds(0.5, 0.95, 0.99));
    }
}
