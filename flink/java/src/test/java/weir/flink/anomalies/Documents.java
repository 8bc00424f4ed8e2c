package weir.flink.anomalies;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import weir.flink.streams.Times;

/** Events as the streams have them. */
final class Documents {
    private Documents() {}

    /** As the application aggregates writes it. */
    static ObjectNode metric(String service, long start, double count, double latency) {
        long end = start + 60_000;
        ObjectNode document = (ObjectNode) Harness.json("""
                {"event": {"kind": "metric", "dataset": "weir.metric", "duration": 60000000000}, "tenant": "shop",
                 "weir": {"metric": {"name": "service_1m", "application": "aggregates", "window_seconds": 60,
                   "dimensions": {"team": "shop"}, "errors": 10, "error_rate": 0.01}}}""");
        document.put("@timestamp", Times.text(start));
        document.withObject("/event").put("id", service + "-" + start).put("start", Times.text(start)).put("end", Times.text(end))
                .put("ingested", Times.text(end));
        document.putObject("service").put("name", service);
        document.withObject("/weir/metric").put("count", Math.round(count)).put("p50_ms", latency).put("p95_ms", 2 * latency)
                .put("p99_ms", 3 * latency);
        return document;
    }

    /** As the function normalise writes it. */
    static ObjectNode measurement(String machine, long time, double temperature) {
        ObjectNode document = (ObjectNode) Harness.json("""
                {"event": {"kind": "metric", "dataset": "machine.measurement", "type": ["info"], "outcome": "success"},
                 "tenant": "plant", "machine": {"line": "hall-2", "component": "spindle", "state": "running", "rotation_rpm": 1480}}""");
        document.put("@timestamp", Times.text(time));
        document.withObject("/event").put("id", machine + "-" + time).put("ingested", Times.text(time + 700));
        document.putObject("device").put("id", machine);
        document.withObject("/machine").put("temperature_c", temperature);
        return document;
    }

    static byte[] bytes(JsonNode document) {
        return document.toString().getBytes(UTF_8);
    }
}
