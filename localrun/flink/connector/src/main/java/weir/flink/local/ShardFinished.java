package weir.flink.local;

import org.apache.flink.api.connector.source.SourceEvent;

/** A reader has read a closed shard to its end: its children may be read. */
record ShardFinished(String shard) implements SourceEvent {}
