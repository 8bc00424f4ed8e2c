"""What the content function promises: the domain has the templates, and CloudFormation always has an answer."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, cast

import orjson
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from common.custom_resource import NotAnswered, ResourceEvent
from common.deadline import Deadline
from common.search import SearchClient
from common.settings import ContentSettings
from content import handler as function
from content.handler import Content
from tests.unit.functions.fakes import Answer, Clock, Context, Request, Server, connected

TEMPLATES = Path(__file__).parents[3] / "search" / "templates"
NAMES = sorted(path.stem for path in TEMPLATES.glob("*.json"))
#: Components go first, in the order of their names.
FIRST = next(name for name in NAMES if name.startswith("weir-"))
PROPERTIES = {"IndexShards": "3", "IndexReplicas": "1", "RefreshSeconds": "5", "SegmentsPerTier": "20"}
ROLES = ("arn:aws:iam::123456789012:role/route", "arn:aws:iam::123456789012:role/direct-put")


class Cluster:
    """Takes what is put; gives the scripted answers first."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.put: dict[str, Any] = {}

    def answer(self, request: Request) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        assert request.method == "PUT"
        self.put[request.path] = request.json()
        return 200, {"acknowledged": True}


class CloudFormation:
    """The place that waits for a custom resource's answer."""

    def __init__(self) -> None:
        self.failures = 0

    def answer(self, request: Request) -> Answer:
        if self.failures:
            self.failures -= 1
            return 503, b"<Error><Code>SlowDown</Code></Error>"
        return 200, b""


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def domain(cluster: Cluster) -> Iterator[Server]:
    with Server(cluster.answer) as server:
        yield server


@pytest.fixture
def client(domain: Server) -> Iterator[SearchClient]:
    with connected(domain.url) as client:
        yield client


@pytest.fixture
def cloudformation() -> CloudFormation:
    return CloudFormation()


@pytest.fixture
def waiting(cloudformation: CloudFormation) -> Iterator[Server]:
    with Server(cloudformation.answer) as server:
        yield server


def event(kind: Literal["Create", "Update", "Delete"], url: str, properties: dict[str, Any] | None = None) -> ResourceEvent:
    return {
        "RequestType": kind,
        "ResponseURL": f"{url}/answer?signature=abc",
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/weir-test-search/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Content",
        "ResourceProperties": PROPERTIES if properties is None else properties,
    }


def content(client: SearchClient, *, fine_grained_access: bool = False, folder: Path = TEMPLATES) -> Content:
    settings = ContentSettings(
        search_endpoint="unused.test", aws_region="eu-central-1", fine_grained_access=fine_grained_access, writer_role_arns=ROLES
    )
    return Content(client, settings, folder)


def answers(waiting: Server) -> list[Any]:
    return [request.json() for request in waiting.requests]


def run(kind: Literal["Create", "Update", "Delete"], waiting: Server, **details: Any) -> Any:
    """One invocation of the handler; what CloudFormation was told."""
    function.handler(event(kind, waiting.url, **details), cast(LambdaContext, Context()))
    return answers(waiting)[-1]


@pytest.fixture
def ready(client: SearchClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "content", lambda: content(client))


@pytest.mark.usefixtures("ready")
def test_create_puts_the_components_before_the_index_templates_that_name_them(
    cluster: Cluster, domain: Server, waiting: Server
) -> None:
    answer = run("Create", waiting)
    assert (answer["Status"], answer["Reason"]) == ("SUCCESS", "Create done")
    paths = [request.path for request in domain.requests]
    kinds = [path.split("/")[1] for path in paths]
    assert kinds == sorted(kinds)
    assert {path.split("/")[2] for path in paths} == {path.stem for path in TEMPLATES.glob("*.json")}
    assert set(answer["Data"]["Templates"].split(",")) == {path.stem for path in TEMPLATES.glob("*.json")}
    assert cluster.put["/_component_template/weir-ecs"] == orjson.loads((TEMPLATES / "weir-ecs.json").read_bytes())


@pytest.mark.usefixtures("ready")
def test_every_index_gets_the_environments_settings(cluster: Cluster, waiting: Server) -> None:
    run("Create", waiting)
    indices = [body for path, body in cluster.put.items() if path.startswith("/_index_template/")]
    assert len(indices) == len([name for name in NAMES if not name.startswith("weir-") or name == "weir-errors"])
    for body in indices:
        assert body["template"] == {
            "settings": {
                "index": {
                    "number_of_shards": 3,
                    "number_of_replicas": 1,
                    "refresh_interval": "5s",
                    "merge": {"policy": {"segments_per_tier": 20}},
                }
            }
        }


@pytest.mark.usefixtures("ready")
def test_update_does_the_same_under_the_same_identity(cluster: Cluster, waiting: Server) -> None:
    first = run("Create", waiting)
    put = dict(cluster.put)
    second = run("Update", waiting)
    assert cluster.put == put
    assert first["PhysicalResourceId"] == second["PhysicalResourceId"] == "weir-search-content"


def test_delete_keeps_everything_and_needs_nothing(monkeypatch: pytest.MonkeyPatch, domain: Server, waiting: Server) -> None:
    monkeypatch.delenv("SEARCH_ENDPOINT", raising=False)
    function.content.cache_clear()
    assert run("Delete", waiting)["Status"] == "SUCCESS"
    assert domain.requests == []


