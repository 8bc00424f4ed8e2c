package weir.flink.local;

import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;

/** Stands in for the official connector in the local run, with the same options. */
public final class LocalConnector implements StreamConnector {
    private static final String READER_TYPE = "source.reader.type";
    private static final String POLLING = "POLLING";

    @Override
    public String description() {
        return "Weir's own connector, for the local run";
    }

    @Override
    public <T> Source<T, ?, ?> source(PropertyGroup stream, RecordDecoder<T> decoder) {
        String type = stream.optional(READER_TYPE).orElse(POLLING);
        if (!type.equals(POLLING)) {
            throw new ConfigurationException("property group '" + stream.name() + "': " + READER_TYPE + " is '" + type
                    + "', but the connector of the local run knows " + POLLING + " only");
        }
        return new KinesisSource<>(stream, InitialPosition.of(stream), decoder);
    }

    @Override
    public <T> Sink<T> sink(PropertyGroup stream, RecordEncoder<T> encoder) {
        return KinesisSink.of(stream, encoder);
    }
}
