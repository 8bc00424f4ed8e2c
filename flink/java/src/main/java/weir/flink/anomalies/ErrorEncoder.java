package weir.flink.anomalies;

import weir.flink.streams.ErrorRecord;
import weir.flink.streams.RecordEncoder;

final class ErrorEncoder implements RecordEncoder<ErrorRecord> {
    private static final long serialVersionUID = 1L;
    /** Kinesis: PutRecords, "PartitionKey". */
    private static final int LONGEST_KEY = 256;

    @Override
    public byte[] data(ErrorRecord error) {
        return error.body();
    }

    @Override
    public String partitionKey(ErrorRecord error) {
        return error.id().substring(0, Math.min(error.id().length(), LONGEST_KEY));
    }
}
