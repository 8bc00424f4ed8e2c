package weir.flink.anomalies;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;

/**
 * Whose points belong together.
 *
 * @param kind of the subject
 * @param tenant of its events
 * @param name of the metric, or the dataset
 * @param subject the service or device
 * @param part of it that is measured by itself, or empty: a component of a machine, a value of a metric's dimension
 */
public record Series(Kind kind, String tenant, String name, String subject, String part) implements Serializable {
    /** What is watched, and the field that names it. */
    public enum Kind {
        SERVICE,
        DEVICE
    }

    /** The key in state. */
    public String key() {
        return String.join("\n", kind.name(), tenant, name, subject, part);
    }

    /** Whether it has points as long as its subject is there. A class of answers has none while nobody gets such an answer. */
    boolean steady() {
        return kind == Kind.DEVICE || part.isEmpty();
    }

    void write(DataOutput to) throws IOException {
        to.writeUTF(kind.name());
        to.writeUTF(tenant);
        to.writeUTF(name);
        to.writeUTF(subject);
        to.writeUTF(part);
    }

    static Series read(DataInput from) throws IOException {
        return new Series(Kind.valueOf(from.readUTF()), from.readUTF(), from.readUTF(), from.readUTF(), from.readUTF());
    }
}
