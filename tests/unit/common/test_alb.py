"""ALB access log entries, in the format of the Application Load Balancers guide."""

from __future__ import annotations

from collections.abc import Callable

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.logtype import Stamp
from common.logtypes.alb import parse, quick
from common.model import Rejected
from tests.unit.common.conftest import Document

GROUP = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/shop/73e2d6bc24d8a067"
CERTIFICATE = "arn:aws:acm:us-east-2:123456789012:certificate/12345678"
ENTRY = (
    "h2 2018-07-02T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.001 0.002 0.003 200 201 34 366 "
    '"GET https://www.example.com:443/a/b?c=d&e HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
    f'{GROUP} "Self=1-1;Root=1-58337262-36d228ad5d99923122bbe354" "www.example.com" "{CERTIFICATE}" '
    '7 2018-07-02T22:22:48.364000Z "waf,forward" "-" "-" "10.0.0.66:9000" "201" "-" "-"'
)


def test_a_forwarded_request(document: Callable[..., Document]) -> None:
    found = document(ENTRY)
    assert found.pop("event").keys() >= {"id", "ingested"}
    assert found == {
        "@timestamp": "2018-07-02T22:23:00.186Z",
        "tenant": "default",
        "cloud": {"region": "us-east-2", "account": {"id": "123456789012"}},
        "source": {"ip": "10.0.1.252", "port": 48160},
        "destination": {"ip": "10.0.0.66", "port": 9000},
        "http": {"request": {"method": "GET", "bytes": 34}, "response": {"status_code": 200, "bytes": 366}, "version": "2.0"},
        "url": {"scheme": "https", "domain": "www.example.com", "port": 443, "path": "/a/b", "query": "c=d&e"},
        "user_agent": {"original": "curl/7.46.0"},
        "tls": {
            "cipher": "ECDHE-RSA-AES128-GCM-SHA256",
            "version": "1.2",
            "version_protocol": "tls",
            "client": {"server_name": "www.example.com"},
        },
        "trace": {"id": "1-58337262-36d228ad5d99923122bbe354"},
        "aws": {
            "elb": {
                "name": "app/my-lb/50dc6c495c0c9188",
                "type": "h2",
                "target_group": "shop/73e2d6bc24d8a067",
                "request_seconds": 0.001,
                "target_seconds": 0.002,
                "response_seconds": 0.003,
                "target_status_code": 201,
                "chosen_cert": {"arn": CERTIFICATE},
                "matched_rule_priority": "7",
                "action_executed": ["waf", "forward"],
            }
        },
    }


def test_its_event_fields(document: Callable[..., Document]) -> None:
    event = document(ENTRY)["event"]
    assert len(event.pop("id")) == 18
    assert event == {
        "dataset": "aws.alb",
        "category": ["web"],
        "outcome": "success",
        "start": "2018-07-02T22:22:48.364Z",
        "duration": 6_000_000,
        "ingested": "2026-11-23T08:00:00.250Z",
    }


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("200", "success"), ("301", "success"), ("400", "failure"), ("460", "failure"), ("502", "failure"), ("-", "unknown")],
)
def test_outcome_follows_the_status(status: str, outcome: str, document: Callable[..., Document]) -> None:
    assert document(ENTRY.replace(" 200 201 ", f" {status} - "))["event"]["outcome"] == outcome


def test_a_request_that_reached_no_target(document: Callable[..., Document]) -> None:
    line = ENTRY.replace("10.0.0.66:9000 0.001 0.002 0.003 200 201", "- -1 -1 -1 503 -").replace(
        '"10.0.0.66:9000" "201"', '"-" "-"'
    )
    found = document(line.replace('"waf,forward" "-" "-"', '"redirect" "https://x/" "LambdaTimeout"').replace(GROUP, "-"))
    assert "destination" not in found
    assert "duration" not in found["event"]
    assert found["aws"]["elb"].keys() == {
        *("name", "type", "chosen_cert", "matched_rule_priority", "action_executed", "redirect_url", "error")
    }
    assert "cloud" not in found
    assert found["aws"]["elb"]["error"] == {"reason": "LambdaTimeout"}


