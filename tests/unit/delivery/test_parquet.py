"""JSON records become rows of a Parquet file by the columns of a Glue table; what does not fit is kept in the error output."""

from __future__ import annotations

import io
import json
from base64 import b64decode
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from localrun.delivery.conversion import FormatConversion, GlueTable, ParquetFormat
from localrun.delivery.converters import Mismatch
from localrun.delivery.deserializer import HiveJson, OpenXJson, row_reader
from localrun.delivery.hive_types import BadType, arrow_type
from localrun.delivery.parquet import convert
from localrun.delivery.stream import Buffering
from localrun.delivery.timestamps import BadPattern, hive, openx
from localrun.delivery.unsupported import Unsupported
from tests.unit.delivery.fakes import CONVERSION, DELIMITER, NOW_MS, Run, record, to_s3
from tests.unit.event_sources.fakes import denied

CONVERTED: dict[str, Any] = {"DataFormatConversionConfiguration": CONVERSION, "CompressionFormat": "UNCOMPRESSED"}
NOON = 1_486_480_381_000_000_000  # 2017-02-07T15:13:01Z


def values(data: bytes, serde: OpenXJson | HiveJson | None = None, **columns: str) -> list[Any]:
    """The only row of a record."""
    schema = pa.schema([pa.field(name, arrow_type(kind)) for name, kind in columns.items()])
    [row] = row_reader(serde or OpenXJson(), schema)(data)
    return row


def configured(**changes: Any) -> FormatConversion:
    arn = "arn:aws:firehose:us-east-1:000000000000:deliverystream/lake"
    return FormatConversion.from_config(CONVERSION | changes, arn)


def serializer(**serde: Any) -> dict[str, Any]:
    return {"OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": serde}}}


def deserializer(name: str, **serde: Any) -> dict[str, Any]:
    return {"InputFormatConfiguration": {"Deserializer": {name: serde}}}


class TestTypes:
    @pytest.mark.parametrize(
        ("hive_type", "arrow"),
        [
            ("string", pa.string()),
            ("varchar(20)", pa.string()),
            ("tinyint", pa.int8()),
            ("smallint", pa.int16()),
            ("int", pa.int32()),
            ("BIGINT", pa.int64()),
            ("float", pa.float32()),
            ("double", pa.float64()),
            ("boolean", pa.bool_()),
            ("date", pa.date32()),
            ("timestamp", pa.timestamp("ns")),
            ("binary", pa.binary()),
            ("decimal(12, 3)", pa.decimal128(12, 3)),
            ("decimal", pa.decimal128(10, 0)),
            ("array<array<int>>", pa.list_(pa.list_(pa.int32()))),
            ("map<string,decimal(4,2)>", pa.map_(pa.string(), pa.decimal128(4, 2))),
            (
                "struct<ip:string,geo:struct<lat:double>>",
                pa.struct([("ip", pa.string()), ("geo", pa.struct([("lat", pa.float64())]))]),
            ),
        ],
    )
    def test_a_hive_type_has_its_arrow_type(self, hive_type: str, arrow: pa.DataType) -> None:
        assert arrow_type(hive_type) == arrow

    @pytest.mark.parametrize("hive_type", ["uniontype<int,string>", "array<>", "map<int>", "decimal(39,1)", "decimal(3,4)", ""])
    def test_what_no_column_can_have_is_refused(self, hive_type: str) -> None:
        with pytest.raises(BadType):
            arrow_type(hive_type)


