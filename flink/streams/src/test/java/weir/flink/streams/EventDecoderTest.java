package weir.flink.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;

/** What becomes of a record of {@code events}. */
class EventDecoderTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final EventDecoder<Long> DECODER = new EventDecoder<>("flink-aggregates", new Durations());

    @Test
    void ofAnEventTheApplicationTakesWhatItReads() {
        assertThat(decoded("{\"event\":{\"id\":\"e-1\",\"duration\":7}}")).containsExactly(Either.Right(7L));
    }

    @Test
    void anEventItDoesNotLookAtIsNothing() {
        assertThat(decoded("{\"event\":{\"id\":\"e-1\"}}")).isEmpty();
    }

    @Test
    void anEventItCannotUseIsAnErrorRecordAsTheFunctionsWriteIt() throws Exception {
        JsonNode wanted = JSON.readTree(getClass().getResourceAsStream("/error_record.json"));
        String original = new String(Base64.getDecoder().decode(wanted.get("original").asText()), UTF_8);
        assertThat(JSON.readTree(decoded(original).get(0).left().body())).isEqualTo(wanted);
    }

    @Test
    void whatIsNoEventIsAnErrorRecordOfItsPlace() {
        ErrorRecord noJson = decoded("{\"event\":").get(0).left();
        assertThat(noJson.reason()).isEqualTo("corrupt");
        assertThat(noJson.detail()).startsWith("no JSON: Unexpected end-of-input");
        assertThat(noJson.id()).isEqualTo("weir-dev-events/shardId-000000000001:4959");
        assertThat(noJson.original()).isEqualTo("{\"event\":".getBytes(UTF_8));
        assertThat(decoded("[1]").get(0).left().detail()).isEqualTo("no event: event.id is missing");
    }

    private static List<Either<ErrorRecord, Long>> decoded(String text) {
        List<Either<ErrorRecord, Long>> found = new ArrayList<>();
        StreamRecord record = new StreamRecord(
                "weir-dev-events",
                "shardId-000000000001",
                "4959",
                "p-1",
                Instant.ofEpochMilli(1_795_420_800_250L),
                text.getBytes(UTF_8));
        DECODER.decode(record, new Collector<>() {
            @Override
            public void collect(Either<ErrorRecord, Long> element) {
                found.add(element);
            }

            @Override
            public void close() {}
        });
        return found;
    }

    private static final class Durations implements EventReader<Long> {
        private static final long serialVersionUID = 1L;

        @Override
        public Optional<Long> read(JsonNode event) throws BadEvent {
            JsonNode duration = event.at("/event/duration");
            if (!duration.isMissingNode() && !duration.isNumber()) {
                throw new BadEvent("event.duration is no number: " + duration);
            }
            return duration.isMissingNode() ? Optional.empty() : Optional.of(duration.longValue());
        }

        @Override
        public long timestamp(Long read) {
            return read;
        }

        @Override
        public TypeInformation<Long> type() {
            return Types.LONG;
        }
    }
}
