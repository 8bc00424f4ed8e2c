package weir.flink.sql;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import weir.flink.streams.PropertyGroups;

/** The application over the records of {@code shards}, from the first to the last. */
final class Run {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ShardedStreams streams;

    private Run(ShardedStreams streams) {
        this.streams = streams;
    }

    static Run of(ShardedStreams.Shards shards) throws Exception {
        return of(shards, Settings.groups());
    }

    static Run of(ShardedStreams.Shards shards, PropertyGroups groups) throws Exception {
        Run run = new Run(new ShardedStreams(shards, UUID.randomUUID().toString()));
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(2);
        SqlApplication.define(environment, groups, run.streams);
        environment.execute();
        return run;
    }

    List<JsonNode> metrics(String name) {
        return documents("metrics").stream().filter(metric -> metric.at("/weir/metric/name").asText().equals(name)).toList();
    }

    List<JsonNode> documents(String stream) {
        return read(streams.written(stream));
    }

    static List<JsonNode> read(List<byte[]> written) {
        return written.stream().map(Run::read).toList();
    }

    private static JsonNode read(byte[] document) {
        try {
            return JSON.readTree(document);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
