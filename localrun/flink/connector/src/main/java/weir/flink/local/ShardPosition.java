package weir.flink.local;

import java.io.Serializable;
import java.time.Instant;

/**
 * Up to where a shard was read.
 *
 * @param kind of place
 * @param value milliseconds since the epoch of TIME, sequence number of AFTER, nothing of the others
 */
record ShardPosition(Kind kind, String value) implements Serializable {
    enum Kind {
        TRIM_HORIZON,
        TIME,
        AFTER,
        END
    }

    static final ShardPosition TRIM_HORIZON = new ShardPosition(Kind.TRIM_HORIZON, "");
    /** Of a closed shard, behind its last record. */
    static final ShardPosition END = new ShardPosition(Kind.END, "");

    static ShardPosition at(Instant time) {
        return new ShardPosition(Kind.TIME, Long.toString(time.toEpochMilli()));
    }

    static ShardPosition after(String sequence) {
        return new ShardPosition(Kind.AFTER, sequence);
    }
}