class TestTimestamps:
    @pytest.mark.parametrize(
        ("value", "nanoseconds"),
        [
            ("2017-02-07T15:13:01Z", NOON),
            ("2017-02-07T15:13:01.39256Z", NOON + 392_560_000),
            ("2017-2-7 15:13:01.14", NOON + 140_000_000),
            (1_486_480_381, NOON),
            (1_486_480_381_500, NOON + 500_000_000),
            (Decimal("1486480381.123456789"), NOON + 123_456_789),
            ("1486480381", NOON),
            ("07/Feb/2017", None),
            (True, None),
            (Decimal("1e999999"), None),
            (10**19, None),
            ("2017-02-31 00:00:00", None),
        ],
    )
    def test_openx_reads_the_documented_forms(self, value: Any, nanoseconds: int | None) -> None:
        assert openx(value) == nanoseconds

    @pytest.mark.parametrize(
        ("patterns", "value", "nanoseconds"),
        [
            ([], "2017-02-07 15:13:01.5", NOON + 500_000_000),
            ([], "2017-02-07T15:13:01Z", None),
            (["millis"], 1_486_480_381_000, NOON),
            (["dd/MMM/yyyy:HH:mm:ss Z"], "07/Feb/2017:16:13:01 +0100", NOON),
            (["yyyy", "M/d/yy h:mm:ss a"], "2/7/17 3:13:01 PM", NOON),
            (["yyyy-MM-dd'T'HH:mm:ss.SSSZ"], "2017-02-07T15:13:01.250Z", NOON + 250_000_000),
            (["dd/MMM/yyyy"], "07/Foo/2017", None),
        ],
    )
    def test_hive_reads_the_given_forms(self, patterns: list[str], value: Any, nanoseconds: int | None) -> None:
        assert hive(patterns)(value) == nanoseconds

    @pytest.mark.parametrize("pattern", ["yyyy QQ", "yyyy 'open", "yyyy yyyy"])
    def test_a_pattern_that_cannot_be_read_is_refused(self, pattern: str) -> None:
        with pytest.raises(BadPattern, match="timestamp format"):
            hive([pattern])


class TestDeserializers:
    def test_openx_reads_numbers_and_booleans_from_text_and_keeps_nested_json_as_text(self) -> None:
        data = b'{"n":"12","f":"1.5","b":"TRUE","s":{"a":[1,2.50]},"t":3}'
        assert values(data, n="int", f="double", b="boolean", s="string", t="string") == [
            12,
            1.5,
            True,
            '{"a":[1,2.50]}',
            "3",
        ]

    @pytest.mark.parametrize(
        ("kind", "value"),
        [("int", b'"12"'), ("boolean", b'"true"'), ("string", b'{"a":1}'), ("timestamp", b"1486480381")],
    )
    def test_hive_does_not(self, kind: str, value: bytes) -> None:
        with pytest.raises(Mismatch) as refused:
            values(b'{"a":' + value + b"}", HiveJson(), a=kind)
        assert (refused.value.code, str(refused.value)) == (
            "DataFormatConversion.MalformedData",
            "Data does not match the schema.",
        )

    def test_keys_are_lowercased_and_dots_replaced_where_asked_for(self) -> None:
        data = b'{"Source.IP":"a","Nested":{"Inner":1}}'
        columns: dict[str, Any] = {"source_ip": "string", "nested": "struct<inner:int>"}
        assert values(data, OpenXJson(dots_to_underscores=True), **columns) == ["a", {"inner": 1}]
        assert values(data, OpenXJson(case_insensitive=False), **columns) == [None, None]

    def test_a_column_may_have_another_key(self) -> None:
        assert values(b'{"Timestamp":7,"ts":8}', OpenXJson(mappings={"ts": "Timestamp"}), ts="int") == [7]

    def test_nested_values_are_of_their_types(self) -> None:
        data = b'{"l":[1,null],"m":{"a":"2"},"s":{"x":"3","more":1},"d":"2024-02-29","n":1.005,"b":"AP8="}'
        columns: dict[str, Any] = {
            "l": "array<int>",
            "m": "map<string,int>",
            "s": "struct<x:bigint,y:int>",
            "d": "date",
            "n": "decimal(5,2)",
        }
        found = values(data, **columns, b="binary")
        assert found == [[1, None], [("a", 2)], {"x": 3, "y": None}, date(2024, 2, 29), Decimal("1.01"), b"\x00\xff"]

    @pytest.mark.parametrize(
        ("kind", "value"),
        [
            ("tinyint", b"128"),
            ("int", b"1.5"),
            ("bigint", b"1e999999"),
            ("double", b"1e400"),
            ("decimal(4,2)", b"100"),
            ("decimal(4,2)", b"99.999"),
            ("array<int>", b"1"),
            ("map<string,int>", b"[]"),
            ("struct<a:int>", b'"a"'),
            ("date", b'"yesterday"'),
            ("binary", b'"no base64!"'),
            ("string", b'"\\ud800"'),
        ],
    )
    def test_what_does_not_fit_is_refused(self, kind: str, value: bytes) -> None:
        with pytest.raises(Mismatch, match="does not match the schema"):
            values(b'{"a":' + value + b"}", a=kind)

    @pytest.mark.parametrize(
        ("data", "code", "words"),
        [
            (b" \n", "DataFormatConversion.MalformedData", "empty or contained only whitespace"),
            (b"7", "DataFormatConversion.MalformedData", "primitive at the top level"),
            (b"[1]", "DataFormatConversion.MalformedData", "does not match the schema"),
            (b'{"a":', "DataFormatConversion.ParseError", "malformed JSON"),
            (b'{"a":NaN}', "DataFormatConversion.ParseError", "malformed JSON"),
            (b"\xff", "DataFormatConversion.ParseError", "malformed JSON"),
            (b'{"a":' + b"[" * 100_000, "DataFormatConversion.ParseError", "malformed JSON"),
            (b'{"a":1e99999999999999999999}', "DataFormatConversion.ParseError", "malformed JSON"),
        ],
    )
    def test_what_is_no_json_object_is_refused(self, data: bytes, code: str, words: str) -> None:
        with pytest.raises(Mismatch) as refused:
            values(data, a="int")
        assert refused.value.code == code
        assert words in str(refused.value)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["1e99999", "2024-01-01", "AA==", "1_0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "x", "A.b"]), inner, max_size=3),
    max_leaves=6,
)
KINDS = [
    "tinyint", "int", "bigint", "float", "double", "decimal(38,10)", "boolean", "string", "timestamp", "date", "binary",
    "array<decimal(5,2)>", "map<string,timestamp>", "map<int,string>", "struct<a:int,x:string>",
]  # fmt: skip