@pytest.mark.parametrize(
    ("request_line", "method", "url", "version"),
    [
        ("- http://example.com:80-/ ", None, {"scheme": "http", "domain": "example.com", "port": 80, "path": "/"}, None),
        (
            "GET http://10.0.0.1:80/s?cd+/tmp;wget+ a.b/c HTTP/1.1",
            "GET",
            {"scheme": "http", "domain": "10.0.0.1", "port": 80, "path": "/s", "query": "cd+/tmp;wget+ a.b/c"},
            "1.1",
        ),
        (
            "GET http://[2001:db8::1]:80/ HTTP/1.1",
            "GET",
            {"scheme": "http", "domain": "[2001:db8::1]", "port": 80, "path": "/"},
            "1.1",
        ),
        ("GET nonsense HTTP/1.1", "GET", {"original": "nonsense"}, "1.1"),
        ("-", None, None, None),
    ],
)
def test_requests_of_every_kind(
    request_line: str, method: str | None, url: dict[str, object] | None, version: str | None, document: Callable[..., Document]
) -> None:
    found = document(ENTRY.replace("GET https://www.example.com:443/a/b?c=d&e HTTP/2.0", request_line))
    assert found["http"]["request"].get("method") == method
    assert found.get("url") == url
    assert found["http"].get("version") == version


def test_a_quoted_user_agent(document: Callable[..., Document]) -> None:
    found = document(ENTRY.replace("curl/7.46.0", r"say \"hello\" \\ once"))
    assert found["user_agent"] == {"original": r"say \"hello\" \\ once"}


def test_several_targets_are_all_kept(document: Callable[..., Document]) -> None:
    found = document(ENTRY.replace('"10.0.0.66:9000" "201"', '"10.0.0.65:9000 10.0.0.66:9000" "503 201"'))
    assert found["aws"]["elb"]["targets"] == ["10.0.0.65:9000", "10.0.0.66:9000"]
    assert found["aws"]["elb"]["targets_status_code"] == ["503", "201"]


def test_fields_that_came_later(document: Callable[..., Document]) -> None:
    found = document(ENTRY + ' TID_abc "-" "-" "new"')
    assert found["aws"]["elb"]["connection_trace_id"] == "TID_abc"
    assert found["aws"]["elb"]["other"] == {"request_transform_status": "new"}


@pytest.mark.parametrize("node", ["10.0.0.7", '"10.0.0.7"', "2001:db8::7"])
def test_what_came_to_be_written_later_is_kept_and_may_grow(node: str, document: Callable[..., Document]) -> None:
    transformed = ' TID_abc "api.example.com" "/v2/a \\"b\\"" "TransformSuccess" '
    found = document(ENTRY + transformed + node + ' 7 "new"')
    assert found["aws"]["elb"]["other"] == {
        "transformed_host": "api.example.com",
        "transformed_uri": '/v2/a \\"b\\"',
        "request_transform_status": "TransformSuccess",
        "ip_address": node.strip('"'),
        "extra": ["7", "new"],
    }
    assert document(ENTRY + f' TID_abc "-" "-" "-" {node}')["aws"]["elb"]["other"] == {"ip_address": node.strip('"')}


def test_an_ipv6_client(document: Callable[..., Document]) -> None:
    assert document(ENTRY.replace("10.0.1.252:48160", "[2001:db8::1]:48160"))["source"] == {"ip": "2001:db8::1", "port": 48160}
    assert document(ENTRY.replace("10.0.1.252:48160", "2001:db8::1:48160"))["source"] == {"ip": "2001:db8::1", "port": 48160}


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("10.0.1.252", "10.0.1.256", "client:port"),
        (":48160", ":70000", "client:port"),
        ("10.0.1.252:48160", "-", "time and client:port"),
        ("10.0.0.66:9000 0.001", "somewhere 0.001", "target:port"),
        ("2018-07-02T22:23:00.186641Z", "2018-07-02T25:23:00Z", "time"),
        ("2018-07-02T22:22:48.364000Z", "later", "request_creation_time"),
        (" 0.002 ", " soon ", "target_processing_time"),
        (" 200 201", " OK 201", "elb_status_code"),
        (" 200 201", " 200 2x1", "target_status_code"),
        (" 34 366", " -34 366", "received_bytes"),
        (" 34 366", " 34 3.6", "sent_bytes"),
        ("GET https://www.example.com:443/a/b?c=d&e HTTP/2.0", "GET", "request"),
        ('"-" "-"', '"-"', "line"),
        ("TLSv1.2", 'TLS"v1.2 "', "line"),
    ],
)
def test_a_wrong_field_is_named(old: str, new: str, field: str, rejected: Callable[..., Rejected]) -> None:
    line = ENTRY.replace(old, new, 1)
    refused = rejected(line)
    assert (refused.reason, refused.type, refused.original) == ("malformed", "alb", line.encode())
    assert refused.detail.startswith(field)


