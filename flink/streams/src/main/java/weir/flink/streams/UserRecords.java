package weir.flink.streams;

import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;

/**
 * Gives a decoder the records as they were put, those of an aggregate one by one, for which Apache's connector leaves it to the
 * decoder. What begins like an aggregate and is none goes on as it is.
 */
public record UserRecords<T>(RecordDecoder<T> decoder) implements RecordDecoder<T> {
    @Override
    public void open() throws Exception {
        decoder.open();
    }

    @Override
    public void decode(StreamRecord record, Collector<T> out) {
        if (!Aggregate.begins(record.data())) {
            decoder.decode(record, out);
            return;
        }
        List<Aggregate.Part> parts;
        try {
            parts = Aggregate.open(record.data());
        } catch (Aggregate.Corrupt error) {
            decoder.decode(record, out);
            return;
        }
        for (int position = 0; position < parts.size(); position++) {
            decoder.decode(record.part(position, parts.get(position)), out);
        }
    }

    @Override
    public TypeInformation<T> type() {
        return decoder.type();
    }
}
