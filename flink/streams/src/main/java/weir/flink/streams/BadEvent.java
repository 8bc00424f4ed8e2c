package weir.flink.streams;

/** An event an application cannot use: the message says which field, and why. */
public final class BadEvent extends Exception {
    private static final long serialVersionUID = 1L;

    public BadEvent(String message) {
        super(message);
    }
}
