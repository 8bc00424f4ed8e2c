"""Lines of a log file that tell of the file, and are no events; and what of it the lines after them need to be read."""

from __future__ import annotations

import re

from common import columns

#: Where the columns are told; more than is ever needed of them is put before no line.
_MARK = columns.MARK.encode()
_MOST_BYTES = 8 * 1_024
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


def heading(line: bytes, before: bytes) -> bytes:
    """What goes before each line after a header, with its end of line, to be read as common.columns says: nothing where the order
    of their columns is the usual one, or no log type's, and what there was `before` where the header does not tell of columns."""
    told = line.startswith(_MARK)
    if not told and line.startswith(b"#"):
        return before
    if len(line) > _MOST_BYTES:
        return b""
    names = (line if told else _MARK + b" " + line).decode("utf-8", "replace")
    return b"" if columns.is_usual(names) or columns.type_of(names) is None else f"{names}\n".encode()
