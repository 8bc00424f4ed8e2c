package weir.flink.sql;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import org.apache.flink.table.data.StringData;

/** 64 bits of a text: eight bytes a step as MurmurHash3 mixes them (https://github.com/aappleby/smhasher), which ids need no more than. */
final class Hash {
    private static final VarHandle LONGS =
            MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private Hash() {}

    /** @param seed another gives another hash of the same text */
    static long of(StringData text, long seed) {
        byte[] bytes = text.toBytes();
        long hash = seed ^ bytes.length;
        int at = 0;
        for (; at + Long.BYTES <= bytes.length; at += Long.BYTES) {
            hash = step(hash, (long) LONGS.get(bytes, at));
        }
        long rest = 0;
        for (; at < bytes.length; at++) {
            rest = rest << Byte.SIZE | bytes[at] & 0xffL;
        }
        return spread(step(hash, rest));
    }

    private static long step(long hash, long block) {
        long mixed = Long.rotateLeft(block * 0x87c37b91114253d5L, 31) * 0x4cf5ad432745937fL;
        return Long.rotateLeft(hash ^ mixed, 27) * 5 + 0x52dce729L;
    }

    private static long spread(long hash) {
        long mixed = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ mixed >>> 33;
    }
}
