"""Every kind of destination is an edge with its grants: take any one out, and the check names what breaks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

import topology
from tests.topology.changes import changed, environment_of, granting, without_action
from topology.assembly import Assembly
from topology.policies import matches

PERMISSIONS = ("missing permission", "excess permission")

#: Delivery stream → its edges, but the two all have: what it reads, or who puts into it.
EDGES = {
    "s3": ("calls function/transform", "delivers bucket/archive"),
    "parquet": ("converts by catalog/database", "delivers bucket/archive"),
    "search-domain": ("calls function/transform", "delivers domain/destinations", "fails to bucket/quarantine"),
    "search-collection": ("delivers collection/destinations", "fails to bucket/quarantine"),
    "redshift": (
        "calls function/transform",
        "delivers cluster/weir.abc123.us-east-1.redshift.amazonaws.com",
        "stages in bucket/stage",
        "backs up bucket/quarantine",
    ),
    "iceberg": ("delivers bucket/warehouse", "delivers bucket/warehouse", "fails to bucket/quarantine"),
    "http-endpoint": ("calls function/transform", "delivers endpoint/logs.example.com", "fails to bucket/quarantine"),
    "splunk": ("delivers endpoint/splunk.example.com", "fails to bucket/quarantine"),
}
FROM_RAW = ("s3", "parquet", "redshift", "splunk")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> topology.Topology:
    from tests.synth.destinations import synthesize  # loads the construct library, which only these tests need

    return topology.build(synthesize(tmp_path_factory.mktemp("destinations")).assembly)


def permission_findings(pipeline: topology.Topology) -> list[topology.Finding]:
    """What the check says about permissions; what production promises beside is not part of these stacks."""
    found = topology.check(pipeline, environment_of("prod"))
    return [finding for finding in found if finding.rule in PERMISSIONS]


@pytest.mark.parametrize("stream", EDGES)
def test_a_destination_is_an_edge(pipeline: topology.Topology, stream: str) -> None:
    own = f"delivery/{stream} "
    assert tuple(edge.name.removeprefix(own) for edge in pipeline.edges if edge.name.startswith(own)) == EDGES[stream]
    into = [edge.name for edge in pipeline.edges if edge.target == f"delivery/{stream}"]
    assert into == [
        f"stream/weir-prod-raw reads delivery/{stream}" if stream in FROM_RAW else f"producers/producers writes delivery/{stream}"
    ]


def test_what_a_destination_does_not_take_goes_to_a_bucket(pipeline: topology.Topology) -> None:
    kept = {edge.source: edge.failure for edge in pipeline.edges if edge.verb == "delivers"}
    own = {"s3": "archive", "parquet": "archive", "redshift": "stage"}
    assert kept == {f"delivery/{stream}": f"bucket/{own.get(stream, 'quarantine')}" for stream in EDGES}


def test_no_role_has_less_or_more_than_its_edges_need(pipeline: topology.Topology) -> None:
    assert [str(finding) for finding in permission_findings(pipeline)] == []


def test_every_kind_of_destination_can_be_drawn(pipeline: topology.Topology) -> None:
    mermaid = topology.render(pipeline, "mermaid")
    assert 'endpoint_splunk_example_com(["splunk.example.com<br/><small>HTTPS endpoint</small>"])' in mermaid
    assert 'collection_destinations[("destinations<br/><small>OpenSearch collection</small>")]' in mermaid
    assert "    delivery_redshift -->|logs.events| cluster_weir_abc123_us_east_1_redshift_amazonaws_com" in mermaid
    assert topology.render(pipeline, "svg").count("HTTPS endpoint") == 2


@pytest.fixture(scope="module")
def broken_without(pipeline: topology.Topology) -> Callable[[tuple[str, str, int], str], set[tuple[str, str | None, str | None]]]:
    """(subject, action, resource) the check names when a statement loses an action."""

    @cache
    def broken(origin: tuple[str, str, int], action: str) -> set[tuple[str, str | None, str | None]]:
        poorer = replace(pipeline, assembly=without_action(pipeline.assembly, origin, action))
        found = permission_findings(poorer)
        assert {finding.rule for finding in found} == {"missing permission"}
        return {(finding.subject, finding.action, finding.resource) for finding in found}

    return broken


@pytest.mark.parametrize("stream", EDGES)
def test_every_grant_taken_away_is_named(
    pipeline: topology.Topology,
    stream: str,
    broken_without: Callable[[tuple[str, str, int], str], set[tuple[str, str | None, str | None]]],
) -> None:
    key = f"delivery/{stream}"
    # Whoever puts records has policies of their own.
    own = [(name, need) for name, need in pipeline.needs() if need.required and (name == key or f" {key}" in f" {name}")]
    touched = {name for name, _ in own}
    assert {f"{key} {edge}" for edge in EDGES[stream]} <= touched
    assert key in touched
    for subject, need in own:
        statements = tuple(granting(pipeline.assembly, need.request))
        assert statements, f"{need.request.action} on {need.request.resource} is granted to nobody in particular"
        for statement in statements:
            (pattern,) = [one for one in statement.actions if matches(need.request.action, one, ignore_case=True)]
            assert (subject, need.request.action, need.request.resource) in broken_without(statement.origin, pattern)


def test_a_collection_asks_for_its_own_policy_too(pipeline: topology.Topology) -> None:
    """The role's policy alone opens nothing: the data access policy must name the role."""
    (holder,) = pipeline.assembly.of_type("AWS::OpenSearchServerless::AccessPolicy")
    poorer = without_action(pipeline.assembly, (holder.stack, holder.id, 0), "aoss:WriteDocument")
    (found,) = permission_findings(replace(pipeline, assembly=poorer))
    assert (found.subject, found.action, found.resource) == (
        "delivery/search-collection delivers collection/destinations",
        "aoss:WriteDocument",
        "index/weir-test/logs-test",
    )
    assert "no data access policy of the collection lets the role do it" in found.message


