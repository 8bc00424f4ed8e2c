"""The search domain, who may call it, and what is applied to it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from tests.synth.synthesized import Pipeline

PROJECT = Path(__file__).resolve().parents[2]


def domain(pipeline: Pipeline) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::OpenSearchService::Domain")
    return properties


def role(pipeline: Pipeline, path: str) -> str:
    return pipeline.arn("AWS::IAM::Role", path)


def test_the_domain_is_encrypted_everywhere(pipeline: Pipeline) -> None:
    (key,) = pipeline.all("AWS::KMS::Key")
    properties = domain(pipeline)
    assert properties["EncryptionAtRestOptions"] == {"Enabled": True, "KmsKeyId": key.name}
    assert properties["NodeToNodeEncryptionOptions"] == {"Enabled": True}
    assert properties["DomainEndpointOptions"] == {"EnforceHTTPS": True, "TLSSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"}


def test_the_domain_has_the_size_the_environment_says(pipeline: Pipeline) -> None:
    search = pipeline.environment.search
    cluster = domain(pipeline)["ClusterConfig"]
    assert cluster["InstanceCount"] == search.data_nodes
    assert cluster["InstanceType"] == search.data_instance
    assert cluster["MultiAZWithStandbyEnabled"] is False
    if search.manager_nodes:
        assert (cluster["DedicatedMasterCount"], cluster["DedicatedMasterType"]) == (
            search.manager_nodes,
            search.manager_instance,
        )
    assert cluster["DedicatedMasterEnabled"] is (search.manager_nodes > 0)
    assert domain(pipeline)["EBSOptions"] == {"EBSEnabled": True, "VolumeSize": search.volume_gib, "VolumeType": "gp3"}
    assert domain(pipeline)["EngineVersion"] == search.version


def test_production_spans_three_zones(prod: Pipeline) -> None:
    cluster = domain(prod)["ClusterConfig"]
    assert cluster["ZoneAwarenessEnabled"] is True
    assert cluster["ZoneAwarenessConfig"] == {"AvailabilityZoneCount": 3}
    assert (cluster["InstanceCount"], cluster["DedicatedMasterCount"]) == (6, 3)


def test_development_is_one_node_in_one_zone(dev: Pipeline) -> None:
    cluster = domain(dev)["ClusterConfig"]
    assert cluster["ZoneAwarenessEnabled"] is False
    assert "ZoneAwarenessConfig" not in cluster
    assert (cluster["InstanceCount"], cluster["DedicatedMasterEnabled"]) == (1, False)


def test_the_content_function_is_master_user_under_fine_grained_access(prod: Pipeline) -> None:
    assert domain(prod)["AdvancedSecurityOptions"] == {
        "Enabled": True,
        "InternalUserDatabaseEnabled": False,
        "MasterUserOptions": {"MasterUserARN": role(prod, "ContentFunction/Role")},
    }


def test_without_fine_grained_access_there_is_no_master_user_and_no_audit_log(local: Pipeline) -> None:
    assert "AdvancedSecurityOptions" not in domain(local)
    assert domain(local)["LogPublishingOptions"]["AUDIT_LOGS"] == {"Enabled": False}


def test_the_domain_may_write_its_logs(prod: Pipeline) -> None:
    groups = {each.path: each.arn for each in prod.all("AWS::Logs::LogGroup")}
    options = domain(prod)["LogPublishingOptions"]
    assert {name: option["CloudWatchLogsLogGroupArn"] for name, option in options.items()} == {
        "ES_APPLICATION_LOGS": groups["Domain/ApplicationLogs"],
        "SEARCH_SLOW_LOGS": groups["Domain/SlowSearchLogs"],
        "INDEX_SLOW_LOGS": groups["Domain/SlowIndexLogs"],
        "AUDIT_LOGS": groups["Domain/AuditLogs"],
    }
    policy = prod.one("AWS::Logs::ResourcePolicy")["PolicyDocument"]
    for arn in (option["CloudWatchLogsLogGroupArn"] for option in options.values()):
        assert arn in policy
    assert '"Service":"es.amazonaws.com"' in policy


def test_the_domain_names_its_callers_and_what_each_may_call(pipeline: Pipeline) -> None:
    (resource,) = pipeline.all("AWS::OpenSearchService::Domain")
    allowed: dict[str, list[tuple[Any, Any]]] = {}
    for statement in domain(pipeline)["AccessPolicies"]["Statement"]:
        assert statement["Effect"] == "Allow"
        callers = statement["Principal"]["AWS"]
        for caller in callers if isinstance(callers, list) else [callers]:
            allowed.setdefault(caller, []).append((statement["Action"], statement["Resource"]))
    assert set(allowed) == {
        role(pipeline, "ContentFunction/Role"),
        role(pipeline, "Route/Role"),
        role(pipeline, "Report/Role"),
        role(pipeline, "DirectPut/Access/Role"),
    }
    for indexes in ("Route/Role", "Report/Role"):
        assert allowed[role(pipeline, indexes)] == [("es:ESHttpPost", f"{resource.arn}/_bulk")]
    security = ["_plugins/_security/api/roles/*", "_plugins/_security/api/rolesmapping/*"]
    paths = ["_component_template/*", "_index_template/*"]
    paths += security if pipeline.environment.search.fine_grained_access else []
    assert allowed[role(pipeline, "ContentFunction/Role")] == [("es:ESHttpPut", [f"{resource.arn}/{path}" for path in paths])]


def test_content_is_applied_again_when_a_template_or_a_setting_changes(pipeline: Pipeline) -> None:
    search = pipeline.environment.search
    digest = hashlib.sha256()
    for path in sorted((PROJECT / "search" / "templates").glob("*.json")):
        digest.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    assert pipeline.one("Custom::SearchContent") == {
        "ServiceToken": pipeline.arn("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-content"),
        "ServiceTimeout": "360",
        "Templates": digest.hexdigest(),
        "IndexShards": search.index_shards,
        "IndexReplicas": search.index_replicas,
        "RefreshSeconds": search.refresh_seconds,
        "SegmentsPerTier": search.segments_per_tier,
    }


def test_content_waits_for_its_rights(pipeline: Pipeline) -> None:
    (content,) = pipeline.all("Custom::SearchContent")
    (policy,) = [each.id for each in pipeline.all("AWS::IAM::Policy") if each.path == "ContentFunction/Role/DefaultPolicy"]
    assert policy in pipeline.body(content)["DependsOn"]