@pytest.mark.parametrize("serde", [OpenXJson(), HiveJson(), HiveJson(("millis", "yyyy-MM-dd"))])
@settings(max_examples=100, deadline=None)
@given(kind=st.sampled_from(KINDS), value=JSON)
def test_any_value_either_fits_its_column_or_is_refused(serde: OpenXJson | HiveJson, kind: str, value: Any) -> None:
    schema = pa.schema([pa.field("a", arrow_type(kind))])
    conversion = FormatConversion(GlueTable("", "", "", "", ""), serde, ParquetFormat())
    found = convert([json.dumps({"a": value}).encode()], schema, conversion)
    assert (found.body is None) == (len(found.rejected) == 1)
    if found.body is not None:
        written = pq.read_table(io.BytesIO(found.body)).column("a")
        assert (written.null_count == 1) == (value is None)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | st.text(alphabet='{}[]",:0123456789.eE+-ab ', max_size=30).map(str.encode))
def test_any_bytes_are_rows_or_refused(data: bytes) -> None:
    schema = pa.schema([pa.field("a", arrow_type("double")), pa.field("b", arrow_type("string"))])
    found = convert([data], schema, FormatConversion(GlueTable("", "", "", "", ""), OpenXJson(), ParquetFormat()))
    assert (found.body is None) == (len(found.rejected) == 1)


