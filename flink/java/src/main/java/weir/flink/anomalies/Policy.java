package weir.flink.anomalies;

import java.io.Serializable;

/**
 * How series are followed.
 *
 * @param shape of a detector
 * @param missingIntervals after how many of its usual intervals without a point a series is missing
 * @param duplicates for how many milliseconds a point that comes again is known
 * @param forget after how many milliseconds without a point nothing is kept of a series
 */
record Policy(Shape shape, int missingIntervals, long duplicates, long forget) implements Serializable {}
