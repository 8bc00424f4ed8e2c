package weir.flink.streams;

/** Errors as {@code errors} has them: those of one partition key stay in order. */
public final class ErrorEncoder implements RecordEncoder<ErrorRecord> {
    private static final long serialVersionUID = 1L;

    @Override
    public byte[] data(ErrorRecord error) {
        return error.body();
    }

    @Override
    public String partitionKey(ErrorRecord error) {
        return error.partitionKey();
    }
}