class TestConfiguration:
    def test_a_conversion_is_read_whole(self) -> None:
        found = configured(
            **deserializer("OpenXJsonSerDe", CaseInsensitive=False, ColumnToJsonKeyMappings={"ts": "timestamp"}),
            **serializer(Compression="GZIP", PageSizeBytes=65_536, EnableDictionaryCompression=True, WriterVersion="V2"),
        )
        assert found == FormatConversion(
            GlueTable("000000000000", "lake", "events", "us-east-1", "arn:aws:iam::000000000000:role/schema"),
            OpenXJson(case_insensitive=False, mappings={"ts": "timestamp"}),
            ParquetFormat("gzip", 65_536, True, "2.0"),
        )

    def test_what_is_left_out_has_firehoses_default(self) -> None:
        assert configured().parquet == ParquetFormat("snappy", 2**20, False, "1.0")
        assert configured().deserializer == OpenXJson(case_insensitive=True, dots_to_underscores=False, mappings={})
        stream = to_s3(**CONVERTED, BufferingHints={})
        assert stream.buffering == Buffering(128 * 2**20, 300)
        assert stream.s3.file_extension == ".parquet"

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"SchemaConfiguration": {"DatabaseName": "lake"}}, "SchemaConfiguration needs TableName, RoleARN"),
            ({"SchemaConfiguration": CONVERSION["SchemaConfiguration"] | {"VersionId": "3"}}, "version 3 of a table"),
            ({"InputFormatConfiguration": {}}, "needs a Deserializer"),
            ({"OutputFormatConfiguration": {"Serializer": {"OrcSerDe": {}}}}, "use ParquetSerDe"),
            (serializer(Compression="ZSTD"), "ParquetSerDe has no compression ZSTD; use SNAPPY, GZIP, UNCOMPRESSED"),
            (deserializer("HiveJsonSerDe", TimestampFormats=["QQ"]), "timestamp format QQ"),
        ],
    )
    def test_what_cannot_be_run_is_refused(self, changes: dict[str, Any], words: str) -> None:
        with pytest.raises(Unsupported, match="delivery stream weir-local-archive") as refused:
            to_s3(**CONVERTED | {"DataFormatConversionConfiguration": CONVERSION | changes})
        assert words in str(refused.value)

    def test_compression_is_the_serializers(self) -> None:
        with pytest.raises(Unsupported, match="CompressionFormat must be UNCOMPRESSED"):
            to_s3(DataFormatConversionConfiguration=CONVERSION)

    def test_a_conversion_that_is_switched_off_does_nothing(self) -> None:
        assert to_s3(DataFormatConversionConfiguration=CONVERSION | {"Enabled": False}).conversion is None


