package weir.flink.streams;

import java.time.Instant;

/**
 * A record of a stream, and where it is.
 *
 * @param stream name of the stream
 * @param shard its shard's id
 * @param sequence its sequence number in the shard
 * @param position its place in an aggregate; 0 for a record by itself
 * @param partitionKey the key it was put with
 * @param arrival when it arrived, approximately, as the stream says
 * @param data its bytes, decompressed by nobody
 */
public record StreamRecord(
        String stream, String shard, String sequence, int position, String partitionKey, Instant arrival, byte[] data) {
    /** A record by itself. */
    public StreamRecord(String stream, String shard, String sequence, String partitionKey, Instant arrival, byte[] data) {
        this(stream, shard, sequence, 0, partitionKey, arrival, data);
    }

    /** The record at {@code place} of this aggregate. */
    StreamRecord part(int place, Aggregate.Part part) {
        return new StreamRecord(stream, shard, sequence, place, part.partitionKey(), arrival, part.data());
    }
}
