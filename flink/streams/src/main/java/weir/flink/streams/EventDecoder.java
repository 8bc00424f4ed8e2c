package weir.flink.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;

/** Records of {@code events} or {@code metrics}: what the application takes of them, or why it cannot use one. */
final class EventDecoder<T> implements RecordDecoder<Either<ErrorRecord, T>> {
    private static final long serialVersionUID = 1L;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String step;
    private final EventReader<T> reader;

    EventDecoder(String step, EventReader<T> reader) {
        this.step = step;
        this.reader = reader;
    }

    @Override
    public void decode(StreamRecord record, Collector<Either<ErrorRecord, T>> out) {
        JsonNode event;
        try {
            event = JSON.readTree(record.data());
        } catch (IOException error) {
            out.collect(Either.Left(ErrorRecord.of(record, step, "corrupt", "no JSON: " + firstLine(error), JSON.missingNode())));
            return;
        }
        if (event.at("/event/id").asText().isEmpty()) {
            out.collect(Either.Left(ErrorRecord.of(record, step, "corrupt", "no event: event.id is missing", event)));
            return;
        }
        try {
            Optional<T> read = reader.read(event);
            read.ifPresent(value -> out.collect(Either.Right(value)));
        } catch (BadEvent error) {
            out.collect(Either.Left(ErrorRecord.of(record, step, "malformed", error.getMessage(), event)));
        }
    }

    private static String firstLine(IOException error) {
        return error.getMessage().lines().findFirst().orElse("");
    }

    @Override
    public TypeInformation<Either<ErrorRecord, T>> type() {
        return new EitherTypeInfo<>(TypeInformation.of(ErrorRecord.class), reader.type());
    }
}
