package weir.flink.sql;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.table.data.ArrayData;
import org.apache.flink.table.data.MapData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.types.logical.LogicalType;
import org.apache.flink.table.types.logical.LogicalTypeRoot;
import org.apache.flink.table.types.logical.RowType;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.RecordEncoder;
import weir.flink.streams.Times;

/** Writes rows whose columns are named by their paths as JSON objects, without what is null or no number of JSON's. */
final class RowEncoder implements RecordEncoder<RowData> {
    private static final long serialVersionUID = 1L;
    private static final JsonFactory JSON = new JsonFactory();
    /** Kinesis: PutRecords, "PartitionKey", at most 256 characters. */
    private static final int LONGEST_KEY = 256;

    private static final List<String> LISTS = List.of("ARRAY<STRING>", "MAP<STRING, STRING>", "MAP<STRING, DOUBLE>");

    private final LinkedHashMap<String, Serializable> root = new LinkedHashMap<>();
    private final int[] key;

    RowEncoder(RowType columns, List<String> key) {
        this.key = key.stream().mapToInt(columns::getFieldIndex).toArray();
        for (int column = 0; column < columns.getFieldCount(); column++) {
            add(columns.getFieldNames().get(column), column, columns.getTypeAt(column));
        }
    }

    @SuppressWarnings("unchecked")
    private void add(String path, int index, LogicalType type) {
        String[] names = path.split("\\.");
        LinkedHashMap<String, Serializable> object = root;
        for (int depth = 0; depth < names.length - 1; depth++) {
            object = (LinkedHashMap<String, Serializable>)
                    object.computeIfAbsent(names[depth], name -> new LinkedHashMap<>());
        }
        boolean numbers = type.asSummaryString().equals("MAP<STRING, DOUBLE>");
        object.put(names[names.length - 1], new Column(index, writable(path, type), numbers));
    }

    private static LogicalTypeRoot writable(String path, LogicalType type) {
        return switch (type.getTypeRoot()) {
            case VARCHAR, BIGINT, INTEGER, DOUBLE, BOOLEAN, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> type.getTypeRoot();
            default -> {
                if (LISTS.contains(type.asSummaryString())) {
                    yield type.getTypeRoot();
                }
                throw new ConfigurationException("column `" + path + "` is " + type
                        + "; a stream is written of STRING, BIGINT, INT, DOUBLE, BOOLEAN, TIMESTAMP_LTZ(3), and "
                        + LISTS);
            }
        };
    }

    @Override
    public byte[] data(RowData row) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(512);
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            write(json, root, row);
        } catch (IOException error) {
            throw new IllegalStateException("a row is always JSON", error);
        }
        return bytes.toByteArray();
    }

    @Override
    public String partitionKey(RowData row) {
        StringBuilder joined = new StringBuilder();
        for (int column : key) {
            joined.append(joined.isEmpty() ? "" : "/").append(row.isNullAt(column) ? "" : row.getString(column));
        }
        if (joined.isEmpty()) {
            return "-";
        }
        return joined.substring(0, Math.min(joined.length(), LONGEST_KEY));
    }

    @SuppressWarnings("unchecked")
    private static void write(JsonGenerator json, Map<String, Serializable> object, RowData row) throws IOException {
        json.writeStartObject();
        for (Map.Entry<String, Serializable> field : object.entrySet()) {
            if (field.getValue() instanceof Column column) {
                if (column.in(row)) {
                    json.writeFieldName(field.getKey());
                    column.write(json, row);
                }
            } else {
                Map<String, Serializable> inner = (Map<String, Serializable>) field.getValue();
                if (any(inner, row)) {
                    json.writeFieldName(field.getKey());
                    write(json, inner, row);
                }
            }
        }
        json.writeEndObject();
    }

    @SuppressWarnings("unchecked")
    private static boolean any(Map<String, Serializable> object, RowData row) {
        return object.values().stream().anyMatch(field ->
                field instanceof Column column ? column.in(row) : any((Map<String, Serializable>) field, row));
    }

    /** @param numbers whether it is a map whose values are */
    private record Column(int index, LogicalTypeRoot type, boolean numbers) implements Serializable {
        boolean in(RowData row) {
            return !row.isNullAt(index) && (type != LogicalTypeRoot.DOUBLE || Double.isFinite(row.getDouble(index)));
        }

        void write(JsonGenerator json, RowData row) throws IOException {
            switch (type) {
                case BIGINT -> json.writeNumber(row.getLong(index));
                case INTEGER -> json.writeNumber(row.getInt(index));
                case DOUBLE -> json.writeNumber(row.getDouble(index));
                case BOOLEAN -> json.writeBoolean(row.getBoolean(index));
                case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
                    json.writeString(Times.text(row.getTimestamp(index, 3).getMillisecond()));
                case ARRAY -> write(json, row.getArray(index));
                case MAP -> write(json, row.getMap(index));
                default -> json.writeString(row.getString(index).toString());
            }
        }

        private static void write(JsonGenerator json, ArrayData values) throws IOException {
            json.writeStartArray();
            for (int at = 0; at < values.size(); at++) {
                if (!values.isNullAt(at)) {
                    json.writeString(values.getString(at).toString());
                }
            }
            json.writeEndArray();
        }

        private void write(JsonGenerator json, MapData entries) throws IOException {
            ArrayData names = entries.keyArray();
            ArrayData values = entries.valueArray();
            json.writeStartObject();
            for (int at = 0; at < names.size(); at++) {
                String name = names.getString(at).toString();
                if (values.isNullAt(at)) {
                    continue;
                }
                if (!numbers) {
                    json.writeStringField(name, values.getString(at).toString());
                } else if (Double.isFinite(values.getDouble(at))) {
                    json.writeNumberField(name, values.getDouble(at));
                }
            }
            json.writeEndObject();
        }
    }
}
