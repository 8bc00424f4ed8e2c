"""What the functions are told by their environment variables.

Each function has one frozen class here; a field is the variable of the same name in upper case, and the stack that deploys
the function sets exactly these. A field with a default may be left out.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, Self, get_type_hints

#: Default record limit of a stream (Kinesis developer guide, "Quotas and limits").
DEFAULT_RECORD_KIB = 1_024


class SettingError(RuntimeError):
    """An environment variable is missing or says nothing usable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Read from environment variables."""

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> Self:
        """Raises SettingError, naming the variable, where one is missing or cannot be read as its field's type."""
        types = get_type_hints(cls)
        values: dict[str, Any] = {}
        for field in fields(cls):
            name = field.name.upper()
            if name in variables:
                values[field.name] = _value(name, variables[name], types[field.name])
            elif field.default is MISSING:
                raise SettingError(f"environment variable {name} is not set: set it in the function's configuration")
        return cls(**values)


def _value(name: str, text: str, kind: Any) -> str | int | bool | tuple[str, ...]:
    if kind is bool:
        if text not in ("true", "false"):
            raise SettingError(f"environment variable {name}: {text!r} is neither true nor false")
        return text == "true"
    if kind is int:
        try:
            return int(text)
        except ValueError:
            raise SettingError(f"environment variable {name}: {text!r} is not a whole number") from None
    if kind == tuple[str, ...]:
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class TransformSettings(Settings):
    """What the transform function needs."""

    default_tenant: str
    """Tenant of a record that names none."""
    default_type: str
    """Log type of a line that names none and has no known shape; "" when there is none."""
    vpc_flow_formats: tuple[str, ...] = ()
    """Custom formats of VPC flow logs, each as common.flow_formats reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NormaliseSettings(TransformSettings):
    """What the normalise function needs."""

    events_stream: str
    errors_stream: str
    oversized_bucket: str
    """Bucket that keeps events larger than `events` takes."""
    events_record_kib: int = DEFAULT_RECORD_KIB
    """Largest record `events` takes."""
    events_buckets: int = 0
    """As normalise.aggregation takes it; 0: each event is a record."""
    errors_record_kib: int = 4 * DEFAULT_RECORD_KIB
    """Largest record `errors` takes: more than `raw` does, because the original rides along in base64."""
    lookups_bucket: str = ""
    """Bucket of the files that events are enriched by; "" where none is configured."""
    master_data_table: str = ""
    """Table of master data; "" where none is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectSettings(Settings):
    """What the collect function needs."""

    raw_stream: str
    errors_stream: str
    queue_url: str
    """Of the queue it reads, to which it says where to go on."""
    oversized_bucket: str
    """Bucket that keeps records larger than `raw` takes."""
    rules: str
    """As `collect.rules` reads them."""
    default_tenant: str
    """Tenant of an object no rule gives one."""
    raw_record_kib: int = DEFAULT_RECORD_KIB
    """Largest record `raw` takes."""
    errors_record_kib: int = 4 * DEFAULT_RECORD_KIB
    """Largest record `errors` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings(Settings):
    """Where the domain is."""

    search_endpoint: str
    """Host of the domain, without a scheme."""
    aws_region: str
    """Set by Lambda itself; requests are signed for it."""
    aws_endpoint_url_opensearch: str = ""
    """Base URL to use instead of the domain's, as the AWS SDKs' variables of this form."""

    @property
    def search_url(self) -> str:
        """Base URL of the domain, without a slash at its end."""
        return (self.aws_endpoint_url_opensearch or f"https://{self.search_endpoint}").rstrip("/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings(SearchSettings):
    """What the route function needs."""

    errors_stream: str
    errors_record_kib: int = 4 * DEFAULT_RECORD_KIB
    """Largest record `errors` takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardSettings(Settings):
    """What the forward function needs."""

    output_stream: str
    """ARN of the stream that gets the records, of this account and region. It takes all that the other takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentSettings(SearchSettings):
    """What the content function needs."""

    fine_grained_access: bool
    """Whether the domain has roles of its own, to which IAM roles are mapped."""
    writer_role_arns: tuple[str, ...]
    """IAM roles that write documents."""
