"""How a policy names a table of the Glue catalog."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_glue as glue


def table_arns(stack: Stack, table: glue.CfnTable) -> list[str]:
    """The ARNs of a table's catalog, of its database, and its own: an action on a table takes the same right on what holds it
    (Glue developer guide, "Specifying AWS Glue resource ARNs")."""
    return [
        stack.format_arn(service="glue", resource="catalog"),
        stack.format_arn(service="glue", resource="database", resource_name=table.database_name),
        stack.format_arn(service="glue", resource="table", resource_name=f"{table.database_name}/{table.ref}"),
    ]
