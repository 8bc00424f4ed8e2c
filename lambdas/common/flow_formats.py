"""Custom formats of VPC flow logs: which an environment has, and which one a line is of.

Fields and what they look like: VPC user guide, "Flow log records"
(https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html). A line does not name its format, so an environment does.
A line is of a format when it has as many columns, each looks like its field or is a dash, and one by which it can be told is no
dash. A line of the default format is one, whatever is configured; a configured format comes before the longer orders, in which
the default format is followed by all fields of later versions; of two that fit, the first counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from common.columns import FLOW, FLOW_VERSIONS

_PATTERNS: Mapping[str, str] = {
    "number": "[0-9]{1,19}",
    "account": "[0-9]{12}|unknown",
    "seconds": "[0-9]{10}",  # from 2001 to 2286
    "address": r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*",
    "interface": "eni-[0-9a-z]+",
    "vpc": "vpc-[0-9a-z]+",
    "subnet": "subnet-[0-9a-z]+",
    "instance": "i-[0-9a-z]+",
    "action": "ACCEPT|REJECT",
    "status": "OK|NODATA|SKIPDATA",
    "direction": "ingress|egress",
    "word": r"\S+",
}
_LOOKS = {
    "number": "version srcport dstport protocol packets bytes tcp-flags traffic-path encryption-status",
    "account": "account-id",
    "seconds": "start end",
    "address": "srcaddr dstaddr pkt-srcaddr pkt-dstaddr",
    "interface": "interface-id next-hop-interface-id",
    "vpc": "vpc-id next-hop-vpc-id",
    "subnet": "subnet-id next-hop-subnet-id",
    "instance": "instance-id",
    "action": "action",
    "status": "log-status",
    "direction": "flow-direction",
}
_LOOK_OF = {name: look for look, names in _LOOKS.items() for name in names.split(" ")}
#: What each field looks like. The configuration has the same list (config.parts.flow_formats), and a test compares the two.
FIELDS: Mapping[str, str] = {name: _LOOK_OF.get(name, "word") for name in FLOW}
#: Looks that a line is told by.
TELLING = frozenset(_PATTERNS) - {"number", "account", "word"}
#: Fields that have a value in a record of nothing too.
_NEVER_ABSENT = frozenset(("version", "start", "end", "log-status"))
_ABSENT = "-"


class Format(NamedTuple):
    """One order of columns."""

    names: tuple[str, ...]
    pattern: re.Pattern[str]
    telling: tuple[int, ...]
    """Columns by which a line of it is told."""

    def takes(self, line: str, values: list[str]) -> bool:
        """Whether the line, which is these values, is of the format."""
        return self.pattern.fullmatch(line) is not None and any(values[column] != _ABSENT for column in self.telling)


def read_format(names: str) -> Format:
    """The format of fields' names with spaces between them, as they stand in a file's header. Raises ValueError for a name that
    is no field."""
    columns = tuple(names.split())
    unknown = [name for name in columns if name not in FIELDS]
    if unknown or not columns:
        raise ValueError(f"{names!r}: {unknown[0] if unknown else 'nothing'} is no field of a VPC flow log")
    pattern = " ".join(f"(?:{_PATTERNS[FIELDS[name]]}{'' if name in _NEVER_ABSENT else '|-'})" for name in columns)
    telling = tuple(column for column, name in enumerate(columns) if FIELDS[name] in TELLING)
    return Format(columns, re.compile(pattern, re.ASCII), telling)


DEFAULT = read_format(FLOW_VERSIONS[0])

#: By the number of columns. A container has one environment, whose formats are set once, before its first record.
_configured: dict[int, list[Format]] = {}


def configure(formats: Iterable[str]) -> None:
    """Sets the environment's formats, each as its fields' names with spaces between them, in place of those before. Raises
    ValueError for a name that is no field."""
    found: dict[int, list[Format]] = {}
    for names in formats:
        format_ = read_format(names)
        found.setdefault(len(format_.names), []).append(format_)
    _configured.clear()
    _configured.update(found)
    format_of.cache_clear()


@lru_cache(maxsize=1)  # what recognised a line is asked again when it is read
def format_of(line: str) -> Format | None:
    """The configured format the line is of; None where it is of the default format, or of none."""
    if not _configured:
        return None
    values = line.split(" ")
    fitting = _configured.get(len(values))
    if fitting is None or (len(values) == len(DEFAULT.names) and DEFAULT.takes(line, values)):
        return None
    return next((format_ for format_ in fitting if format_.takes(line, values)), None)


def format_by_length(columns: int) -> Format | None:
    """The first format with so many columns, for a line that is said to be a flow log record and looks like none."""
    fitting = _configured.get(columns)
    return fitting[0] if fitting else DEFAULT if columns == len(DEFAULT.names) else None
