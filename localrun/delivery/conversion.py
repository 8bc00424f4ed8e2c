"""What a delivery stream says of converting JSON to Parquet (API reference, DataFormatConversionConfiguration)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localrun.delivery.deserializer import HiveJson, OpenXJson
from localrun.delivery.timestamps import BadPattern
from localrun.delivery.unsupported import Unsupported

Codec = Literal["snappy", "gzip", "none"]

#: API reference, ParquetSerDe: there is no other.
_CODECS: dict[str, Codec] = {"SNAPPY": "snappy", "GZIP": "gzip", "UNCOMPRESSED": "none"}


@dataclass(frozen=True, slots=True)
class GlueTable:
    """The table whose columns are the schema."""

    catalog_id: str
    database: str
    table: str
    region: str
    role_arn: str
    """Role that may read it."""


@dataclass(frozen=True, slots=True)
class ParquetFormat:
    """How a file is written (API reference, ParquetSerDe). The sizes of HDFS blocks and their padding mean nothing in S3."""

    codec: Codec = "snappy"
    page_bytes: int = 2**20
    dictionary: bool = False
    version: Literal["1.0", "2.0"] = "1.0"


@dataclass(frozen=True, slots=True)
class FormatConversion:
    table: GlueTable
    deserializer: OpenXJson | HiveJson
    parquet: ParquetFormat

    @classmethod
    def from_config(cls, config: Mapping[str, Any], arn: str) -> FormatConversion:
        """Of a DataFormatConversionConfiguration; `arn` is the delivery stream's. Raises Unsupported."""
        _, _, _, region, account, _ = arn.split(":", 5)
        schema = config.get("SchemaConfiguration") or {}
        missing = [name for name in ("DatabaseName", "TableName", "RoleARN") if not schema.get(name)]
        if missing:
            raise Unsupported(f"SchemaConfiguration needs {', '.join(missing)}")
        if schema.get("VersionId", "LATEST") != "LATEST":
            raise Unsupported(f"version {schema['VersionId']} of a table is not run locally; use LATEST")
        return cls(
            GlueTable(
                catalog_id=schema.get("CatalogId") or account,
                database=schema["DatabaseName"],
                table=schema["TableName"],
                region=schema.get("Region") or region,
                role_arn=schema["RoleARN"],
            ),
            _deserializer((config.get("InputFormatConfiguration") or {}).get("Deserializer") or {}),
            _parquet((config.get("OutputFormatConfiguration") or {}).get("Serializer") or {}),
        )


def _deserializer(config: Mapping[str, Any]) -> OpenXJson | HiveJson:
    if (openx := config.get("OpenXJsonSerDe")) is not None:
        return OpenXJson(
            case_insensitive=openx.get("CaseInsensitive", True),
            dots_to_underscores=openx.get("ConvertDotsInJsonKeysToUnderscores", False),
            mappings=openx.get("ColumnToJsonKeyMappings") or {},
        )
    if (hive := config.get("HiveJsonSerDe")) is not None:
        found = HiveJson(tuple(hive.get("TimestampFormats") or ()))
        try:
            found.timestamp()
        except BadPattern as error:
            raise Unsupported(str(error)) from error
        return found
    raise Unsupported("InputFormatConfiguration needs a Deserializer: OpenXJsonSerDe or HiveJsonSerDe")


def _parquet(config: Mapping[str, Any]) -> ParquetFormat:
    serde = config.get("ParquetSerDe")
    if serde is None:
        raise Unsupported("a serializer other than ParquetSerDe is not run locally; use ParquetSerDe")
    compression = serde.get("Compression") or "SNAPPY"
    if compression not in _CODECS:
        raise Unsupported(f"ParquetSerDe has no compression {compression}; use {', '.join(_CODECS)}")
    return ParquetFormat(
        codec=_CODECS[compression],
        page_bytes=int(serde.get("PageSizeBytes") or 2**20),
        dictionary=bool(serde.get("EnableDictionaryCompression", False)),
        version="2.0" if serde.get("WriterVersion") == "V2" else "1.0",
    )
