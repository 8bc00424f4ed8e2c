package weir.flink.anomalies;

/**
 * What a detector says of a point.
 *
 * @param cause why it is an anomaly, or NONE
 * @param score of the forest; of a drift, the sum of deviations as a part of its limit
 * @param grade how far over its threshold it is, from 0 (not) to 1 (at least twice as high)
 * @param expected of each measure, in its own unit
 * @param attribution the part of each measure in it; empty where there is no anomaly
 */
record Verdict(Cause cause, double score, double grade, double[] expected, double[] attribution) {
    enum Cause {
        NONE,
        /** The point is far from all others. */
        OUTLIER,
        /** Many points are a little off to one side. */
        DRIFT
    }

    boolean anomalous() {
        return cause != Cause.NONE;
    }
}
