package weir.flink.anomalies;

import java.io.Serializable;

/**
 * One number of a series, and on which scale it is judged.
 *
 * @param name what findings call it
 * @param path JSON pointer of the field in an event
 * @param scale on which a deviation of it means the same everywhere
 */
public record Measure(String name, String path, Scale scale) implements Serializable {
    /**
     * How a number is judged; what is smaller than its floor is of no interest, however still the series is otherwise.
     */
    public enum Scale {
        /** Counts and durations: they vary in proportion, so a half is as far as a double. */
        PROPORTION {
            @Override
            double of(double value) {
                return Math.log1p(Math.max(value, 0));
            }

            @Override
            double back(double scaled) {
                return Math.expm1(scaled);
            }

            @Override
            double floor(double expected) {
                return 0.02;
            }
        },
        /** Rates from 0 to 1: half a percentage point. */
        RATE {
            @Override
            double floor(double expected) {
                return 0.005;
            }
        },
        /** What sensors read, of either sign: two thousandths of what is expected. */
        LINEAR {
            @Override
            double floor(double expected) {
                return 0.002 * Math.abs(expected) + 1e-6;
            }
        };

        double of(double value) {
            return value;
        }

        double back(double scaled) {
            return scaled;
        }

        abstract double floor(double expected);
    }
}
