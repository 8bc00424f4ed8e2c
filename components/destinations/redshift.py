"""Records to a table of a Redshift cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal, get_args

from aws_cdk import Token
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_secretsmanager as secretsmanager

from components.bucket import DataBucket
from components.destinations.buffering import S3, Buffer, check_buffer, check_retry
from components.destinations.destination import (
    Backup,
    DeliveryMetrics,
    Destination,
    Wiring,
    buffering_hints,
    check_secret,
)
from components.destinations.prefix import check_folder
from components.destinations.processing import Processor
from components.destinations.rules import API, GUIDE, Rules

#: How long Firehose repeats a COPY that fails, its default: a cluster may be paused or resizing for a while.
RETRY_SECONDS = 3600

StageCompression = Literal["GZIP", "UNCOMPRESSED"]

_L1 = firehose.CfnDeliveryStream
_PAGE = f"{API}/API_RedshiftDestinationConfiguration.html"
_JDBC_URL = re.compile(
    r"jdbc:(redshift|postgresql)://((?!-)[A-Za-z0-9-]{1,63}(?<!-)\.)+(redshift(-serverless)?)\.([a-zA-Z0-9.-]+):\d{1,5}"
    r"/[a-zA-Z0-9_$-]+"
)
#: COPY's words for the compression of its files (Redshift database developer guide, "File compression parameters").
_COMPRESSION_WORDS = re.compile(r"\b(gzip|bzip2|lzop|zstd)\b", re.IGNORECASE)
#: COPY's words for who reads the files; Firehose adds its own (Redshift database developer guide, "Authorization parameters").
_CREDENTIAL_WORDS = re.compile(r"\b(iam_role|credentials|access_key_id|secret_access_key)\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class RedshiftDestination(Destination):
    """Objects are left in a bucket and copied into the table, which must exist, in one COPY a buffer.

    ``jdbc_url`` is `jdbc:redshift://<cluster>.…:<port>/<database>`; the cluster must have a public address that admits
    Firehose's (Firehose developer guide, "VPC access to an Amazon Redshift provisioned cluster"). ``secret`` holds
    `{"username", "password"}`.

    ``stage`` is the bucket in between; give it one of its own, for Firehose may read and write all of it. What COPY does not
    take stays there under ``folder/``, named by a manifest under `errors/`; what the processor refused lies below ``folder/``
    too. Its compression is added to ``copy_options``. ``backup`` keeps all records as they came; it cannot be turned off again.
    """

    jdbc_url: str
    table: str
    secret: secretsmanager.ISecret
    stage: DataBucket
    folder: str
    columns: tuple[str, ...] = ()
    """In the order of the records' fields; empty for all of the table's."""
    copy_options: str = "JSON 'auto'"
    compression: StageCompression = "GZIP"
    retry_seconds: int = RETRY_SECONDS
    backup: Backup | None = None
    buffer: Buffer = field(default_factory=Buffer)

    @property
    def noun(self) -> str:
        return "Redshift"

    @property
    def metrics(self) -> DeliveryMetrics:
        # Redshift's part has no freshness of its own: that of the objects in between is the age of what waits.
        return DeliveryMetrics(freshness="DeliveryToS3.DataFreshness", success="DeliveryToRedshift.Success")

    def check(self, rules: Rules, processor: Processor | None) -> None:
        rules.require(
            Token.is_unresolved(self.jdbc_url) or (len(self.jdbc_url) <= 512 and _JDBC_URL.fullmatch(self.jdbc_url) is not None),
            "jdbc_url",
            f"{self.jdbc_url!r} is not that of a cluster; write `jdbc:redshift://<host>.redshift.amazonaws.com:<port>/<database>`",
            _PAGE,
        )
        rules.require(
            1 <= len(self.table) <= 512, "table", f"{self.table!r} has not 1-512 characters", f"{API}/API_CopyCommand.html"
        )
        rules.one_of(self.compression, "compression", get_args(StageCompression), _PAGE)
        self._check_copy_options(rules)
        check_secret(rules, self.secret)
        # Expressions are not allowed here, nor a prefix for failures (developer guide, "Custom prefixes": semantic rules).
        check_folder(rules, self.folder)
        check_buffer(rules, self.buffer, S3)
        check_retry(rules, self.retry_seconds, f"{API}/API_RedshiftRetryOptions.html")
        if self.backup:
            self.backup.check(rules)
            rules.require(
                self.backup.all_records,
                "backup.all_records",
                "Redshift's backup keeps all records or none; set it, or leave the backup out: failures stay in the stage",
                _PAGE,
            )

    def _check_copy_options(self, rules: Rules) -> None:
        page = f"{API}/API_CopyCommand.html"
        rules.require(
            _COMPRESSION_WORDS.search(self.copy_options) is None,
            "copy_options",
            f"{self.copy_options!r} names the compression of the objects; leave it out, `compression` adds it",
            f"{GUIDE}/create-destination.html",
        )
        rules.require(
            _CREDENTIAL_WORDS.search(self.copy_options) is None,
            "copy_options",
            "credentials would stand in the template; leave them out, Firehose adds its own",
            page,
        )

    def deploy(self, wiring: Wiring) -> firehose.CfnDeliveryStream:
        processing = wiring.processing()
        self.stage.grant_stage(wiring.role)
        if self.backup:
            self.backup.bucket.grant_deliver(wiring.role, prefixes=[self.backup.folder])
        configuration = _L1.RedshiftDestinationConfigurationProperty(
            cluster_jdbcurl=self.jdbc_url,
            copy_command=_L1.CopyCommandProperty(
                data_table_name=self.table,
                data_table_columns=",".join(self.columns) or None,
                copy_options=" ".join(filter(None, (self.copy_options, "GZIP" if self.compression == "GZIP" else ""))),
            ),
            secrets_manager_configuration=wiring.secret(self.secret),
            role_arn=wiring.role.role_arn,
            retry_options=_L1.RedshiftRetryOptionsProperty(duration_in_seconds=self.retry_seconds),
            processing_configuration=processing,
            cloud_watch_logging_options=wiring.logging("Redshift"),
            s3_configuration=_L1.S3DestinationConfigurationProperty(
                bucket_arn=self.stage.arn,
                role_arn=wiring.role.role_arn,
                prefix=f"{self.folder}/",
                buffering_hints=buffering_hints(self.buffer),
                compression_format=self.compression,
                encryption_configuration=wiring.encryption(),
                cloud_watch_logging_options=wiring.logging("Stage"),
            ),
            s3_backup_mode="Enabled" if self.backup else "Disabled",
            s3_backup_configuration=wiring.backup(self.backup) if self.backup else None,
        )
        stream = wiring.of_template()
        stream.redshift_destination_configuration = configuration
        return stream
