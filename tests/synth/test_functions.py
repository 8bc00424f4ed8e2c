"""Every function: runtime, handler, environment variables, log and rights."""

from __future__ import annotations

import platform
import sys
from typing import Any

import pytest

from tests.synth.synthesized import Pipeline

FUNCTIONS = {
    "normalise": "Normalise",
    "archive": "Archive",
    "collect": "CollectFunction",
    "route": "Route",
    "report": "Report",
    "transform": "Transform",
    "content": "ContentFunction",
}


def function(pipeline: Pipeline, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = pipeline.one("AWS::Lambda::Function", f"weir-{pipeline.environment.name}-{name}")
    return properties


def test_these_are_all_the_functions(pipeline: Pipeline) -> None:
    names = {each.name for each in pipeline.all("AWS::Lambda::Function")}
    analytics = ["operate"] if pipeline.environment.analytics.applications else []
    assert names == {f"weir-{pipeline.environment.name}-{name}" for name in (*FUNCTIONS, *analytics)}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_named_by_its_package_and_traced(pipeline: Pipeline, name: str) -> None:
    properties = function(pipeline, name)
    assert properties["Handler"] == f"{name}.handler.handler"
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert len(properties["Layers"]) == 2


def test_runtimes_follow_the_environment(prod: Pipeline, local: Pipeline) -> None:
    for name in FUNCTIONS:
        assert (function(prod, name)["Runtime"], function(prod, name)["Architectures"]) == ("python3.13", ["arm64"])
        host = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        assert (function(local, name)["Runtime"], function(local, name)["Architectures"]) == (version, [host])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_logs_json_to_its_own_group_and_may_write_no_other(pipeline: Pipeline, name: str) -> None:
    (group,) = [each for each in pipeline.all("AWS::Logs::LogGroup") if each.path == f"{FUNCTIONS[name]}/Logs"]
    assert function(pipeline, name)["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": group.ref}
    assert pipeline.grants(f"{FUNCTIONS[name]}/Role", "logs:") == [(["logs:CreateLogStream", "logs:PutLogEvents"], [group.arn])]


def test_no_role_has_a_managed_policy(pipeline: Pipeline) -> None:
    roles = [each for each in pipeline.all("AWS::IAM::Role") if "ManagedPolicyArns" in pipeline.assembly.properties(each)]
    assert roles == []


def test_what_each_function_is_told(pipeline: Pipeline) -> None:
    env = pipeline.environment
    prefix = f"weir-{env.name}"
    (domain,) = pipeline.all("AWS::OpenSearchService::Domain")
    endpoint = f"search-{domain.name}.{domain.region}.es.amazonaws.com"
    defaults = {
        "DEFAULT_TENANT": "default",
        "DEFAULT_TYPE": env.normalisation.default_type or "",
        "VPC_FLOW_FORMATS": "",
    }
    writers = [pipeline.arn("AWS::IAM::Role", path) for path in ("Route/Role", "Report/Role", "DirectPut/Access/Role")]
    (archive,) = [each.name for each in pipeline.all("AWS::S3::Bucket") if each.path == "Archive/Bucket"]
    own = {
        "normalise": {
            "EVENTS_STREAM": f"{prefix}-events",
            "EVENTS_RECORD_KIB": "1024",
            "EVENTS_BUCKETS": "8" if env.name == "local" else "256",
            "ERRORS_STREAM": f"{prefix}-errors",
            "ERRORS_RECORD_KIB": "4096",
            "OVERSIZED_BUCKET": archive,
            **defaults,
        },
        "archive": {},
        "collect": {
            "RAW_STREAM": f"{prefix}-raw",
            "ERRORS_STREAM": f"{prefix}-errors",
            "QUEUE_URL": f"https://sqs.{domain.region}.amazonaws.com/{domain.account}/{prefix}-collect",
            "OVERSIZED_BUCKET": archive,
            "RULES": "[]",
            "DEFAULT_TENANT": "default",
            "RAW_RECORD_KIB": "1024",
            "ERRORS_RECORD_KIB": "4096",
        },
        "route": {"SEARCH_ENDPOINT": endpoint, "ERRORS_STREAM": f"{prefix}-errors", "ERRORS_RECORD_KIB": "4096"},
        "report": {"SEARCH_ENDPOINT": endpoint},
        "transform": defaults,
        "content": {
            "SEARCH_ENDPOINT": endpoint,
            "FINE_GRAINED_ACCESS": "true" if env.search.fine_grained_access else "false",
            "WRITER_ROLE_ARNS": ",".join(writers),
        },
    }
    for name in FUNCTIONS:
        assert function(pipeline, name)["Environment"]["Variables"] == {
            "POWERTOOLS_SERVICE_NAME": name,
            "POWERTOOLS_METRICS_NAMESPACE": "Weir",
            "POWERTOOLS_LOG_LEVEL": env.functions.log_level,
            **own[name],
        }


def test_consumers_have_the_memory_and_time_of_the_environment(prod: Pipeline) -> None:
    assert (function(prod, "normalise")["MemorySize"], function(prod, "normalise")["Timeout"]) == (1769, 60)
    assert (function(prod, "route")["MemorySize"], function(prod, "route")["Timeout"]) == (1769, 60)
