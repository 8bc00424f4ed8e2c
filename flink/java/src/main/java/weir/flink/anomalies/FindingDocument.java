package weir.flink.anomalies;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;
import weir.flink.streams.Finding;
import weir.flink.streams.Times;

/**
 * Writes anomalies as events in names of the Elastic Common Schema. All in them follows from the points: made again,
 * they are the same.
 */
final class FindingDocument {
    static final String APPLICATION = "anomalies";
    private static final int LEAST_SEVERITY = 30;
    private static final int MOST_SEVERITY = 100;
    /** 104 bits, as the ids of events have. */
    private static final int ID_DIGITS = 26;

    private FindingDocument() {}

    static Finding of(Anomaly anomaly) {
        Series series = anomaly.series();
        boolean service = series.kind() == Series.Kind.SERVICE;
        String key = String.join("\n", anomaly.rule().id, series.key());
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("@timestamp", Times.text(anomaly.happened())).put("tenant", series.tenant()).put("message", message(anomaly));

        ObjectNode event = document.putObject("event");
        event.put("id", digest(APPLICATION + "\n" + key + "\n" + anomaly.start() + "\n" + anomaly.step()));
        event.put("kind", "alert").put("dataset", "weir.finding");
        event.put("severity", Math.round(LEAST_SEVERITY + (MOST_SEVERITY - LEAST_SEVERITY) * anomaly.grade()));
        event.putArray("category").add(service ? "web" : "host");
        event.putArray("type").add("info");
        event.put("start", Times.text(anomaly.start())).put("end", Times.text(anomaly.end()));
        event.put("ingested", Times.text(anomaly.ingested()));

        document.putObject("rule").put("id", anomaly.rule().id).put("name", anomaly.rule().title);
        if (service) {
            document.putObject("service").put("name", series.subject());
        } else {
            document.putObject("device").put("id", series.subject());
        }

        ObjectNode own = document.putObject("weir").putObject("finding");
        own.put("application", APPLICATION).put("key", series.name() + "/" + series.subject() + part(series));
        anomaly.evidence().forEach(own.putArray("evidence")::add);
        own.put("evidence_count", anomaly.evidenceCount());
        own.put("score", rounded(anomaly.score())).put("grade", rounded(anomaly.grade()));
        own.put("start", Times.text(anomaly.start())).put("end", Times.text(anomaly.end()));
        if (anomaly.rule() == Anomaly.Rule.MISSING) {
            own.putObject("expected").put("interval_seconds", anomaly.expected()[0]);
            own.putObject("actual").put("interval_seconds", anomaly.actual()[0]);
        } else {
            List<Measure> measures = Datasets.of(series);
            numbers(own.putObject("expected"), measures, anomaly.actual(), anomaly.expected());
            numbers(own.putObject("actual"), measures, anomaly.actual(), anomaly.actual());
            numbers(own.putObject("attribution"), measures, anomaly.actual(), anomaly.attribution());
        }
        return Finding.of(document, digest(key));
    }

    private static String message(Anomaly anomaly) {
        Series series = anomaly.series();
        String label = series.name() + " of " + series.subject() + part(series);
        if (anomaly.rule() == Anomaly.Rule.MISSING) {
            return label + " has had no point for " + number(anomaly.actual()[0]) + " s; one every "
                    + number(anomaly.expected()[0]) + " s is usual.";
        }
        int most = IntStream.range(0, anomaly.attribution().length)
                .filter(at -> !Double.isNaN(anomaly.actual()[at]))
                .reduce(0, (one, other) -> anomaly.attribution()[other] > anomaly.attribution()[one] ? other : one);
        return label + ": " + Datasets.of(series).get(most).name() + " is " + number(anomaly.actual()[most]) + " where "
                + number(anomaly.expected()[most]) + " is expected"
                + (anomaly.rule() == Anomaly.Rule.DRIFT ? ", and has been off for a while." : ".");
    }

    /** Of the measures that the point has. */
    private static void numbers(ObjectNode to, List<Measure> measures, double[] actual, double[] values) {
        for (int at = 0; at < values.length; at++) {
            if (!Double.isNaN(actual[at])) {
                to.put(measures.get(at).name(), rounded(values[at]));
            }
        }
    }

    private static String part(Series series) {
        return Optional.of(series.part()).filter(part -> !part.isEmpty()).map(part -> "/" + part).orElse("");
    }

    /** Four digits: more are noise. */
    private static double rounded(double value) {
        return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
    }

    private static String number(double value) {
        double rounded = rounded(value);
        return rounded == Math.rint(rounded) && Math.abs(rounded) < 1e15
                ? String.valueOf((long) rounded)
                : String.valueOf(rounded);
    }

    private static String digest(String text) {
        try {
            byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash).substring(0, ID_DIGITS);
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException("every Java has SHA-256", error);
        }
    }
}