def test_a_line_cut_anywhere_after_its_time_is_malformed(rejected: Callable[..., Rejected]) -> None:
    for end in range(len("h2 2018-07-02T"), len(ENTRY)):
        refused = rejected(ENTRY[:end])
        assert (refused.reason, refused.type) == ("malformed", "alb")


def texts(alphabet: str = "", *, min_size: int = 0) -> st.SearchStrategy[str]:
    """Text that a quoted field may hold without an escape; of `alphabet`, or else anything."""
    anything = st.characters(min_codepoint=32, exclude_categories=["Cs"], exclude_characters='"\\')
    return st.text(alphabet or anything, min_size=min_size, max_size=12)


words = texts(min_size=1).filter(lambda text: not any(letter.isspace() for letter in text))
names = texts("abcdef0123456789-", min_size=1)
ports = st.integers(0, 65_535)
addresses = st.builds("{}:{}".format, st.ip_addresses(v=4), ports) | st.builds("[{}]:{}".format, st.ip_addresses(v=6), ports)
seconds = st.integers(0, 10**9).map(lambda microseconds: f"{microseconds / 10**6:.6f}")
statuses = st.integers(100, 599)
counts = st.integers(0, 10**18 - 1)
moments = st.datetimes().map(lambda time: f"{time:%Y-%m-%dT%H:%M:%S.%f}Z".rjust(27, "0"))
#: What stands behind the classification's reason, from no id of a connection to the balancer's address.
LAST = ["", " -", " TID_1", *(f' TID_1 "-" "-" "-"{node}' for node in ("", " 10.0.0.7", ' "::7"'))]
quoted = st.just("-") | texts().filter(lambda text: text != "-" and not text.startswith("-"))


@given(st.data())
def test_the_usual_entry_makes_the_document_of_any_entry(data: st.DataObject) -> None:
    """The usual entry goes through a template, for speed: it must say what the general way says."""

    def some(*strategies: st.SearchStrategy[object]) -> str:
        return " ".join(str(data.draw(strategy)) for strategy in strategies)

    target, answer = some(addresses), some(statuses)
    path, query = data.draw(words).replace("?", ""), data.draw(st.none() | st.just("") | words)
    url = f"{some(names)}.example:{some(ports)}/{path}" + ("" if query is None else f"?{query}")
    line = (
        f"{some(st.sampled_from(['http', 'https', 'h2', 'grpcs', 'ws', 'wss']), moments)} app/{some(names, addresses)} {target} "
        f"{some(seconds, seconds, seconds, statuses)} {answer} {some(counts, counts)} "
        f'"{some(st.sampled_from(["GET", "POST"]))} https://{url} HTTP/1.1" "{some(quoted)}" '
        f"{some(st.sampled_from(['- -', 'ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2']))} "
        f"arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/{some(words)} "
        f'"{some(st.sampled_from(["", "Self=1-2;"]))}Root={some(names)}" "{some(quoted)}" "{some(quoted)}" '
        f'{some(counts, moments)} "{some(st.sampled_from(["forward", "waf,forward"]))}" "-" "-" "{target}" "{answer}" "-" "-"'
        f"{some(st.sampled_from(LAST))}"
    )
    stamp = Stamp("2026-11-23T08:00:00.250Z", "acme", "")
    fast = quick(line, "the-id", stamp)
    if not line.isprintable():
        assert fast is None
        return
    assert isinstance(fast, bytes), line
    slow = parse(line, stamp)
    slow["event"] |= {"id": "the-id", "dataset": "aws.alb", "ingested": "2026-11-23T08:00:00.250Z"}
    assert orjson.loads(fast) == slow | {"tenant": "acme"}


def test_a_balancer_without_a_name(document: Callable[..., Document]) -> None:
    assert "name" not in document(ENTRY.replace("app/my-lb/50dc6c495c0c9188", "-"))["aws"]["elb"]