@pytest.mark.parametrize(
    ("stream", "path", "value", "words"),
    [
        ("Splunk", ("SecretsManagerConfiguration", "SecretARN"), "arn:secret", "the secret arn:secret is not in the assembly"),
        ("Iceberg", ("DestinationTableConfigurationList", 0, "DestinationTableName"), "away", "away is not in the assembly"),
        ("Redshift", ("S3BackupConfiguration", "BucketARN"), "arn:bucket", "its backup bucket arn:bucket is not in the assembly"),
        ("SearchCollection", ("CollectionEndpoint",), "https://x", "its collection https://x is not in the assembly"),
    ],
)
def test_what_the_stacks_do_not_have_is_not_guessed(
    pipeline: topology.Topology, stream: str, path: tuple[str | int, ...], value: str, words: str
) -> None:
    copied, body = delivery_of(pipeline, stream)
    (place,) = [held for name, held in body["Properties"].items() if name.endswith("DestinationConfiguration")]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(topology.AssemblyError, match=words):
        topology.build(copied)


def test_a_table_outside_of_the_stacks_buckets_is_not_guessed(pipeline: topology.Topology) -> None:
    (table,) = [each for each in pipeline.assembly.of_type("AWS::Glue::Table") if each.path == "Users"]
    copied, body = changed(pipeline.assembly, table.stack, table.id)
    body["Properties"]["TableInput"]["StorageDescriptor"]["Location"] = "s3://elsewhere/users"
    with pytest.raises(topology.AssemblyError, match="lies at 's3://elsewhere/users', which is no bucket of the assembly"):
        topology.build(copied)


def test_a_destination_that_is_not_known_is_refused(pipeline: topology.Topology) -> None:
    copied, body = delivery_of(pipeline, "Splunk")
    body["Properties"]["SnowflakeDestinationConfiguration"] = body["Properties"].pop("SplunkDestinationConfiguration")
    with pytest.raises(topology.AssemblyError, match="the destination is not one of ExtendedS3DestinationConfiguration"):
        topology.build(copied)


def test_tables_that_lie_elsewhere_than_the_role_may_write_are_named(pipeline: topology.Topology) -> None:
    (table,) = [each for each in pipeline.assembly.of_type("AWS::Glue::Table") if each.path == "Users"]
    copied, body = changed(pipeline.assembly, table.stack, table.id)
    parts = body["Properties"]["TableInput"]["StorageDescriptor"]["Location"]["Fn::Join"][1]
    assert parts[-1] == "/tables/users"
    parts[-1] = "/elsewhere/users"
    found = permission_findings(topology.build(copied))
    assert {finding.action for finding in found} == {
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutObject",
    }
    assert {finding.subject for finding in found} == {"delivery/iceberg delivers bucket/warehouse"}
    assert all("/elsewhere/users/*" in str(finding.resource) for finding in found)


def delivery_of(pipeline: topology.Topology, construct_id: str) -> tuple[Assembly, dict[str, Any]]:
    """A copy of the assembly, and the body of one delivery stream in it that may be changed before the copy is read."""
    streams = pipeline.assembly.of_type("AWS::KinesisFirehose::DeliveryStream")
    (found,) = [each for each in streams if each.path == f"{construct_id}/Delivery"]
    return changed(pipeline.assembly, found.stack, found.id)
