package weir.flink.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.flink.api.common.functions.util.ListCollector;
import org.apache.flink.table.api.DataTypes;
import org.apache.flink.table.data.GenericArrayData;
import org.apache.flink.table.data.GenericMapData;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.data.StringData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.runtime.typeutils.InternalTypeInfo;
import org.apache.flink.table.types.logical.RowType;
import org.apache.flink.types.Either;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import weir.flink.streams.ErrorRecord;
import weir.flink.streams.StreamRecord;

/** Rows are JSON objects whose fields are found by the paths that name their columns. */
class RowsTest {
    private static final RowType READ = (RowType) DataTypes.ROW(
                    DataTypes.FIELD("event.id", DataTypes.STRING().notNull()),
                    DataTypes.FIELD("event.duration", DataTypes.BIGINT()),
                    DataTypes.FIELD("n", DataTypes.INT()),
                    DataTypes.FIELD("x", DataTypes.DOUBLE()),
                    DataTypes.FIELD("b", DataTypes.BOOLEAN()),
                    DataTypes.FIELD("@timestamp", DataTypes.TIMESTAMP_LTZ(3)))
            .getLogicalType();

    @Test
    void columnsAreReadByTheirPathsInAnyOrderAndNothingElseIs() {
        String json = "{\"x\":2,\"other\":{\"event\":{\"id\":\"no\"},\"list\":[{}]},\"@timestamp\":\"2026-03-01T09:00:00.123Z\","
                + "\"event\":{\"more\":null,\"duration\":9007199254740993,\"id\":\"\\u00e4€😀\"},\"b\":true,\"n\":null}";

        assertThat(decode(json)).isEqualTo(Either.Right(GenericRowData.of(
                StringData.fromString("ä€😀"), 9_007_199_254_740_993L, null, 2.0, true,
                TimestampData.fromEpochMillis(1_772_355_600_123L))));
    }

