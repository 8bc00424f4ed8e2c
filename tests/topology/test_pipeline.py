"""What is deployed in every environment is the pipeline, and the check finds what is not as it should be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import topology
from config.loader import load_environment
from tests.topology.changes import changed, document, environment_of, findings, resource
from tests.topology.pipeline import ENVIRONMENTS, edges
from topology.assembly import Assembly

AssemblyOf = Callable[[str], Assembly]
TopologyOf = Callable[[str], topology.Topology]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_edges_are_exactly_these(environment: str, topology_of: TopologyOf) -> None:
    assert sorted(edge.name for edge in topology_of(environment).edges) == sorted(edges(environment))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_nothing_is_found(environment: str, topology_of: TopologyOf) -> None:
    assert topology.check(topology_of(environment), environment_of(environment)) == []


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_all_log_data_is_encrypted_with_the_environments_key(environment: str, topology_of: TopologyOf) -> None:
    stores = [
        node
        for node in topology_of(environment).nodes.values()
        if node.kind in ("stream", "bucket", "domain", "table", "workgroup", "queue", "application")
    ]
    keys = {node.key: node.encryption_key.path if node.encryption_key else None for node in stores}
    assert keys.pop("bucket/access-logs") is None  # S3 writes access logs only to a bucket with its own encryption
    assert keys.pop("bucket/logs") is None  # for the same reason: services write theirs to it
    assert set(keys.values()) == {"DataKey/Key"}


def test_asynchronous_hops_fail_to_these(topology_of: TopologyOf) -> None:
    failures = {edge.name: edge.failure for edge in topology_of("prod+analytics").edges if edge.asynchronous}
    assert failures == {
        "queue/collect reads function/collect": "queue/collect-dlq",
        "stream/raw reads function/normalise": "bucket/quarantine",
        "stream/events reads function/route": "bucket/quarantine",
        "stream/metrics reads function/route": "bucket/quarantine",
        "stream/findings reads function/route": "bucket/quarantine",
        "stream/errors reads function/report": "bucket/quarantine",
        "delivery/archive delivers bucket/archive": "bucket/archive",
        "delivery/errors-archive delivers bucket/archive": "bucket/archive",
        "delivery/lake delivers bucket/lake": "bucket/lake",
        "delivery/direct-put delivers domain/search": "bucket/quarantine",
    }


def test_steps_are_the_stacks(topology_of: TopologyOf) -> None:
    steps = {key: node.step for key, node in topology_of("dev").nodes.items()}
    assert steps["stream/raw"] == "ingestion"
    assert steps["function/normalise"] == "normalisation"
    assert steps["domain/search"] == "search"
    assert steps["bucket/quarantine"] == "foundation"
    assert steps["topic/alerts"] == "alerting"


def test_producers_reach_only_what_is_open_to_them(topology_of: TopologyOf) -> None:
    assert set(topology_of("prod").graph.successors("producers/producers")) == {
        "bucket/logs",
        "stream/raw",
        "delivery/direct-put",
    }


def test_a_mapping_that_is_off_leaves_its_function_an_orphan(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("dev")
    copied, body = changed(assembly, *resource(assembly, "AWS::Lambda::EventSourceMapping", FunctionName="weir-dev-route"))
    body["Properties"]["Enabled"] = False
    found = findings(copied, "dev")
    assert {(finding.rule, finding.subject) for finding in found if finding.rule != "excess permission"} == {
        ("orphan", "function/route"),
        ("unreachable", "producers/producers → stream/events → domain"),
    }
    # What only the mapping needed is now too much.
    assert {finding.action for finding in found if finding.rule == "excess permission"} >= {"kinesis:GetRecords", "s3:PutObject"}


def test_a_mapping_without_failure_destination_is_named(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("dev")
    copied, body = changed(assembly, *resource(assembly, "AWS::Lambda::EventSourceMapping", FunctionName="weir-dev-route"))
    del body["Properties"]["DestinationConfig"]
    found = [finding for finding in findings(copied, "dev") if finding.rule == "no failure destination"]
    assert [finding.subject for finding in found] == ["stream/events reads function/route"]


@pytest.mark.parametrize(
    ("name", "destination", "edge"),
    [
        ("weir-local-archive", "ExtendedS3DestinationConfiguration", "delivery/archive delivers bucket/archive"),
        (
            "weir-local-direct-put",
            "AmazonopensearchserviceDestinationConfiguration",
            "delivery/direct-put delivers domain/search",
        ),
    ],
)
def test_a_delivery_without_failure_prefix_is_named(name: str, destination: str, edge: str, assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    where = resource(assembly, "AWS::KinesisFirehose::DeliveryStream", DeliveryStreamName=name)
    copied, body = changed(assembly, *where)
    configuration = body["Properties"][destination]
    del configuration.get("S3Configuration", configuration)["ErrorOutputPrefix"]
    found = [finding for finding in findings(copied, "local") if finding.rule == "no failure destination"]
    assert [finding.subject for finding in found] == [edge]


def test_a_stream_nothing_uses_is_an_orphan(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    (stack,) = [name for name, stack in assembly.stacks.items() if stack.step == "normalisation"]
    template = dict(assembly.stacks[stack].template)
    forgotten = {"Type": "AWS::Kinesis::Stream", "Properties": {"Name": "weir-local-forgotten"}}
    template["Resources"] = {**template["Resources"], "Forgotten": forgotten}
    found = findings(assembly.with_template(stack, template), "local")
    assert [str(finding) for finding in found] == [
        "orphan: stream/forgotten: nothing writes to the stream",
        "orphan: stream/forgotten: nothing reads the stream",
    ]


@pytest.mark.parametrize(
    ("action", "resource_pattern"),
    [("kinesis:PutRecord", None), ("kinesis:*", None), ("kinesis:PutRecords", "*"), ("dynamodb:Scan", "*")],
)
def test_a_grant_no_edge_needs_is_named(action: str, resource_pattern: str | None, assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    stack, policy = _policy_of(assembly, "normalise")
    copied, body = changed(assembly, stack, policy)
    (writing, *_) = [entry for entry in document(body)["Statement"] if "kinesis:PutRecords" in entry["Action"]]
    document(body)["Statement"].append({**writing, "Action": action, "Resource": resource_pattern or writing["Resource"]})
    found = findings(copied, "local")
    assert {(finding.rule, finding.subject, finding.action) for finding in found} == {
        ("excess permission", "function/normalise", action)
    }


def test_an_entry_in_the_domains_policy_no_edge_needs_is_named(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    copied, body = changed(assembly, *resource(assembly, "AWS::OpenSearchService::Domain"))
    statements = document(body)["Statement"]
    bulk = next(entry for entry in statements if entry["Action"] == "es:ESHttpPost")
    statements.append({**bulk, "Action": "es:ESHttpDelete"})
    found = findings(copied, "local")
    assert {(finding.rule, finding.action) for finding in found} == {("excess permission", "es:ESHttpDelete")}
    assert [finding.subject for finding in found] == ["function/report", "function/route"]


def test_an_explicit_deny_wins(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    copied, body = changed(assembly, *_policy_of(assembly, "normalise"))
    document(body)["Statement"].append({"Effect": "Deny", "Action": "kinesis:Put*", "Resource": "*"})
    found = findings(copied, "local")
    assert {finding.subject for finding in found} == {
        "function/normalise writes stream/events",
        "function/normalise writes stream/errors",
    }
    assert all("denied by statement" in finding.message for finding in found)


def test_a_store_the_configuration_promises_must_be_reached(assembly_of: AssemblyOf) -> None:
    """A function whose variable no longer names the stream writes nothing to it."""
    assembly = assembly_of("local")
    copied, body = changed(assembly, *resource(assembly, "AWS::Lambda::Function", FunctionName="weir-local-normalise"))
    del body["Properties"]["Environment"]["Variables"]["EVENTS_STREAM"]
    rules = {(finding.rule, finding.subject) for finding in findings(copied, "local")}
    assert ("unreachable", "producers/producers → stream/events → domain") in rules
    assert ("orphan", "stream/events") in rules


def without(assembly: Assembly, step: str, *kinds: str) -> Assembly:
    """A copy without a stack's resources of these types."""
    (stack,) = [name for name, stack in assembly.stacks.items() if stack.step == step]
    template = dict(assembly.stacks[stack].template)
    template["Resources"] = {name: body for name, body in template["Resources"].items() if body["Type"] not in kinds}
    return assembly.with_template(stack, template)


