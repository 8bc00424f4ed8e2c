package weir.flink.streams;

import java.time.Instant;

/**
 * A record of a stream, and where it is.
 *
 * @param stream name of the stream
 * @param shard its shard's id
 * @param sequence its sequence number in the shard
 * @param partitionKey the key it was put with
 * @param arrival when it arrived, approximately, as the stream says
 * @param data its bytes, decompressed by nobody
 */
public record StreamRecord(
        String stream, String shard, String sequence, String partitionKey, Instant arrival, byte[] data) {}
