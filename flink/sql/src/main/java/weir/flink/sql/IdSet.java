package weir.flink.sql;

/** Ids by 128 bits of hash, 16 bytes each and as much again free: what a set of objects takes a hundred for. */
final class IdSet {
    private static final int LEAST_SLOTS = 64;

    /** Two longs a slot; a slot of zeros is free. */
    private long[] slots = new long[2 * LEAST_SLOTS];

    private int size;

    /** Whether it was not there before. */
    boolean add(long first, long second) {
        if (2 * size >= slots.length / 2) {
            grow();
        }
        return insert(first, first == 0 && second == 0 ? 1 : second);
    }

    int size() {
        return size;
    }

    void forEach(Visitor visitor) {
        for (int at = 0; at < slots.length; at += 2) {
            if ((slots[at] | slots[at + 1]) != 0) {
                visitor.visit(slots[at], slots[at + 1]);
            }
        }
    }

    private boolean insert(long first, long second) {
        int mask = slots.length - 1;
        int at = (int) (second << 1) & mask;
        while ((slots[at] | slots[at + 1]) != 0) {
            if (slots[at] == first && slots[at + 1] == second) {
                return false;
            }
            at = (at + 2) & mask;
        }
        slots[at] = first;
        slots[at + 1] = second;
        size++;
        return true;
    }

    private void grow() {
        IdSet larger = new IdSet();
        larger.slots = new long[2 * slots.length];
        forEach(larger::insert);
        slots = larger.slots;
    }

    /** Takes the two halves of a hash. */
    interface Visitor {
        void visit(long first, long second);
    }
}
