"""Route 53 VPC Resolver query logs: the DNS queries of a VPC and their answers.

Fields: Route 53 developer guide, "Values that appear in VPC Resolver query logs"
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html).
"""

from __future__ import annotations

from typing import Any

from common.kinds import LONG_WORD, WORD, structs
from common.logtype import JsonObject, ObjectType
from common.table import Table

_ANSWER = {"Rdata": "data", "Type": "type", "Class": "class"}
_ANSWERS = structs({"data": LONG_WORD, "type": WORD, "class": WORD})
#: The code of a response without error (RFC 1035, 4.1.1).
_NO_ERROR = "NOERROR"


def _answers(value: Any) -> list[JsonObject] | None:
    """Data, type and class of each answer; None where one says anything else."""
    if not isinstance(value, list) or not all(isinstance(answer, dict) and answer.keys() <= _ANSWER.keys() for answer in value):
        return None
    answers: list[JsonObject] | None = _ANSWERS.read(
        [{_ANSWER[name]: content for name, content in answer.items()} for answer in value]
    )
    return answers


def _lower(value: Any) -> str | None:
    return value.lower() if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    """A domain name without the dot of the root."""
    return (value.removesuffix(".") or value) if isinstance(value, str) else None


def _complete(event: JsonObject, rest: JsonObject) -> None:
    code = event.get("dns", {}).get("response_code")
    if event["event"].get("action") == "block":
        event["event"] |= {"type": ["protocol", "denied"], "outcome": "failure"}
    elif code is not None:
        event["event"]["outcome"] = "success" if code == _NO_ERROR else "failure"
    else:
        event["event"]["outcome"] = "unknown"


TABLE = Table(
    {
        "query_timestamp": "@timestamp",
        "account_id": "cloud.account.id",
        "region": "cloud.region",
        "vpc_id": "aws.route53_resolver.vpc_id",
        "query_name": "dns.question.name",
        "query_type": "dns.question.type",
        "query_class": "dns.question.class",
        "rcode": "dns.response_code",
        "answers": "aws.route53_resolver.answers",
        "srcaddr": "source.ip",
        "srcport": "source.port",
        "transport": "network.transport",
        "srcids.instance": "cloud.instance.id",
        "srcids.resolver_endpoint": "aws.route53_resolver.endpoint_id",
        "srcids.resolver_network_interface": "aws.route53_resolver.network_interface_id",
        "firewall_rule_action": "event.action",
        "firewall_rule_group_id": "rule.ruleset",
        "firewall_domain_list_id": "aws.route53_resolver.domain_list_id",
    },
    own={
        "aws.route53_resolver.vpc_id": WORD,
        "aws.route53_resolver.answers": _ANSWERS,
        "aws.route53_resolver.endpoint_id": WORD,
        "aws.route53_resolver.network_interface_id": WORD,
        "aws.route53_resolver.domain_list_id": WORD,
    },
    rest="aws.route53_resolver.other",
    constants={
        "event.category": ["network"],
        "event.type": ["protocol"],
        "network.protocol": "dns",
    },
    read={"query_name": _name, "answers": _answers, "transport": _lower, "firewall_rule_action": _lower},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="route53_resolver",
    dataset="aws.route53_resolver",
    title="Route 53 VPC Resolver query log",
    page="https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-query-logs-format.html",
    arrival="Firehose, a subscription of the query log's log group, or its files in S3, of which every line is a record.",
    recognise=lambda _: True,  # no one else has these keys together
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("query_timestamp", "query_name", "query_type", "srcaddr"),
)
