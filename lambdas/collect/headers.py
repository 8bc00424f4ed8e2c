"""Lines of a log file that tell of the file, and are no events."""

from __future__ import annotations

import re

#: Directives of the W3C extended log file format (https://www.w3.org/TR/WD-logfile.html), which CloudFront writes two of.
_DIRECTIVE = re.compile(rb"#(?:Version|Fields|Software|Start-Date|End-Date|Date|Remark):")
#: Flow logs in S3 begin with the names of their fields (VPC user guide, "Flow log files"). These are in every format anybody
#: uses: one that had none of them would say nothing of traffic.
_FIELD = re.compile(rb"[a-z][a-z0-9-]+")
_FLOW_FIELDS = frozenset(
    (b"account-id", b"interface-id", b"srcaddr", b"dstaddr", b"pkt-srcaddr", b"pkt-dstaddr", b"log-status", b"tgw-id", b"vpc-id")
)


def is_header(line: bytes, number: int) -> bool:
    """Whether line `number` of a file is one."""
    if line.startswith(b"#"):
        return _DIRECTIVE.match(line) is not None
    if number != 1:
        return False
    words = line.split(b" ")
    return not _FLOW_FIELDS.isdisjoint(words) and all(_FIELD.fullmatch(word) for word in words)
