package weir.flink.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.Serializable;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What an application could not process, as the pipeline's functions write it to {@code errors} ({@code common.model.Rejected}).
 *
 * @param id of the event, or made of its place where it has none
 * @param step of the pipeline, {@code flink-} and the application's name
 * @param reason one of malformed, refused, corrupt
 * @param detail what was wrong, for a person
 * @param type the event's dataset, or null
 * @param tenant the event's, or empty
 * @param ingested when it arrived, ISO 8601 in UTC
 * @param original the exact bytes
 */
public record ErrorRecord(
        String id,
        String step,
        String reason,
        String detail,
        String type,
        String tenant,
        String ingested,
        String stream,
        String shard,
        String sequence,
        int position,
        String partitionKey,
        byte[] original)
        implements Serializable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param event what {@code record} holds, or a missing node where that is no JSON */
    public static ErrorRecord of(StreamRecord record, String step, String reason, String detail, JsonNode event) {
        String id = event.at("/event/id").asText();
        return new ErrorRecord(
                id.isEmpty() ? place(record) : id,
                step,
                reason,
                detail,
                event.at("/event/dataset").textValue(),
                event.at("/tenant").asText(),
                Times.text(record.arrival().toEpochMilli()),
                record.stream(),
                record.shard(),
                record.sequence(),
                record.position(),
                record.partitionKey(),
                record.data());
    }

    private static String place(StreamRecord record) {
        String aggregate = record.stream() + "/" + record.shard() + ":" + record.sequence();
        return record.position() == 0 ? aggregate : aggregate + "/" + record.position();
    }

    /** The JSON of the record on {@code errors}. */
    public byte[] body() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("id", id);
        fields.put("step", step);
        fields.put("reason", reason);
        fields.put("detail", detail);
        fields.put("type", type);
        fields.put("tenant", tenant);
        fields.put("ingested", ingested);
        fields.put("stream", stream);
        fields.put("shard", shard);
        fields.put("sequence", sequence);
        fields.put("position", String.valueOf(position));
        fields.put("partition_key", partitionKey);
        fields.put("given", Map.of());
        fields.put("original", Base64.getEncoder().encodeToString(original));
        try {
            return JSON.writeValueAsBytes(fields);
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("strings and maps of strings are always JSON", error);
        }
    }
}
