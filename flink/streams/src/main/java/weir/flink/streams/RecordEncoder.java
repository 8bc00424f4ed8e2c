package weir.flink.streams;

import java.io.Serializable;

/** Turns elements into records of a stream. */
public interface RecordEncoder<T> extends Serializable {
    byte[] data(T element);

    /** At most 256 characters; elements of one key stay in order. */
    String partitionKey(T element);
}
