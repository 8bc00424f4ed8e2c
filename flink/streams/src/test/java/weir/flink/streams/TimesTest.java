package weir.flink.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Times of events are read as java.time reads them, whichever way is taken. */
class TimesTest {
    @ParameterizedTest
    @ValueSource(strings = {
        "2026-03-01T09:00:00.123Z", "2024-02-29T23:59:59.999Z", "1969-12-31T23:59:59.001Z", "0001-01-01T00:00:00.000Z",
        "2026-03-01T09:00:00Z", "2026-03-01T09:00:00.123456Z", "2026-03-01T10:00:00.123+01:00",
    })
    void aTimeIsItsMilliseconds(String text) throws BadEvent {
        assertThat(Times.milliseconds("@timestamp", text)).isEqualTo(Instant.parse(text).toEpochMilli());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "2026-02-30T09:00:00.123Z", "2026-13-01T09:00:00.123Z", "2026-03-01T25:00:00.123Z", "2026-03-01T09:60:00.123Z",
        "2026-03-01T09:00:61.123Z", "2026-03-01 09:00:00.123Z", "2026-03-01T09:00:00.12xZ", "yesterday", "",
    })
    void whatIsNoTimeIsRefusedWithItsField(String text) {
        assertThatThrownBy(() -> Times.milliseconds("@timestamp", text))
                .isInstanceOf(BadEvent.class)
                .hasMessage("@timestamp is no time: '" + text + "'");
    }

    @Test
    void whatIsWrittenIsRead() throws BadEvent {
        for (long at = -100_000_000_000L; at < 4_000_000_000_000L; at += 12_345_678_901L) {
            assertThat(Times.milliseconds("t", Times.text(at))).isEqualTo(at);
        }
    }
}
