package weir.flink.streams;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Records in one, as the Kinesis Producer Library writes it (amazon-kinesis-producer, {@code aggregation-format.md}): four bytes,
 * a protobuf message, its MD5. Of the message's fields 1 is a partition key and 3 a record, which has 1, the index of its
 * partition key, and 3, its data.
 */
final class Aggregate {
    private static final byte[] MAGIC = {(byte) 0xf3, (byte) 0x89, (byte) 0x9a, (byte) 0xc2};
    private static final int DIGEST_BYTES = 16;

    /** A record as it was put. */
    record Part(String partitionKey, byte[] data) {}

    /** It begins like an aggregate and is none. */
    static final class Corrupt extends Exception {
        private static final long serialVersionUID = 1L;
    }

    private Aggregate() {}

    static boolean begins(byte[] data) {
        return data.length >= MAGIC.length && Arrays.equals(data, 0, MAGIC.length, MAGIC, 0, MAGIC.length);
    }

    /** What is in {@code data}, in order: all of it, or an exception. */
    static List<Part> open(byte[] data) throws Corrupt {
        int end = data.length - DIGEST_BYTES;
        if (end < MAGIC.length || !Arrays.equals(data, end, data.length, digest(data, end), 0, DIGEST_BYTES)) {
            throw new Corrupt();
        }
        List<String> keys = new ArrayList<>();
        List<Part> parts = new ArrayList<>();
        try {
            ByteBuffer message = ByteBuffer.wrap(data, MAGIC.length, end - MAGIC.length);
            while (message.hasRemaining()) {
                int tag = (int) varint(message);
                if (tag == (1 << 3 | 2)) {
                    keys.add(new String(bytes(slice(message)), StandardCharsets.UTF_8));
                } else if (tag == (3 << 3 | 2)) {
                    parts.add(part(slice(message), keys));
                } else {
                    skip(message, tag);
                }
            }
        } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException error) {
            throw new Corrupt();
        }
        if (parts.isEmpty()) {
            throw new Corrupt();
        }
        return parts;
    }

    private static Part part(ByteBuffer message, List<String> keys) throws Corrupt {
        String key = null;
        byte[] data = null;
        while (message.hasRemaining()) {
            int tag = (int) varint(message);
            if (tag == (1 << 3)) {
                key = keys.get((int) varint(message));
            } else if (tag == (3 << 3 | 2)) {
                data = bytes(slice(message));
            } else {
                skip(message, tag);
            }
        }
        if (key == null || data == null) {
            throw new Corrupt();
        }
        return new Part(key, data);
    }

    private static void skip(ByteBuffer message, int tag) throws Corrupt {
        switch (tag & 7) {
            case 0 -> varint(message);
            case 1 -> message.getLong();
            case 2 -> slice(message);
            case 5 -> message.getInt();
            default -> throw new Corrupt();
        }
    }

    /** The next bytes, as many as the number before them says. */
    private static ByteBuffer slice(ByteBuffer message) {
        int length = (int) varint(message);
        ByteBuffer slice = message.slice(message.position(), length);
        message.position(message.position() + length);
        return slice;
    }

    private static byte[] bytes(ByteBuffer slice) {
        byte[] copy = new byte[slice.remaining()];
        slice.get(copy);
        return copy;
    }

    private static long varint(ByteBuffer message) {
        long number = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = message.get();
            number |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return number;
            }
        }
        throw new IllegalArgumentException("a number does not end");
    }

    private static byte[] digest(byte[] data, int end) {
        try {
            MessageDigest md5 = MessageDigest.getInstance("MD5");
            md5.update(data, MAGIC.length, end - MAGIC.length);
            return md5.digest();
        } catch (NoSuchAlgorithmException error) {
            throw new IllegalStateException("every Java has MD5", error);
        }
    }
}
