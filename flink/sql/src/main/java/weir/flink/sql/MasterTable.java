package weir.flink.sql;

import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.LookupTableSource;
import org.apache.flink.table.connector.source.lookup.LookupFunctionProvider;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;
import weir.flink.streams.ConfigurationException;
import weir.flink.streams.PropertyGroup;

/** The items of one kind of the table of master data, joined by their {@code id} when a row is processed. */
final class MasterTable implements LookupTableSource {
    private final PropertyGroup master;
    private final String kind;
    private final DataType columns;

    MasterTable(PropertyGroup master, String kind, DataType columns) {
        this.master = master;
        this.kind = kind;
        this.columns = columns;
    }

    @Override
    public LookupRuntimeProvider getLookupRuntimeProvider(LookupContext context) {
        RowType row = (RowType) columns.getLogicalType();
        if (context.getKeys().length != 1 || !row.getFieldNames().get(context.getKeys()[0][0]).equals("id")) {
            throw new ConfigurationException("master data of kind " + kind + " is joined by its column id alone");
        }
        return LookupFunctionProvider.of(new MasterLookup(master, kind, row));
    }

    @Override
    public DynamicTableSource copy() {
        return new MasterTable(master, kind, columns);
    }

    @Override
    public String asSummaryString() {
        return "master data of kind " + kind;
    }
}
