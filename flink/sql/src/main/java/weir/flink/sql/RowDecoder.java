package weir.flink.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.java.typeutils.EitherTypeInfo;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Either;
import org.apache.flink.util.Collector;
import weir.flink.streams.BadEvent;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.ErrorRecord;
import weir.flink.streams.RecordDecoder;
import weir.flink.streams.StreamRecord;
import weir.flink.streams.Times;

/**
 * Reads the columns of a table, named by their paths, from JSON objects; all else is passed over, not built.
 *
 * <p>Flink's own JSON format reads nested rows, says of what is wrong neither path nor value, and has a formatter read
 * the times, which takes as long as all the rest.
 */
final class RowDecoder implements RecordDecoder<Either<ErrorRecord, RowData>> {
    private static final long serialVersionUID = 1L;
    private static final JsonFactory JSON = new JsonFactory();
    private static final ObjectMapper TREES = new ObjectMapper();

    private final String step;
    private final Field root = new Field("", "");
    private final String[] paths;
    private final boolean[] needed;
    private final TypeInformation<RowData> rows;

    RowDecoder(String step, RowType columns, TypeInformation<RowData> rows) {
        this.step = step;
        this.rows = rows;
        paths = columns.getFieldNames().toArray(String[]::new);
        needed = new boolean[paths.length];
        for (int column = 0; column < paths.length; column++) {
            needed[column] = !columns.getTypeAt(column).isNullable();
            root.add(paths[column], 0, column, columns.getTypeAt(column));
        }
    }

