package weir.flink.anomalies;

import java.util.List;

/**
 * What is told of a series, once as it begins and again as it worsens.
 *
 * @param rule that found it
 * @param step how often it was told before, which tells its findings apart
 * @param start since when the series is not as expected
 * @param end the newest point of it
 * @param happened {@code @timestamp} of the finding
 * @param evidence ids of the points, at most 20, the newest last
 * @param evidenceCount of all its points
 * @param ingested the newest point's
 * @param actual one a measure, as is what was expected and the part it has in the score; all empty where data is
 *     missing
 */
record Anomaly(
        Series series,
        Rule rule,
        int step,
        long start,
        long end,
        long happened,
        List<String> evidence,
        long evidenceCount,
        long ingested,
        double score,
        double grade,
        double[] expected,
        double[] actual,
        double[] attribution) {
    enum Rule {
        OUTLIER("anomaly-outlier", "Measures far from what they are at this time of the period"),
        DRIFT("anomaly-drift", "A measure to one side of what it is at this time of the period, for long"),
        MISSING("anomaly-missing", "A series without points for much longer than usual");

        final String id;
        final String title;

        Rule(String id, String title) {
            this.id = id;
            this.title = title;
        }
    }
}