@pytest.mark.usefixtures("ready")
def test_the_answer_goes_where_cloudformation_waits_in_its_form(waiting: Server) -> None:
    answer = run("Create", waiting)
    (request,) = waiting.requests
    assert (request.method, request.path) == ("PUT", "/answer?signature=abc")
    assert request.headers["content-type"] == ""
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        "StackId": "arn:aws:cloudformation:eu-central-1:123456789012:stack/weir-test-search/1",
        "RequestId": "request-1",
        "LogicalResourceId": "Content",
    }


@pytest.mark.usefixtures("ready")
def test_a_refusal_fails_the_deployment_with_the_domains_words(cluster: Cluster, waiting: Server) -> None:
    cluster.answers = [(400, {"error": {"type": "mapper_parsing_exception", "reason": "No handler for type [flat_objekt]"}})]
    answer = run("Create", waiting)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"] == (
        f"SearchError: PUT /_component_template/{FIRST}: 400: mapper_parsing_exception: No handler for type [flat_objekt]"
    )


@pytest.mark.usefixtures("ready")
def test_a_missing_permission_fails_the_deployment_with_the_services_words(cluster: Cluster, waiting: Server) -> None:
    cluster.answers = [(403, {"Message": "User: content is not authorized to perform: es:ESHttpPut"})]
    answer = run("Create", waiting)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].endswith("403: User: content is not authorized to perform: es:ESHttpPut")


def test_a_domain_that_is_not_ready_is_waited_for(clock: Clock, client: SearchClient, cluster: Cluster, domain: Server) -> None:
    cluster.answers = [(503, b"<html>Service Unavailable</html>")] * 4
    names = content(client).apply(PROPERTIES, clock.deadline(300))
    assert len(names) == len(cluster.put) == len(NAMES)
    assert len(clock.pauses) == 4


def test_a_domain_that_is_never_ready_fails_the_deployment_in_time(clock: Clock, waiting: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with connected(url) as client:
        answer = function.process(event("Create", waiting.url), clock.deadline(60), lambda: content(client))
    assert answer.status == "FAILED"
    assert answer.reason.startswith(f"SearchUnavailable: PUT /_component_template/{FIRST}: {url} was not reached")
    assert 40 < sum(clock.pauses) <= 50


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"IndexShards": "1", "IndexReplicas": "0"}, "ValueError: the custom resource has no property RefreshSeconds"),
        (
            PROPERTIES | {"IndexShards": "many"},
            "ValueError: the custom resource's property IndexShards is 'many', not a whole number",
        ),
    ],
)
@pytest.mark.usefixtures("ready")
def test_an_impossible_property_is_named(waiting: Server, properties: dict[str, Any], reason: str) -> None:
    answer = run("Update", waiting, properties=properties)
    assert (answer["Status"], answer["Reason"]) == ("FAILED", reason)


def test_cloudformation_hears_of_a_function_that_lacks_its_variables(monkeypatch: pytest.MonkeyPatch, waiting: Server) -> None:
    monkeypatch.delenv("SEARCH_ENDPOINT", raising=False)
    function.content.cache_clear()
    answer = run("Create", waiting)
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("SettingError: environment variable SEARCH_ENDPOINT is not set")


def test_cloudformation_hears_of_a_package_without_templates(client: SearchClient, clock: Clock, tmp_path: Path) -> None:
    answer = function.process(event("Create", "unused"), clock.deadline(60), lambda: content(client, folder=tmp_path))
    assert answer.reason == f"FileNotFoundError: no templates in {tmp_path}: the function's package lacks them"


def test_a_long_reason_is_cut_to_what_cloudformation_takes(monkeypatch: pytest.MonkeyPatch, waiting: Server) -> None:
    def fail() -> Content:
        raise RuntimeError("ü" * 100_000)

    monkeypatch.setattr(function, "content", fail)
    assert run("Create", waiting)["Reason"].startswith("RuntimeError: üü")
    assert len(waiting.requests[-1].body) < 4_096


@pytest.mark.usefixtures("ready")
def test_the_answer_is_sent_again_when_it_was_not_taken(
    waiting: Server, cloudformation: CloudFormation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadline, "of", lambda context, reserve: clock.deadline(60 - reserve))
    cloudformation.failures = 2
    run("Create", waiting)
    assert len(waiting.requests) == 3
    assert len(clock.pauses) == 2


@pytest.mark.usefixtures("ready")
def test_an_answer_that_is_never_taken_fails_the_invocation(
    waiting: Server, cloudformation: CloudFormation, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Deadline, "of", lambda context, reserve: clock.deadline(30 - reserve))
    cloudformation.failures = 1_000
    with pytest.raises(NotAnswered, match="503: <Error><Code>SlowDown</Code></Error>"):
        run("Create", waiting)


def test_with_fine_grained_access_the_writers_get_their_role_first(clock: Clock, client: SearchClient, domain: Server) -> None:
    content(client, fine_grained_access=True).apply(PROPERTIES, clock.deadline(300))
    role, mapping = domain.requests[:2]
    assert role.path == "/_plugins/_security/api/roles/weir_writer"
    assert role.json() == {
        "cluster_permissions": ["cluster_monitor", "indices:data/write/bulk"],
        "index_permissions": [
            {
                "index_patterns": ["logs-*", "weir-*"],
                "allowed_actions": ["crud", "create_index", "indices:admin/auto_create", "indices:data/write/bulk*"],
            }
        ],
    }
    assert mapping.path == "/_plugins/_security/api/rolesmapping/weir_writer"
    assert mapping.json() == {"backend_roles": list(ROLES)}


def test_without_fine_grained_access_no_role_is_touched(clock: Clock, client: SearchClient, domain: Server) -> None:
    content(client).apply(PROPERTIES, clock.deadline(300))
    assert not [request.path for request in domain.requests if "_security" in request.path]
