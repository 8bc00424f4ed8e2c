"""What the caller of Athena may do: Athena reads tables and objects, and writes results, with the caller's own permissions.

Source: Athena user guide, "Fine-grained access to databases and tables in the AWS Glue Data Catalog", "Access to Amazon S3 from
Athena".
"""

from __future__ import annotations

import contextvars

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region

from localrun.emulator.athena.objects import Refused
from localrun.emulator.athena.statement import TableName
from localrun.emulator.layout import require


class Caller:
    """Who made the request this is made in."""

    def __init__(self) -> None:
        self._key = require(iam_evaluator, "_verified_key").get()
        self._context = contextvars.copy_context()

    def may(self, action: str, resource: str) -> bool:
        """E.g. `s3:GetObject` on an object's ARN. Of any thread."""
        service = action.split(":", 1)[0]
        denied = self._context.copy().run(iam_evaluator.enforce, self._key, action, service, get_region(), resource)
        return denied is None

    def read_object(self, bucket: str, key: str) -> None:
        """Raises Refused."""
        if not self.may("s3:GetObject", f"arn:aws:s3:::{bucket}/{key}"):
            raise Refused(f"PERMISSION_DENIED: Access denied when reading from location: s3://{bucket}/{key}")

    def list_objects(self, bucket: str, prefix: str) -> None:
        """Raises Refused."""
        if not self.may("s3:ListBucket", f"arn:aws:s3:::{bucket}"):
            raise Refused(f"PERMISSION_DENIED: Access denied when listing location: s3://{bucket}/{prefix}")

    def write_results(self, bucket: str, key: str) -> None:
        """Raises Refused."""
        if not self.may("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}"):
            raise Refused(
                f"Access denied when writing output to url: s3://{bucket}/{key} . Please ensure you are allowed to access the "
                "S3 bucket."
            )

    def read_table(self, name: TableName) -> None:
        """In Glue. Raises Refused."""
        arn = f"arn:aws:glue:{get_region()}:{get_account_id()}:"
        needed = (
            ("glue:GetDatabase", f"{arn}catalog"),
            ("glue:GetDatabase", f"{arn}database/{name.database}"),
            ("glue:GetTable", f"{arn}catalog"),
            ("glue:GetTable", f"{arn}database/{name.database}"),
            ("glue:GetTable", f"{arn}table/{name.database}/{name.table}"),
        )
        for action, resource in needed:
            if not self.may(action, resource):
                raise Refused(f"PERMISSION_DENIED: Insufficient permissions to execute the query: {action} on {resource}")
