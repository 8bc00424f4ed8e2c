package weir.flink.sql;

import java.nio.charset.StandardCharsets;
import java.util.List;

/** The records of one shard, said one by one. */
record Events(List<String> records) implements ShardedStreams.Shards {
    @Override
    public int count() {
        return 1;
    }

    @Override
    public long size() {
        return records.size();
    }

    @Override
    public byte[] record(int shard, long position) {
        return records.get((int) position).getBytes(StandardCharsets.UTF_8);
    }
}
