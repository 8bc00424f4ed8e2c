package weir.flink.local;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.TreeSet;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import weir.flink.streams.PropertyGroup;
import weir.flink.streams.RecordDecoder;

/** Reads a stream by GetRecords, each shard with watermarks of its own. */
final class KinesisSource<T>
        implements Source<T, ShardSplit, ShardEnumeratorState>, ResultTypeQueryable<T> {
    private static final long serialVersionUID = 1L;
    private static final String DISCOVERY = "source.shard.discovery.interval";
    private static final Duration DISCOVERY_INTERVAL = Duration.ofSeconds(10);

    private final PropertyGroup stream;
    private final InitialPosition position;
    private final RecordDecoder<T> decoder;
    private final ReaderOptions options;
    private final Duration discovery;

    KinesisSource(PropertyGroup stream, InitialPosition position, RecordDecoder<T> decoder) {
        this.stream = stream;
        this.position = position;
        this.decoder = decoder;
        this.options = ReaderOptions.of(stream);
        this.discovery = ReaderOptions.duration(stream, DISCOVERY, DISCOVERY_INTERVAL);
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.CONTINUOUS_UNBOUNDED;
    }

    @Override
    public SplitEnumerator<ShardSplit, ShardEnumeratorState> createEnumerator(SplitEnumeratorContext<ShardSplit> context) {
        ShardPosition beginning = position.resolved(Instant.now());
        return restoreEnumerator(
                context, new ShardEnumeratorState(beginning, new TreeSet<>(), new TreeSet<>(), new ArrayList<>()));
    }

    @Override
    public SplitEnumerator<ShardSplit, ShardEnumeratorState> restoreEnumerator(
            SplitEnumeratorContext<ShardSplit> context, ShardEnumeratorState state) {
        return new ShardEnumerator(context, stream, discovery, Clients.of(stream), state);
    }

    @Override
    public SourceReader<T, ShardSplit> createReader(SourceReaderContext context) throws Exception {
        decoder.open();
        Lag lag = new Lag(context.metricGroup(), Clients.name(stream));
        return new ShardReader<>(
                () -> new ShardFetcher(stream, options, Clients.of(stream), lag),
                new DecodingEmitter<>(Clients.name(stream), decoder),
                new Configuration(),
                context);
    }

    @Override
    public SimpleVersionedSerializer<ShardSplit> getSplitSerializer() {
        return ShardSplit.SERIALIZER;
    }

    @Override
    public SimpleVersionedSerializer<ShardEnumeratorState> getEnumeratorCheckpointSerializer() {
        return ShardEnumeratorState.SERIALIZER;
    }

    @Override
    public TypeInformation<T> getProducedType() {
        return decoder.type();
    }
}
