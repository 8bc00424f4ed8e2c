"""The number of a finding's severity, where its service writes a label alone.

Source: Security Hub user guide, "Severity" of the AWS Security Finding Format, which gives each label the number that is written
beside it (https://docs.aws.amazon.com/securityhub/latest/userguide/asff-required-attributes.html#Severity).
"""

from __future__ import annotations

from typing import Any

#: From 0 to 100.
_NUMBERS = {"INFORMATIONAL": 0, "LOW": 1, "MEDIUM": 40, "HIGH": 70, "CRITICAL": 90}


def number_of(label: Any) -> int | None:
    """The number of a label; None where it is none of them, such as UNTRIAGED."""
    return _NUMBERS.get(label) if isinstance(label, str) else None
