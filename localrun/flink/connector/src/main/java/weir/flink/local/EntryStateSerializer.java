package weir.flink.local;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import org.apache.flink.connector.base.sink.writer.AsyncSinkWriterStateSerializer;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.kinesis.model.PutRecordsRequestEntry;

/** Records that were not yet written when a checkpoint was taken. */
final class EntryStateSerializer extends AsyncSinkWriterStateSerializer<PutRecordsRequestEntry> {
    @Override
    public int getVersion() {
        return 1;
    }

    @Override
    protected void serializeRequestToStream(PutRecordsRequestEntry request, DataOutputStream out) throws IOException {
        out.writeUTF(request.partitionKey());
        out.write(request.data().asByteArrayUnsafe());
    }

    @Override
    protected PutRecordsRequestEntry deserializeRequestFromStream(long size, DataInputStream in) throws IOException {
        String key = in.readUTF();
        byte[] data = new byte[(int) size - key.getBytes(UTF_8).length];
        in.readFully(data);
        return PutRecordsRequestEntry.builder().partitionKey(key).data(SdkBytes.fromByteArrayUnsafe(data)).build();
    }
}
