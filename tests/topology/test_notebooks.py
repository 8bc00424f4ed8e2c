"""A Studio notebook reads what the tables of its database are over, and nothing starts it but people."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import topology
from tests.topology.changes import changed, findings, resource
from topology.assembly import Assembly, AssemblyError

AssemblyOf = Callable[[str], Assembly]


def test_what_it_leaves_and_reads_is_told(assembly_of: AssemblyOf) -> None:
    edges = {edge.name: edge for edge in topology.build(assembly_of("prod+analytics")).edges}
    assert edges["notebook/studio stores bucket/studio"].detail == "applications"
    assert edges["stream/metrics holds catalog/studio"].detail == "1 table"
    read = {need.request.action for need in edges["stream/metrics reads notebook/studio"].needs if need.required}
    assert read == {
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
        "kms:Decrypt",
    }


def test_a_notebook_whose_tables_are_over_no_stream_is_an_orphan(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("dev")
    stack, notebook = resource(assembly, "AWS::KinesisAnalyticsV2::Application", ApplicationName="weir-dev-studio")
    copied, body = changed(assembly, stack, notebook)
    (lake,) = [each.arn for each in assembly.of_type("AWS::Glue::Database") if each.step == "lake"]
    catalog = body["Properties"]["ApplicationConfiguration"]["ZeppelinApplicationConfiguration"]["CatalogConfiguration"]
    catalog["GlueDataCatalogConfiguration"]["DatabaseARN"] = lake
    orphans = {found.subject: found.message for found in findings(copied, "dev") if found.rule == "orphan"}
    assert orphans == {"notebook/studio": "no table of the notebook's database is over a stream"}


def test_a_table_over_a_stream_there_is_not_is_refused(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("dev")
    (events,) = [each for each in assembly.of_type("AWS::Glue::Table") if each.path == "Streams/Events"]
    copied, body = changed(assembly, events.stack, events.id)
    body["Properties"]["TableInput"]["StorageDescriptor"]["Parameters"]["streamName"] = "elsewhere"
    with pytest.raises(AssemblyError, match=r"^weir-dev-studio/StreamsEvents\w+: elsewhere is no AWS::Kinesis::Stream of the"):
        topology.build(copied)
