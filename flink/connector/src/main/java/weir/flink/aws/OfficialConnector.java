package weir.flink.aws;

import java.io.Serializable;
import java.util.Properties;
import org.apache.flink.api.common.serialization.DeserializationSchema;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.kinesis.sink.KinesisStreamsSink;
import org.apache.flink.connector.kinesis.sink.KinesisStreamsSinkBuilder;
import org.apache.flink.connector.kinesis.source.KinesisStreamsSource;
import org.apache.flink.connector.kinesis.source.serialization.KinesisDeserializationSchema;
import org.apache.flink.util.Collector;
import software.amazon.awssdk.services.kinesis.model.Record;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.StreamConnector;
import weir.flink.streams.StreamRecord;

/** Apache's connector (https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/datastream/kinesis/). */
public final class OfficialConnector implements StreamConnector {
    private static final String ARN = "stream.arn";
    private static final String FLUSH = "sink.flush-buffer.timeout";
    /** The connector's own is 5 s, which alone would be all the time there is from a window's end to its document. */
    private static final int FLUSH_MILLISECONDS = 200;

    @Override
    public String description() {
        return "Apache's Kinesis connector";
    }

    @Override
    public <T> Source<T, ?, ?> source(PropertyGroup stream, RecordDecoder<T> decoder) {
        return KinesisStreamsSource.<T>builder()
                .setStreamArn(stream.text(ARN))
                .setSourceConfig(Configuration.fromMap(stream.values()))
                .setDeserializationSchema(new Decoding<>(decoder))
                .build();
    }

    @Override
    public <T> Sink<T> sink(PropertyGroup stream, RecordEncoder<T> encoder) {
        Properties client = new Properties();
        client.putAll(stream.values());
        KinesisStreamsSinkBuilder<T> sink = KinesisStreamsSink.<T>builder()
                .setStreamArn(stream.text(ARN))
                .setKinesisClientProperties(client)
                .setSerializationSchema((SerializationSchema<T> & Serializable) encoder::data)
                .setPartitionKeyGenerator(encoder::partitionKey);
        sink.setMaxTimeInBufferMS(stream.optional(FLUSH).isPresent() ? stream.number(FLUSH, 1) : FLUSH_MILLISECONDS);
        return sink.build();
    }

    private record Decoding<T>(RecordDecoder<T> decoder) implements KinesisDeserializationSchema<T> {
        @Override
        public void open(DeserializationSchema.InitializationContext context) throws Exception {
            decoder.open();
        }

        @Override
        public void deserialize(Record record, String arn, String shard, Collector<T> out) {
            decoder.decode(
                    new StreamRecord(
                            arn.substring(arn.indexOf('/') + 1),
                            shard,
                            record.sequenceNumber(),
                            record.partitionKey(),
                            record.approximateArrivalTimestamp(),
                            record.data().asByteArrayUnsafe()),
                    out);
        }

        @Override
        public TypeInformation<T> getProducedType() {
            return decoder.type();
        }
    }
}
