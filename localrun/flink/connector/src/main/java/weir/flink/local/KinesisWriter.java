package weir.flink.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriter;
import org.apache.flink.connector.base.sink.writer.BufferedRequestState;
import org.apache.flink.connector.base.sink.writer.DequeRequestBuffer;
import org.apache.flink.connector.base.sink.writer.ElementConverter;
import org.apache.flink.connector.base.sink.writer.ResultHandler;
import org.apache.flink.connector.base.sink.writer.SimpleBatchCreator;
import org.apache.flink.connector.base.sink.writer.config.AsyncSinkWriterConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.kinesis.KinesisClient;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;
import software.amazon.awssdk.services.kinesis.model.PutRecordsResponse;
import weir.flink.streams.PropertyGroup;

/** Puts records in threads of its own, and again those of them that the stream did not take. */
final class KinesisWriter<T> extends AsyncSinkWriter<T, PutRecordsRequestEntry> {
    private static final Logger LOG = LoggerFactory.getLogger(KinesisWriter.class);
    private static final long REFUSED_MILLIS = 200;

    private final PropertyGroup stream;
    private final String arn;
    private final KinesisClient client;
    private final ExecutorService threads;

    KinesisWriter(
            ElementConverter<T, PutRecordsRequestEntry> converter,
            WriterInitContext context,
            AsyncSinkWriterConfiguration configuration,
            Collection<BufferedRequestState<PutRecordsRequestEntry>> buffered,
            PropertyGroup stream,
            KinesisClient client,
            int requestsAtOnce) {
        super(
                converter,
                context,
                configuration,
                buffered,
                new SimpleBatchCreator<>(configuration.getMaxBatchSizeInBytes()),
                new DequeRequestBuffer<>());
        this.stream = stream;
        this.arn = stream.text(Clients.ARN);
        this.client = client;
        this.threads = Executors.newFixedThreadPool(requestsAtOnce, task -> {
            Thread thread = new Thread(task, "put-" + stream.name());
            thread.setDaemon(true);
            return thread;
        });
    }

    static AsyncSinkWriterConfiguration configuration(
            int records, long bytes, int requests, int buffered, long milliseconds, long recordBytes) {
        return AsyncSinkWriterConfiguration.builder()
                .setMaxBatchSize(records)
                .setMaxBatchSizeInBytes(bytes)
                .setMaxInFlightRequests(requests)
                .setMaxBufferedRequests(buffered)
                .setMaxTimeInBufferMS(milliseconds)
                .setMaxRecordSizeInBytes(recordBytes)
                .build();
    }

    @Override
    protected void submitRequestEntries(
            List<PutRecordsRequestEntry> entries, ResultHandler<PutRecordsRequestEntry> result) {
        threads.execute(() -> put(entries, result));
    }

    private void put(List<PutRecordsRequestEntry> entries, ResultHandler<PutRecordsRequestEntry> result) {
        PutRecordsResponse answer;
        try {
            answer = client.putRecords(request -> request.streamARN(arn).records(entries));
        } catch (SdkException error) {
            if (Clients.refuses(error)) {
                result.completeExceptionally(new IllegalStateException(
                        "property group '" + stream.name() + "': " + arn + " cannot be written: " + error.getMessage(), error));
            } else {
                LOG.warn("{} records for {} are put again: {}", entries.size(), arn, error.getMessage());
                pause();
                result.retryForEntries(entries);
            }
            return;
        }
        List<PutRecordsRequestEntry> refused = new ArrayList<>();
        for (int place = 0; place < entries.size() && answer.failedRecordCount() > 0; place++) {
            if (answer.records().get(place).errorCode() != null) {
                refused.add(entries.get(place));
            }
        }
        if (refused.isEmpty()) {
            result.complete();
        } else {
            pause();
            result.retryForEntries(refused);
        }
    }

    /** Each shard takes so much a second: what is put again at once is refused again. */
    private static void pause() {
        try {
            Thread.sleep(REFUSED_MILLIS);
        } catch (InterruptedException error) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    protected long getSizeInBytes(PutRecordsRequestEntry entry) {
        return bytes(entry);
    }

    /** As Kinesis counts: the data and the key. */
    static long bytes(PutRecordsRequestEntry entry) {
        return (long) entry.data().asByteArrayUnsafe().length + entry.partitionKey().getBytes(UTF_8).length;
    }

    @Override
    public void close() {
        threads.shutdownNow();
        client.close();
    }
}
