package weir.flink.streams;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.Serializable;

/**
 * What an application found, as one event in Elastic Common Schema names on the stream {@code findings}.
 *
 * @param id of the rule, the key and the time: the same finding made again is the same document
 * @param key its partition key
 * @param body the whole document
 */
public record Finding(String id, String key, byte[] body) implements Serializable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** @param document has {@code event.id} */
    public static Finding of(ObjectNode document, String key) {
        try {
            return new Finding(document.at("/event/id").asText(), key, JSON.writeValueAsBytes(document));
        } catch (JsonProcessingException error) {
            throw new IllegalStateException("a tree is always JSON", error);
        }
    }
}
