package weir.flink.local;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.MetricGroup;

/** How far behind the end of its shards a reader is, in milliseconds: that of the shard that is furthest behind. */
final class Lag {
    private final Map<String, Long> behind = new ConcurrentHashMap<>();

    Lag(MetricGroup metrics, String stream) {
        metrics.addGroup("stream", stream)
                .gauge("millisBehindLatest", (Gauge<Long>) () -> behind.values().stream().mapToLong(Long::longValue).max().orElse(0));
    }

    void of(String shard, Long milliseconds) {
        behind.put(shard, milliseconds == null ? 0 : milliseconds);
    }

    void ended(String shard) {
        behind.remove(shard);
    }
}
