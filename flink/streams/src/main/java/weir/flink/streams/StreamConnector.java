package weir.flink.streams;

import java.util.List;
import java.util.ServiceLoader;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;

/**
 * Reads and writes Kinesis data streams. The property group of a stream has the options of the official connector
 * ({@code stream.arn}, {@code aws.region}, {@code source.init.position} …), whichever implementation is in the jar.
 *
 * <p>A source emits the watermarks of each shard by itself, so that a shard that is read faster than another makes nothing late.
 */
public interface StreamConnector {
    /** What the log says is in use. */
    String description();

    /** At least once from a start; exactly once from a checkpoint of this application. */
    <T> Source<T, ?, ?> source(PropertyGroup stream, RecordDecoder<T> decoder);

    /** At least once: what is written again after a failure has to carry the same id. */
    <T> Sink<T> sink(PropertyGroup stream, RecordEncoder<T> encoder);

    /** The one in the application's jar. */
    static StreamConnector installed() {
        List<StreamConnector> found = ServiceLoader.load(StreamConnector.class, StreamConnector.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get)
                .toList();
        if (found.size() != 1) {
            throw new ConfigurationException("the application's jar has " + found.size()
                    + " stream connectors and needs one: build it with ./weir build flink");
        }
        return found.get(0);
    }
}