    @Test
    void whatCameBeforeMakesNothingOfARowAnother() {
        String keys = IntStream.range(0, 1_000).mapToObj(key -> "\"k" + key + "\":" + key).collect(Collectors.joining(","));
        List<String> records = List.of(
                "{\"n\":1,\"event\":{\"id\":\"a\",\"duration\":1},\"b\":true}",
                "{\"n\":2,\"event\":{\"id\":\"b\",\"duration\":2},\"b\":false}",
                "{\"b\":true,\"event\":{\"duration\":3,\"id\":\"c\"},\"n\":3}",
                "{\"na\":0,\"n\":4,\"event\":{\"i\":0,\"id\":\"d\"},\"\":0,\"b\":true}",
                "{" + keys + ",\"n\":5,\"event\":{" + keys + ",\"id\":\"e\"}}",
                "{" + keys + ",\"n\":6,\"event\":{" + keys + ",\"id\":\"f\"}}",
                "{\"\\u006e\":7,\"event\":{},\"event\":{\"id\":\"no\",\"id\":\"g\"}}",
                "{\"n\":8,\"event\":{\"id\":\"h\",\"duration\":8},\"b\":true}");
        List<Either<ErrorRecord, RowData>> out = new ArrayList<>();

        RowDecoder decoder = decoder();
        records.forEach(record -> decoder.decode(record(record), new ListCollector<>(out)));

        assertThat(out).containsExactly(
                row("a", 1L, 1, true), row("b", 2L, 2, false), row("c", 3L, 3, true), row("d", null, 4, true),
                row("e", null, 5, null), row("f", null, 6, null), row("g", null, 7, null), row("h", 8L, 8, true));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {"event":{}}                                     | malformed | event.id is missing
            {"event":{"id":null}}                            | malformed | event.id is missing
            {"event":"x"}                                    | malformed | event is no object
            {"event":{"id":7}}                               | malformed | event.id is no text: 7
            {"event":{"id":["a"]}}                           | malformed | event.id is no text: […
            {"event":{"id":"a","duration":1.5}}              | malformed | event.duration is no whole number of 64 bits: 1.5
            {"event":{"id":"a","duration":9223372036854775808}} | malformed | event.duration is no whole number of 64 bits: 9223372036854775808
            {"event":{"id":"a"},"n":2147483648}              | malformed | n is no whole number of 32 bits: 2147483648
            {"event":{"id":"a"},"x":"1"}                     | malformed | x is no number: 1
            {"event":{"id":"a"},"b":0}                       | malformed | b is no boolean: 0
            {"event":{"id":"a"},"@timestamp":1}              | malformed | @timestamp is no time: 1
            {"event":{"id":"a"},"@timestamp":"2026-02-30T00:00:00.000Z"} | malformed | @timestamp is no time: '2026-02-30T00:00:00.000Z'
            {"event":{"id":"a"}} {}                          | malformed | more than one JSON object
            7                                                | malformed | no JSON object
            {"event":{"id":"a"}                              | corrupt   | no JSON: Unexpected end-of-input: expected close marker for Object (start marker at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 1])
            """)
    void whatIsNoRowIsRefusedWithPathAndValue(String json, String reason, String detail) {
        ErrorRecord refused = decode(json).left();

        assertThat(refused.reason()).isEqualTo(reason);
        assertThat(refused.detail()).isEqualTo(detail);
        assertThat(new String(refused.original(), StandardCharsets.UTF_8)).isEqualTo(json);
    }

    @Test
    void aRowIsWrittenAsNestedObjectsWithoutWhatIsNullOrNoNumber() {
        RowType type = (RowType) DataTypes.ROW(
                        DataTypes.FIELD("event.id", DataTypes.STRING()),
                        DataTypes.FIELD("tenant", DataTypes.STRING()),
                        DataTypes.FIELD("event.end", DataTypes.TIMESTAMP_LTZ(3)),
                        DataTypes.FIELD("a.b.c", DataTypes.DOUBLE()),
                        DataTypes.FIELD("tags", DataTypes.ARRAY(DataTypes.STRING())),
                        DataTypes.FIELD("names", DataTypes.MAP(DataTypes.STRING(), DataTypes.STRING())),
                        DataTypes.FIELD("sums", DataTypes.MAP(DataTypes.STRING(), DataTypes.DOUBLE())))
                .getLogicalType();
        RowEncoder encoder = new RowEncoder(type, List.of("tenant", "event.id"));
        Map<StringData, StringData> names = new HashMap<>();
        names.put(StringData.fromString("gone"), null);
        names.put(StringData.fromString("kept"), StringData.fromString("\"ä\""));
        RowData row = GenericRowData.of(
                StringData.fromString("i"),
                StringData.fromString("shop"),
                TimestampData.fromEpochMillis(1_772_355_600_000L),
                Double.NaN,
                new GenericArrayData(new Object[] {StringData.fromString("web"), null}),
                new GenericMapData(names),
                new GenericMapData(Map.of(StringData.fromString("p95"), 1.5)));

        assertThat(new String(encoder.data(row), StandardCharsets.UTF_8)).isEqualTo(
                "{\"event\":{\"id\":\"i\",\"end\":\"2026-03-01T09:00:00.000Z\"},\"tenant\":\"shop\",\"tags\":[\"web\"],"
                        + "\"names\":{\"kept\":\"\\\"ä\\\"\"},\"sums\":{\"p95\":1.5}}");
        assertThat(encoder.partitionKey(row)).isEqualTo("shop/i");
    }

    @Test
    void aPartitionKeyIsNeverEmptyAndNoLongerThanKinesisTakes() {
        RowType type = (RowType) DataTypes.ROW(DataTypes.FIELD("k", DataTypes.STRING())).getLogicalType();
        RowEncoder encoder = new RowEncoder(type, List.of("k"));

        assertThat(encoder.partitionKey(GenericRowData.of((Object) null))).isEqualTo("-");
        assertThat(encoder.partitionKey(GenericRowData.of(StringData.fromString("k".repeat(300))))).isEqualTo("k".repeat(256));
    }

    private static Either<ErrorRecord, RowData> decode(String json) {
        List<Either<ErrorRecord, RowData>> out = new ArrayList<>();
        decoder().decode(record(json), new ListCollector<>(out));
        assertThat(out).hasSize(1);
        return out.get(0);
    }

    private static RowDecoder decoder() {
        return new RowDecoder("flink-test", READ, InternalTypeInfo.of(READ));
    }

    private static StreamRecord record(String json) {
        return new StreamRecord("events", "shardId-0", "1", "key", Instant.EPOCH, json.getBytes(StandardCharsets.UTF_8));
    }

    private static Either<ErrorRecord, RowData> row(String id, Long duration, Integer n, Boolean b) {
        return Either.Right(GenericRowData.of(StringData.fromString(id), duration, n, null, b, null));
    }
}
