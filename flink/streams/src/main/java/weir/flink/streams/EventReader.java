package weir.flink.streams;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.util.Optional;
import org.apache.flink.api.common.typeinfo.TypeInformation;

/** What an application takes of an event. */
public interface EventReader<T> extends Serializable {
    /**
     * @param event a JSON object with {@code event.id}, {@code event.dataset}, {@code tenant} and {@code @timestamp}
     * @return nothing where the event is none the application looks at
     * @throws BadEvent where it is one, and cannot be used
     */
    Optional<T> read(JsonNode event) throws BadEvent;

    /** When it happened, in milliseconds since the epoch. */
    long timestamp(T read);

    TypeInformation<T> type();
}
