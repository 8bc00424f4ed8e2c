package weir.flink.local;

/** A shard while it is read. */
final class ShardState {
    private final String shard;
    private ShardPosition position;

    ShardState(ShardSplit split) {
        shard = split.shard();
        position = split.position();
    }

    String shard() {
        return shard;
    }

    void readUpTo(String sequence) {
        position = ShardPosition.after(sequence);
    }

    ShardSplit split() {
        return new ShardSplit(shard, position);
    }
}
