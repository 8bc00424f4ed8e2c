package weir.flink.anomalies;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DetectorTest {
    private static final int DAY = 288;
    private final Random random = new Random(1);
    private final List<Measure> measures = Datasets.TELEMETRY.get("iot.telemetry").subList(0, 2);
    private final Detector detector = new Detector(Machines.policy().shape(), measures);
    private final List<Integer> anomalous = new ArrayList<>();

    private void observe(int at, double temperature, double humidity) {
        if (detector.observe(at * 300_000L, new double[] {temperature, humidity}).anomalous()) {
            anomalous.add(at);
        }
    }

    private double around(double value) {
        return value + random.nextGaussian();
    }

    @Test
    void aMeasureThatBeginsLaterIsNoAnomaly() {
        for (int at = 0; at < 4 * DAY; at++) {
            observe(at, around(20), at < 2 * DAY ? Double.NaN : around(60));
        }
        assertThat(anomalous).allMatch(at -> at < 2 * DAY);
        anomalous.clear();
        observe(4 * DAY, around(20), 80);
        assertThat(anomalous).containsExactly(4 * DAY);
    }

    @Test
    void whatLastsForADayIsNormalADayLater() {
        int change = 4 * DAY;
        for (int at = 0; at < 8 * DAY; at++) {
            observe(at, around(at < change ? 20 : 35), around(60));
        }
        assertThat(anomalous).first().isEqualTo(change);
        assertThat(anomalous).allMatch(at -> at < change + 2 * DAY + 30);
        observe(8 * DAY, 20, around(60));
        assertThat(anomalous).as("what was normal before").last().isEqualTo(8 * DAY);
    }

    @Test
    void anOutlierDoesNotHideTheNext() {
        for (int at = 0; at < 4 * DAY; at++) {
            observe(at, at > DAY && at % 50 == 0 ? 45 : around(20), around(60));
        }
        assertThat(anomalous).contains(300, 350, 400, 1100, 1150).allMatch(at -> at % 50 == 0);
    }
}
