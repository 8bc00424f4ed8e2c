package weir.flink.local;

import java.io.Serializable;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/**
 * Where an application begins to read a stream ({@code source.init.position}).
 *
 * @param kind as the option has it
 * @param at of AT_TIMESTAMP ({@code source.init.timestamp}); null otherwise
 */
record InitialPosition(Kind kind, Instant at) implements Serializable {
    enum Kind {
        LATEST,
        TRIM_HORIZON,
        AT_TIMESTAMP
    }

    private static final String POSITION = "source.init.position";
    private static final String TIMESTAMP = "source.init.timestamp";

    static InitialPosition of(PropertyGroup stream) {
        String text = stream.optional(POSITION).orElse(Kind.LATEST.name());
        Kind kind;
        try {
            kind = Kind.valueOf(text);
        } catch (IllegalArgumentException error) {
            throw wrong(stream, POSITION, text, "LATEST, TRIM_HORIZON or AT_TIMESTAMP", error);
        }
        if (kind != Kind.AT_TIMESTAMP) {
            return new InitialPosition(kind, null);
        }
        String time = stream.text(TIMESTAMP);
        try {
            return new InitialPosition(kind, Instant.parse(time));
        } catch (DateTimeParseException error) {
            throw wrong(stream, TIMESTAMP, time, "a time such as 2026-11-26T08:00:00.000Z", error);
        }
    }

    /**
     * Where every shard that is found begins, at whichever time it is found. The end of a stream is resolved to a time once, or
     * what came between the start and the first checkpoint would be lost if the job failed between them. A child of a shard that
     * was read to its end has nothing before it.
     */
    ShardPosition resolved(Instant start) {
        return switch (kind) {
            case TRIM_HORIZON -> ShardPosition.TRIM_HORIZON;
            case LATEST -> ShardPosition.at(start);
            case AT_TIMESTAMP -> ShardPosition.at(at);
        };
    }

    private static ConfigurationException wrong(
            PropertyGroup stream, String key, String text, String wanted, Throwable cause) {
        return new ConfigurationException(
                "property group '" + stream.name() + "': " + key + " is '" + text + "', not " + wanted, cause);
    }
}