    @Override
    public void decode(StreamRecord record, Collector<Either<ErrorRecord, RowData>> out) {
        GenericRowData row = new GenericRowData(paths.length);
        try (JsonParser json = JSON.createParser(record.data())) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new BadEvent("no JSON object");
            }
            read(json, root, row);
            if (json.nextToken() != null) {
                throw new BadEvent("more than one JSON object");
            }
            for (int column = 0; column < paths.length; column++) {
                if (needed[column] && row.isNullAt(column)) {
                    throw new BadEvent(paths[column] + " is missing");
                }
            }
        } catch (IOException error) {
            String told = String.valueOf(error.getMessage()).lines().findFirst().orElse("");
            out.collect(Either.Left(
                    ErrorRecord.of(record, step, "corrupt", "no JSON: " + told, MissingNode.getInstance())));
            return;
        } catch (BadEvent error) {
            out.collect(Either.Left(ErrorRecord.of(record, step, "malformed", error.getMessage(), treeOf(record))));
            return;
        }
        out.collect(Either.Right(row));
    }

    private static void read(JsonParser json, Field object, GenericRowData row) throws IOException, BadEvent {
        Field field = null;
        while ((field = object.after(field, json)) != null) {
            JsonToken token = json.nextToken();
            if (field.isPassedOver()) {
                json.skipChildren();
            } else if (token == JsonToken.VALUE_NULL) {
                continue;
            } else if (field.column >= 0) {
                row.setField(field.column, field.value(json, token));
            } else if (token == JsonToken.START_OBJECT) {
                read(json, field, row);
            } else {
                throw new BadEvent(field.path + " is no object");
            }
        }
    }

    /** Only where a record is refused, for the names of its event. */
    private static JsonNode treeOf(StreamRecord record) {
        try {
            return TREES.readTree(record.data());
        } catch (IOException error) {
            return MissingNode.getInstance();
        }
    }

    @Override
    public TypeInformation<Either<ErrorRecord, RowData>> type() {
        return new EitherTypeInfo<>(TypeInformation.of(ErrorRecord.class), rows);
    }

    /** A field of the objects: a column, an object with fields that are, or what is passed over. */
    private static final class Field implements Serializable {
        private static final long serialVersionUID = 1L;
        /** Names of an object that are remembered: where there are more, they are no names, but keys. */
        private static final int MOST_NAMES = 200;

        private final String path;
        private final SerializedString name;
        private final Map<String, Field> fields = new HashMap<>();
        private int column = -1;
        private LogicalTypeRoot type;

        /** Of the last record: the first field of this object, and what came after this field in the object it is in. */
        private transient Field first;

        private transient Field next;

        Field(String path, String name) {
            this.path = path;
            this.name = new SerializedString(name);
        }

        boolean isPassedOver() {
            return column < 0 && fields.isEmpty();
        }

        /**
         * The field that comes next in this object, null at its end. Mostly it is the one of the last record, which is seen
         * by comparing bytes, in half the time of finding out which one it is.
         *
         * @param before null for the first
         */
        Field after(Field before, JsonParser json) throws IOException {
            Field expected = before == null ? first : before.next;
            if (expected == null) {
                json.nextToken();
            } else if (json.nextFieldName(expected.name)) {
                return expected;
            }
            if (json.currentToken() != JsonToken.FIELD_NAME) {
                return null;
            }
            Field found = fields.get(json.currentName());
            if (found == null) {
                found = new Field("", json.currentName());
                if (fields.size() == MOST_NAMES) {
                    return found;
                }
                fields.put(json.currentName(), found);
            }
            if (before == null) {
                first = found;
            } else {
                before.next = found;
            }
            return found;
        }

        void add(String whole, int from, int index, LogicalType of) {
            int dot = whole.indexOf('.', from);
            int end = dot < 0 ? whole.length() : dot;
            Field field = fields.computeIfAbsent(
                    whole.substring(from, end), part -> new Field(whole.substring(0, end), part));
            if (dot < 0) {
                field.column = index;
                field.type = readable(whole, of);
            } else {
                field.add(whole, dot + 1, index, of);
            }
        }

        private static LogicalTypeRoot readable(String path, LogicalType type) {
            return switch (type.getTypeRoot()) {
                case VARCHAR, BIGINT, INTEGER, DOUBLE, BOOLEAN, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> type.getTypeRoot();
                default -> throw new ConfigurationException("column `" + path + "` is " + type
                        + "; a stream is read as STRING, BIGINT, INT, DOUBLE, BOOLEAN and TIMESTAMP_LTZ(3)");
            };
        }

        /** Its bytes without a string between, where a character is a byte: a row is made of bytes in the end. */
        private static StringData text(JsonParser json) throws IOException {
            char[] characters = json.getTextCharacters();
            byte[] bytes = new byte[json.getTextLength()];
            for (int from = json.getTextOffset(), at = 0; at < bytes.length; at++) {
                char character = characters[from + at];
                if (character > 0x7F) {
                    return StringData.fromString(json.getText());
                }
                bytes[at] = (byte) character;
            }
            return StringData.fromBytes(bytes);
        }

        private String wanted() {
            return switch (type) {
                case VARCHAR -> "text";
                case BIGINT -> "whole number of 64 bits";
                case INTEGER -> "whole number of 32 bits";
                case DOUBLE -> "number";
                case BOOLEAN -> "boolean";
                default -> "time";
            };
        }

        Object value(JsonParser json, JsonToken token) throws IOException, BadEvent {
            switch (type) {
                case VARCHAR:
                    if (token == JsonToken.VALUE_STRING) {
                        return text(json);
                    }
                    break;
                case TIMESTAMP_WITH_LOCAL_TIME_ZONE:
                    if (token == JsonToken.VALUE_STRING) {
                        return TimestampData.fromEpochMillis(Times.milliseconds(path, json.getText()));
                    }
                    break;
                case BIGINT:
                    if (token == JsonToken.VALUE_NUMBER_INT
                            && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
                        return json.getLongValue();
                    }
                    break;
                case INTEGER:
                    if (token == JsonToken.VALUE_NUMBER_INT && json.getNumberType() == JsonParser.NumberType.INT) {
                        return json.getIntValue();
                    }
                    break;
                case DOUBLE:
                    if (token.isNumeric()) {
                        return json.getDoubleValue();
                    }
                    break;
                default:
                    if (token.isBoolean()) {
                        return json.getBooleanValue();
                    }
            }
            String found = token.isStructStart() ? token.asString() + "…" : json.getText();
            throw new BadEvent(path + " is no " + wanted() + ": " + found);
        }
    }
}
