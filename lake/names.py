"""What people type to ask the lake: the names of its database, its tables and its workgroup.

A database and a table are named of lower-case letters, digits and `_`, which need no quotes in a query (Athena user guide, "Name
databases, tables, and columns").
"""

from __future__ import annotations

#: The table of all events, whatever their type.
EVENTS = "events"


def database_name(environment: str) -> str:
    return f"weir_{environment}"


def workgroup_name(environment: str) -> str:
    return f"weir-{environment}"


def table_name(dataset: str) -> str:
    """`aws_alb` of `aws.alb`."""
    return dataset.replace(".", "_")
