package weir.flink.streams;

/** Findings as {@code findings} has them: those about one key stay in order. */
public final class FindingEncoder implements RecordEncoder<Finding> {
    private static final long serialVersionUID = 1L;

    @Override
    public byte[] data(Finding finding) {
        return finding.body();
    }

    @Override
    public String partitionKey(Finding finding) {
        return finding.key();
    }
}
