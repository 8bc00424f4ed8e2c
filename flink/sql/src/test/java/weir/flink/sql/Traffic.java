package weir.flink.sql;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import weir.flink.streams.Times;

/**
 * Events of an application's services, as {@code normalise} writes them, each made of its shard and position alone.
 *
 * @param count of shards
 * @param size records in each
 * @param everyMillis of event time between two records of a shard; they are out of order by up to two seconds
 * @param repeatEvery of which one is a record delivered again, 0 for none
 * @param badEvery of which one is no event, 0 for none
 */
record Traffic(int count, long size, double everyMillis, int repeatEvery, int badEvery) implements ShardedStreams.Shards {
    static final long START = 1_772_355_600_000L; // 2026-03-01T09:00:00Z, the beginning of an hour
    private static final String[] SERVICES = {"checkout", "search", "login", "cart", "payments", "catalog", "mail", "ship"};
    private static final String[] BAD = {
        "not json", "{\"event\":{\"id\":\"cut", "[1,2]", "{\"@timestamp\":\"2026-03-01T09:00:00.000Z\"}",
        "{\"event\":{\"id\":\"b\",\"dataset\":\"app\",\"ingested\":\"yesterday\"},\"tenant\":\"shop\",\"@timestamp\":\"2026-03-01T09:00:00.000Z\"}",
    };

    private static final ThreadLocal<Second[]> RECENT = ThreadLocal.withInitial(() -> new Second[16]);

    private record Second(long number, String text) {}

    /** What a record says. */
    record Event(String id, long at, long ingested, String tenant, String service, int status, long duration, String ip, long bytes) {
        boolean failed() {
            return status >= 500;
        }
    }

    boolean bad(long position) {
        return badEvery > 0 && position % badEvery == badEvery - 1;
    }

    boolean repeat(long position) {
        return repeatEvery > 0 && position % repeatEvery == repeatEvery - 1 && position > 400 && !bad(position);
    }

    /** The event of a record that is none of the bad ones. */
    Event event(int shard, long position) {
        if (repeat(position)) {
            // The one it repeats is neither bad nor a repeat; with one more it would be the same in 400 of any period.
            long earlier = position - 400;
            while (bad(earlier) || repeat(earlier)) {
                earlier++;
            }
            return event(shard, earlier);
        }
        long random = mixed(shard * 0x9E3779B97F4A7C15L + position);
        long at = START + (long) (position * everyMillis) - Math.floorMod(random, 2_001L) + 2_000;
        random = mixed(random);
        int dice = (int) Math.floorMod(random, 1_000L);
        int status = dice < 20 ? 502 : dice < 60 ? 404 : 200;
        // A long tail: most answers take some milliseconds, one in a hundred a second.
        long duration = 1_000_000L + (1L << (10 + Math.floorMod(random >>> 12, 20))) + Math.floorMod(random >>> 17, 100_000L) * 100;
        int service = (int) (Math.floorMod(random >>> 40, 16L) * Math.floorMod(random >>> 48, 8L) / 15);
        return new Event(
                HexFormat.of().toHexDigits(shard, 6) + HexFormat.of().toHexDigits(mixed(position)) + "0000",
                at,
                at + 700,
                (random >>> 60) % 4 == 0 ? "bank" : "shop",
                SERVICES[service],
                status,
                duration,
                "10.0." + Math.floorMod(random >>> 20, 2L) + "." + Math.floorMod(random >>> 24, 250L),
                Math.floorMod(random >>> 30, 9_000L) + 100);
    }

    @Override
    public byte[] record(int shard, long position) {
        if (bad(position)) {
            return BAD[(int) (position / badEvery % BAD.length)].getBytes(StandardCharsets.UTF_8);
        }
        return json(event(shard, position));
    }

    static byte[] json(Event event) {
        StringBuilder json = new StringBuilder(900)
                .append("{\"@timestamp\":\"").append(text(event.at))
                .append("\",\"event\":{\"kind\":\"event\",\"category\":[\"web\"],\"type\":[\"access\"],\"outcome\":\"")
                .append(event.status < 400 ? "success" : "failure")
                .append("\",\"duration\":").append(event.duration)
                .append(",\"id\":\"").append(event.id)
                .append("\",\"dataset\":\"app\",\"ingested\":\"").append(text(event.ingested))
                .append("\"},\"log\":{\"level\":\"info\"},\"message\":\"GET /v1/items/4711 answered\",\"service\":{\"name\":\"")
                .append(event.service)
                .append("\",\"version\":\"1.4.2\"},\"trace\":{\"id\":\"4bf92f3577b34da6a3ce929d0e0e4736\"},\"span\":{\"id\":\"00f067aa0ba902b7\"},")
                .append("\"http\":{\"request\":{\"method\":\"GET\"},\"response\":{\"status_code\":").append(event.status)
                .append(",\"bytes\":").append(event.bytes)
                .append("}},\"url\":{\"path\":\"/v1/items/4711\"},\"user\":{\"name\":\"ada\"},\"source\":{\"ip\":\"").append(event.ip)
                .append("\"},\"cloud\":{\"region\":\"eu-central-1\"},\"tenant\":\"").append(event.tenant)
                .append("\",\"app\":{\"pid\":17,\"hostname\":\"checkout-7c9f\"}}");
        return json.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** As {@link Times#text}, which is asked once a second: the generator may not cost more than what it feeds. */
    private static String text(long at) {
        long second = Math.floorDiv(at, 1_000L);
        Second[] recent = RECENT.get();
        int slot = (int) (second & 15);
        if (recent[slot] == null || recent[slot].number != second) {
            recent[slot] = new Second(second, Times.text(second * 1_000).substring(0, 20));
        }
        return recent[slot].text + String.valueOf(1_000 + Math.floorMod(at, 1_000L)).substring(1) + "Z";
    }

    /** SplitMix64's mixing step (Steele, Lea, Flood 2014). */
    private static long mixed(long value) {
        long mixed = value + 0x9E3779B97F4A7C15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xBF58476D1CE4E5B9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
        return mixed ^ (mixed >>> 31);
    }
}