class TestDelivery:
    def test_records_are_rows_of_one_parquet_object(self) -> None:
        run = Run(to_s3(DELIMITER, **CONVERTED), columns={"id": "bigint", "ts": "timestamp", "tags": "map<string,string>"})
        run.put(record("1", b'{"id":1,"ts":"2017-02-07T15:13:01.5Z","tags":{"a":"b"}}'), record("2", b'{"id":2}{"id":3}'))
        run.later(60)
        [(key, body)] = run.objects
        assert key.startswith("raw/2023/11/14/22/weir-local-archive-1-2023-11-14-22-13-20-")
        assert key.endswith(".parquet")
        table = pq.read_table(io.BytesIO(body))
        assert table.column("id").to_pylist() == [1, 2, 3]
        assert table.column("ts").cast(pa.int64()).to_pylist() == [NOON + 500_000_000, None, None]
        assert table.column("tags").to_pylist() == [[("a", "b")], None, None]
        assert run.source.done == ["1", "2"]
        assert run.glue.asked == [{"CatalogId": "000000000000", "DatabaseName": "lake", "Name": "events"}]

    @pytest.mark.parametrize(("compression", "codec"), [("SNAPPY", "SNAPPY"), ("GZIP", "GZIP"), ("UNCOMPRESSED", "UNCOMPRESSED")])
    def test_the_serializers_compression_is_that_of_the_columns(self, compression: str, codec: str) -> None:
        conversion = CONVERSION | serializer(Compression=compression)
        run = Run(to_s3(**CONVERTED | {"DataFormatConversionConfiguration": conversion}), columns={"id": "int"})
        run.put(record("1", b'{"id":1}'))
        run.later(60)
        metadata = pq.read_metadata(io.BytesIO(run.objects[0][1]))
        assert metadata.row_group(0).column(0).compression == codec
        assert metadata.row_group(0).column(0).physical_type == "INT32"

    def test_a_record_that_does_not_fit_is_in_the_error_output_and_the_rest_is_written(self) -> None:
        run = Run(to_s3(**CONVERTED), columns={"id": "int"})
        bad = record("2", b'{"id":"two"}')._replace(shard="shard-0", sequence="495", subsequence=3)
        run.put(record("1", b'{"id":1}'), bad, record("3", b'{"id":3}'))
        run.later(60)
        assert pq.read_table(io.BytesIO(run.objects[0][1])).to_pylist() == [{"id": 1}, {"id": 3}]
        assert run.objects[1][0].startswith("raw/format-conversion-failed/2023/11/14/22/")
        assert not run.objects[1][0].endswith(".parquet")
        assert run.lines("raw/format-conversion-failed/") == [
            {
                "attemptsMade": 1,
                "arrivalTimestamp": NOW_MS,
                "ErrorCode": "DataFormatConversion.MalformedData",
                "ErrorMessage": "Data does not match the schema.",
                "attemptEndingTimestamp": NOW_MS + 60_000,
                "rawData": "eyJpZCI6InR3byJ9",
                "sequenceNumber": "495",
                "subSequenceNumber": 3,
                "dataCatalogTable": {
                    "catalogId": "000000000000",
                    "databaseName": "lake",
                    "tableName": "events",
                    "region": "us-east-1",
                    "versionId": "LATEST",
                    "catalogArn": None,
                },
            }
        ]
        assert run.source.done == ["1", "2", "3"]
        counts = run.status.snapshot()["counts"]
        assert (counts["delivered"], counts["conversion_failed"]) == (2, 1)

    def test_with_no_record_that_fits_there_is_no_file(self) -> None:
        run = Run(to_s3(**CONVERTED), columns={"id": "int"})
        run.put(record("1", b"{"))
        run.later(60)
        assert [key.split("/")[1] for key, _ in run.objects] == ["format-conversion-failed"]
        assert run.source.done == ["1"]

    def test_without_the_table_all_records_are_in_the_error_output(self) -> None:
        run = Run(to_s3(**CONVERTED))
        run.glue.failures = [ClientError({"Error": {"Code": "EntityNotFoundException", "Message": "no table"}}, "GetTable")]
        run.put(record("1", b'{"id":1}'), record("2", b'{"id":2}'))
        run.later(60)
        lines = run.lines("raw/format-conversion-failed/")
        assert [line["ErrorCode"] for line in lines] == ["DataFormatConversion.EntityNotFound"] * 2
        assert [b64decode(line["rawData"]) for line in lines] == [b'{"id":1}', b'{"id":2}']

    def test_a_table_that_may_not_be_read_pauses_the_delivery(self) -> None:
        run = Run(to_s3(**CONVERTED), stop_after=5, columns={"id": "int"})
        run.glue.failures = [denied("glue:GetTable")] * 99
        run.put(record("1", b'{"id":1}'))
        run.later(60)
        assert run.objects == []
        assert run.source.done == []
        assert "not authorized to perform: glue:GetTable" in run.status.snapshot()["failing"]["reading table lake.events"]

    def test_and_goes_on_when_it_may(self) -> None:
        run = Run(to_s3(**CONVERTED), columns={"id": "int"})
        run.glue.failures = [denied("glue:GetTable")] * 2
        run.put(record("1", b'{"id":1}'))
        run.later(60)
        assert run.source.done == ["1"]
        assert run.status.snapshot()["failing"] == {}

    def test_many_records_are_several_row_groups_in_their_order(self) -> None:
        run = Run(to_s3(**CONVERTED, BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 60}), columns={"id": "int"})
        padding = b"x" * 2**20
        run.put(*(record(str(at), b'{"id":%d,"padding":"%s"}' % (at, padding)) for at in range(20)))
        run.later(60)
        [(_, body)] = run.objects
        assert pq.read_metadata(io.BytesIO(body)).num_row_groups == 3
        assert pq.read_table(io.BytesIO(body)).column("id").to_pylist() == list(range(20))
