package weir.flink.anomalies;

import weir.flink.streams.Finding;
import weir.flink.streams.RecordEncoder;

final class FindingEncoder implements RecordEncoder<Finding> {
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