def test_a_workgroup_without_queries_is_named(assembly_of: AssemblyOf) -> None:
    found = findings(without(assembly_of("local"), "lake", "AWS::Athena::NamedQuery"), "local")
    assert [(finding.rule, finding.subject) for finding in found] == [
        ("unreachable", "producers/producers → delivery/lake → workgroup/lake"),
        ("orphan", "workgroup/lake"),
    ]


def test_a_database_without_tables_is_named(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    (stack,) = [name for name, stack in assembly.stacks.items() if stack.step == "lake"]
    template = dict(assembly.stacks[stack].template)
    forgotten = {"Type": "AWS::Glue::Database", "Properties": {"DatabaseName": "weir_forgotten"}}
    template["Resources"] = {**template["Resources"], "Forgotten": forgotten}
    found = findings(assembly.with_template(stack, template), "local")
    assert [str(finding) for finding in found] == ["orphan: catalog/weir_forgotten: no files are read by its tables"]


def test_a_table_over_no_bucket_of_the_stacks_is_not_guessed(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    (table,) = [each for each in assembly.of_type("AWS::Glue::Table") if each.path == "Tables/Events"]
    copied, body = changed(assembly, table.stack, table.id)
    body["Properties"]["TableInput"]["StorageDescriptor"]["Location"] = "s3://elsewhere/events/"
    with pytest.raises(topology.AssemblyError, match="lies at 's3://elsewhere/events/', which is no bucket of the assembly"):
        topology.build(copied)


def test_without_a_lake_nothing_is_promised_of_it(topology_of: TopologyOf) -> None:
    pipeline, environment = topology_of("local"), load_environment("local")
    edges = tuple(edge for edge in pipeline.edges if "delivery/lake" not in edge.name)
    nodes = {key: node for key, node in pipeline.nodes.items() if key != "delivery/lake"}
    unwritten = topology.Topology(pipeline.name, pipeline.assembly, nodes, edges)
    off = environment.model_copy(update={"lake": environment.lake.model_copy(update={"enabled": False})})
    assert [(finding.rule, finding.subject) for finding in topology.check(unwritten, environment)] == [
        ("unreachable", "producers/producers → delivery/lake → bucket/lake"),
        ("unreachable", "producers/producers → delivery/lake → workgroup/lake"),
        ("orphan", "bucket/lake"),
    ]
    assert [finding.subject for finding in topology.check(unwritten, off)] == ["bucket/lake"]


def test_a_bucket_that_tells_nobody_is_named(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    (logs,) = [each for each in assembly.of_type("AWS::S3::Bucket") if each.path == "Logs/Bucket"]
    copied, body = changed(assembly, logs.stack, logs.id)
    del body["Properties"]["NotificationConfiguration"]
    found = findings(copied, "local")
    assert {(finding.rule, finding.subject) for finding in found} == {
        ("unreachable", "producers/producers → bucket/logs → stream/raw"),
        ("unreachable", "bucket/logs → queue/collect → stream/raw"),
        ("orphan", "bucket/logs"),
        ("excess permission", "function/collect"),
    }


def test_a_queue_without_dead_letters_is_named(assembly_of: AssemblyOf) -> None:
    assembly = assembly_of("local")
    copied, body = changed(assembly, *resource(assembly, "AWS::SQS::Queue", QueueName="weir-local-collect"))
    del body["Properties"]["RedrivePolicy"]
    assert {(finding.rule, finding.subject) for finding in findings(copied, "local")} == {
        ("no failure destination", "queue/collect reads function/collect"),
        ("orphan", "queue/collect-dlq"),
    }


def test_without_the_direct_way_nothing_is_promised_of_it(topology_of: TopologyOf) -> None:
    pipeline = topology_of("local")
    edges = tuple(edge for edge in pipeline.edges if "direct-put" not in edge.name)
    nodes = {key: node for key, node in pipeline.nodes.items() if key not in ("delivery/direct-put", "function/transform")}
    without = topology.Topology(pipeline.name, pipeline.assembly, nodes, edges)
    environment = load_environment("local")
    closed = environment.model_copy(update={"direct_put": environment.direct_put.model_copy(update={"enabled": False})})
    promised = "producers/producers → delivery/direct-put → domain"
    assert promised in {finding.subject for finding in topology.check(without, environment)}
    assert promised not in {finding.subject for finding in topology.check(without, closed)}


def _policy_of(assembly: Assembly, function: str) -> tuple[str, str]:
    (role,) = [
        assembly.properties(entry)["Role"].rpartition("/")[2]
        for entry in assembly.of_type("AWS::Lambda::Function")
        if entry.name.endswith(f"-{function}")
    ]
    (policy,) = [entry for entry in assembly.of_type("AWS::IAM::Policy") if assembly.properties(entry)["Roles"] == [role]]
    return policy.stack, policy.id
