package weir.flink.anomalies;

import weir.flink.streams.ErrorRecord;
import weir.flink.streams.RecordEncoder;

final class ErrorEncoder implements RecordEncoder<ErrorRecord> {
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
