package weir.flink.streams;

import java.io.Serializable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;

/** Turns records of a stream into elements. It does not throw for what a record holds, or one record would stop the job. */
public interface RecordDecoder<T> extends Serializable {
    /** Called once in each task before the first record. */
    default void open() throws Exception {}

    void decode(StreamRecord record, Collector<T> out);

    TypeInformation<T> type();
}
