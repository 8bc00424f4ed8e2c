package weir.flink.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.Collector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a decoder gets of a record that holds many. */
class UserRecordsTest {
    private static final Instant ARRIVAL = Instant.ofEpochMilli(1_795_420_800_250L);
    private static final byte[] MAGIC = {(byte) 0xf3, (byte) 0x89, (byte) 0x9a, (byte) 0xc2};

    @Test
    void aRecordByItselfIsHandedOnAsItIs() {
        StreamRecord record = of("{}".getBytes(UTF_8));
        assertThat(decoded(record)).containsExactly(record);
    }

    @Test
    void recordsThatWereAggregatedAreDecodedOneByOneUnderTheirOwnKeys() throws Exception {
        String large = "x".repeat(40_000);
        byte[] data = sealed(key("k1"), key("k2"), hashKey(), part(0, "one"), part(1, large), part(0, ""));
        List<StreamRecord> found = decoded(of(data));
        assertThat(found).extracting(StreamRecord::partitionKey).containsExactly("k1", "k2", "k1");
        assertThat(found).extracting(record -> new String(record.data(), UTF_8)).containsExactly("one", large, "");
        assertThat(found).extracting(StreamRecord::position).containsExactly(0, 1, 2);
        assertThat(found).allSatisfy(record -> {
            assertThat(record.sequence()).isEqualTo("4959");
            assertThat(record.shard()).isEqualTo("shardId-000000000001");
            assertThat(record.arrival()).isEqualTo(ARRIVAL);
        });
    }

    @Test
    void fieldsOfALaterVersionArePassedOver() throws Exception {
        byte[] data = sealed(
                key("k1"),
                new byte[] {9 << 3 | 1, 0, 0, 0, 0, 0, 0, 0, 0},
                new byte[] {9 << 3 | 5, 0, 0, 0, 0},
                new byte[] {9 << 3, 1},
                delimited(9, new byte[3]),
                part(0, "one"));
        assertThat(decoded(of(data))).extracting(record -> new String(record.data(), UTF_8)).containsExactly("one");
    }

    @Test
    void errorRecordsOfOneAggregateHaveIdsAndPositionsOfTheirOwn() throws Exception {
        List<StreamRecord> found = decoded(of(sealed(key("k1"), part(0, "one"), part(0, "two"))));
        List<ErrorRecord> errors = found.stream()
                .map(record -> ErrorRecord.of(
                        record, "flink-x", "corrupt", "no JSON", com.fasterxml.jackson.databind.node.MissingNode.getInstance()))
                .toList();
        assertThat(errors)
                .extracting(ErrorRecord::id)
                .containsExactly("weir-dev-events/shardId-000000000001:4959", "weir-dev-events/shardId-000000000001:4959/1");
        assertThat(new String(errors.get(1).body(), UTF_8)).contains("\"position\":\"1\"", "\"partition_key\":\"k1\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"digest", "empty", "no key", "too long", "negative", "no data", "group", "endless"})
    void whatBeginsLikeAnAggregateAndIsNoneGoesOnAsItIs(String damage) throws Exception {
        byte[] data =
                switch (damage) {
                    case "digest" -> {
                        byte[] whole = sealed(key("k1"), part(0, "one"));
                        whole[whole.length - 1] ^= 1;
                        yield whole;
                    }
                    case "empty" -> sealed(key("k1"));
                    case "no key" -> sealed(key("k1"), part(1, "one"));
                    case "too long" -> sealed(key("k1"), new byte[] {3 << 3 | 2, 100, 1});
                    case "negative" -> sealed(key("k1"), new byte[] {3 << 3 | 2, -1, -1, -1, -1, 15, 1});
                    case "no data" -> sealed(key("k1"), delimited(3, new byte[] {1 << 3, 0}));
                    case "group" -> sealed(key("k1"), part(0, "one"), new byte[] {9 << 3 | 3});
                    default -> sealed(key("k1"), part(0, "one"), filled(11));
                };
        StreamRecord record = of(data);
        assertThat(decoded(record)).containsExactly(record);
        StreamRecord short_ = of(Arrays.copyOf(data, 7));
        assertThat(decoded(short_)).containsExactly(short_);
    }

    private static byte[] filled(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) -1);
        return bytes;
    }

    private static StreamRecord of(byte[] data) {
        return new StreamRecord("weir-dev-events", "shardId-000000000001", "4959", "0f", ARRIVAL, data);
    }

    private static List<StreamRecord> decoded(StreamRecord record) {
        List<StreamRecord> found = new ArrayList<>();
        new UserRecords<>(new Whole()).decode(record, new Collector<>() {
            @Override
            public void collect(StreamRecord element) {
                found.add(element);
            }

            @Override
            public void close() {}
        });
        return found;
    }

    private static final class Whole implements RecordDecoder<StreamRecord> {
        private static final long serialVersionUID = 1L;

        @Override
        public void decode(StreamRecord record, Collector<StreamRecord> out) {
            out.collect(record);
        }

        @Override
        public TypeInformation<StreamRecord> type() {
            return TypeInformation.of(StreamRecord.class);
        }
    }

    private static byte[] sealed(byte[]... fields) throws Exception {
        byte[] message = joined(fields);
        return joined(MAGIC, message, MessageDigest.getInstance("MD5").digest(message));
    }

    private static byte[] key(String name) {
        return delimited(1, name.getBytes(UTF_8));
    }

    private static byte[] hashKey() {
        return delimited(2, "12345".getBytes(UTF_8));
    }

    private static byte[] part(int key, String data) {
        return delimited(3, joined(new byte[] {1 << 3, (byte) key, 2 << 3, 0}, delimited(3, data.getBytes(UTF_8))));
    }

    private static byte[] delimited(int field, byte[] content) {
        ByteArrayOutputStream length = new ByteArrayOutputStream();
        int left = content.length;
        while (left > 0x7f) {
            length.write(left & 0x7f | 0x80);
            left >>>= 7;
        }
        length.write(left);
        return joined(new byte[] {(byte) (field << 3 | 2)}, length.toByteArray(), content);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
