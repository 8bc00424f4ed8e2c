"""Which columns a line has that does not say it: the order its parser takes for granted, or the one that stands before it.

A file may say at its beginning which columns its lines have: `#Fields: date time …`, as the W3C extended log file format has it
(https://www.w3.org/TR/WD-logfile.html), and flow logs in S3 the names alone. Where these are not in the usual order, `collect`
puts them before each line as `#Fields: …` and an end of line, so that the record tells all that is needed to read it, wherever it
goes. Such a record is called headed here.
"""

from __future__ import annotations

from common.cache import remembered

#: What a headed record begins with.
MARK = "#Fields:"


@remembered(256)  # a file has one, or a few
def _names(header: str) -> tuple[str, ...]:
    return tuple(header.removeprefix(MARK).split())


#: VPC user guide, "Flow log records", in its order: versions 2 to 5, 7 (6 brought no field), 8, 9, 10 and 11.
FLOW_VERSIONS = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status",
    "vpc-id subnet-id instance-id tcp-flags type pkt-srcaddr pkt-dstaddr",
    "region az-id sublocation-type sublocation-id",
    "pkt-src-aws-service pkt-dst-aws-service flow-direction traffic-path",
    "ecs-cluster-arn ecs-cluster-name ecs-container-instance-arn ecs-container-instance-id ecs-container-id "
    "ecs-second-container-id ecs-service-name ecs-task-definition-arn ecs-task-arn ecs-task-id",
    "reject-reason",
    "resource-id",
    "encryption-status",
    "instance-tag instance-tag-2 interface-tag interface-tag-2 asg-tag asg-tag-2 interface-type next-hop-interface-id "
    "next-hop-subnet-id next-hop-az-id next-hop-vpc-id next-hop-interface-type",
)
FLOW = _names(" ".join(FLOW_VERSIONS))
#: How many of FLOW a line of the default format has, and one with all fields of a later version.
FLOW_COUNTS = tuple(len(_names(" ".join(FLOW_VERSIONS[:end]))) for end in range(1, len(FLOW_VERSIONS) + 1))

#: IIS 8.5 and later; IIS 7 has no referrer.
IIS = _names(
    "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus "
    "sc-win32-status time-taken"
)
IIS_7 = tuple(name for name in IIS if name != "cs(Referer)")

#: CloudFront developer guide, "Standard logging reference".
CLOUDFRONT = _names(
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query "
    "cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol "
    "ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte "
    "x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end"
)

#: Orders parsers take for granted; a line may end before the last of CloudFront's, as it did in earlier years.
_USUAL = frozenset(
    [*(FLOW[:count] for count in FLOW_COUNTS), IIS, IIS_7, *(CLOUDFRONT[:count] for count in range(18, len(CLOUDFRONT) + 1))]
)

# One of these names is in every selection of a type's columns that its lines can be told by, and in none of another's.
_OF_TYPE = {
    "cloudfront": frozenset(name for name in CLOUDFRONT if name.startswith(("x-edge-", "fle-"))) | {"x-host-header"},
    "iis": frozenset(("sc-substatus", "sc-win32-status", "s-sitename", "s-computername")),
    "vpc_flow_custom": frozenset(
        _names("interface-id srcaddr dstaddr pkt-srcaddr pkt-dstaddr vpc-id subnet-id log-status flow-direction traffic-path")
    ),
}
#: Transit gateways have flow logs of their own, with some of the same fields.
_OF_NO_TYPE = frozenset(("tgw-id", "tgw-attachment-id", "resource-type"))


@remembered(256)  # a file has one, or a few
def type_of(header: str) -> str | None:
    """The log type whose lines have the columns that `#Fields: …` names; None where they are no type's."""
    names = frozenset(_names(header))
    if not _OF_NO_TYPE.isdisjoint(names):
        return None
    return next((name for name, told_by in _OF_TYPE.items() if not told_by.isdisjoint(names)), None)


def is_usual(header: str) -> bool:
    """Whether `#Fields: …` says no more than parsers take for granted."""
    return _names(header) in _USUAL


def is_headed(record: str, log_type: str) -> bool:
    """Whether a record is a line of the type with the names of its columns before it."""
    return record.startswith(MARK) and "\n" in record and type_of(record.partition("\n")[0]) == log_type


def divided(record: str) -> tuple[tuple[str, ...], str]:
    """The names and the line of a headed record; no names where it is a line alone."""
    if not record.startswith(MARK):
        return (), record
    header, _, line = record.partition("\n")
    return _names(header), line
