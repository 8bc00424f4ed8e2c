"""Studio notebooks: the streams each reads through the tables of its database, and where it leaves what it builds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from topology import application_needs as uses
from topology.applications import APPLICATION, is_notebook
from topology.assembly import Assembly, AssemblyError, Resource
from topology.encryption import key_of
from topology.model import Edge, Node
from topology.use import needs


def notebook_edges(assembly: Assembly, nodes: Mapping[str, Node]) -> Iterator[Edge]:
    """Raises AssemblyError for a database, stream or bucket that is not in the assembly."""
    for notebook in assembly.of_type(APPLICATION):
        if is_notebook(assembly, notebook):
            yield from _edges_of(assembly, nodes, notebook)


def stream_of(assembly: Assembly, table: Resource) -> Resource | None:
    """The stream a table is over; None where it is over files. Raises AssemblyError for one that is not in the assembly."""
    descriptor = assembly.properties(table)["TableInput"].get("StorageDescriptor", {})
    name = descriptor.get("Parameters", {}).get("streamName")
    return _find(assembly, name, table, "AWS::Kinesis::Stream") if name else None


def _edges_of(assembly: Assembly, nodes: Mapping[str, Node], notebook: Resource) -> Iterator[Edge]:
    properties = assembly.properties(notebook)
    role, own = properties["ServiceExecutionRole"], nodes[notebook.arn].key
    configured: dict[str, Any] = properties["ApplicationConfiguration"]["ZeppelinApplicationConfiguration"]
    arn = configured["CatalogConfiguration"]["GlueDataCatalogConfiguration"]["DatabaseARN"]
    catalog = _find(assembly, arn, notebook, "AWS::Glue::Database")
    yield Edge(nodes[catalog.arn].key, own, "answers", needs(uses.READ_CATALOG, role, catalog))
    for table in assembly.of_type("AWS::Glue::Table"):
        stream = stream_of(assembly, table) if assembly.properties(table)["DatabaseName"] == catalog.name else None
        if stream:
            read = needs(uses.READ_STREAM, role, stream, key=key_of(assembly, stream))
            yield Edge(nodes[stream.arn].key, own, "reads", read)
    place = configured["DeployAsApplicationConfiguration"]["S3ContentLocation"]
    bucket = _find(assembly, place["BucketARN"], notebook, "AWS::S3::Bucket")
    prefix = place["BasePath"]
    kept = needs(uses.KEEP_BUILDS, role, bucket, key=key_of(assembly, bucket), prefix=prefix)
    yield Edge(own, nodes[bucket.arn].key, "stores", kept, prefix.rstrip("/"))


def _find(assembly: Assembly, value: object, where: Resource, kind: str) -> Resource:
    found = assembly.find(value, kind)
    if found is None:
        raise AssemblyError(f"{where.stack}/{where.id}: {value} is no {kind} of the assembly")
    return found
