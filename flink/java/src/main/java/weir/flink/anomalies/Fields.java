package weir.flink.anomalies;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import weir.flink.streams.BadEvent;
import weir.flink.streams.Times;

/** Reads fields of an event by their JSON pointers, and says of a wrong one which it is. */
final class Fields {
    private Fields() {}

    static String text(JsonNode event, String path) throws BadEvent {
        JsonNode found = event.at(path);
        if (!found.isTextual() || found.textValue().isEmpty()) {
            throw wrong(path, found, "text");
        }
        return found.textValue();
    }

    static long time(JsonNode event, String path) throws BadEvent {
        return Times.milliseconds(name(path), text(event, path));
    }

    /** One a measure: NaN where it is missing. */
    static double[] values(JsonNode event, List<Measure> measures) throws BadEvent {
        double[] values = new double[measures.size()];
        for (int at = 0; at < values.length; at++) {
            String path = measures.get(at).path();
            JsonNode found = event.at(path);
            if (!found.isMissingNode() && !found.isNull() && !found.isNumber()) {
                throw wrong(path, found, "a number");
            }
            values[at] = found.isNumber() ? found.doubleValue() : Double.NaN;
        }
        return values;
    }

    static BadEvent wrong(String path, JsonNode found, String wanted) {
        return new BadEvent(
                name(path) + " is " + (found.isMissingNode() ? "missing" : "'" + found + "' where " + wanted + " is wanted"));
    }

    private static String name(String path) {
        return path.substring(1).replace('/', '.');
    }
}
