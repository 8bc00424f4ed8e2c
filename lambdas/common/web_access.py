"""What access logs of load balancers and content delivery write alike: requests, TLS versions, durations, outcomes."""

from __future__ import annotations

import re
from urllib.parse import unquote

from common.cache import remembered
from common.kinds import NUMBER, WHOLE
from common.logtype import JsonObject
from common.timestamps import from_iso

#: Status from which a response counts as a failed outcome, the client's faults (4xx) included.
_FAILURE = 400
_NANOSECONDS = 1_000_000_000

_URL = re.compile(
    r"([a-z][a-z0-9+.-]*)://(\[[^\]]*\]|[^/:?#]*)(?::([0-9]{1,5})-?)?(/[^?]*)?(?:\?(.*))?",
    re.DOTALL,
)
_URL_PARTS = ("scheme", "domain", "port", "path", "query")
_TLS = re.compile(r"(TLS|SSL)[ _]?v?([0-9])(?:\.?([0-9]))?", re.IGNORECASE)


def outcome(status: int | None) -> str:
    """`event.outcome` of a response; unknown where there was none."""
    if status is None:
        return "unknown"
    return "failure" if status >= _FAILURE else "success"


def status(value: object) -> int | None:
    """An HTTP status; None for what stands for a response that was not made, such as 000."""
    number = WHOLE.read(value)
    return number if number is not None and 100 <= number <= 999 else None


def nanoseconds(seconds: object) -> int | None:
    """Seconds as `event.duration` counts them; None for what is no time that passed, such as -1."""
    number = NUMBER.read(seconds)
    return round(number * _NANOSECONDS) if number is not None and 0 <= number < 10**9 else None


def seconds(value: object) -> float | None:
    """A number of seconds; None for what is no time that passed, such as -1."""
    number = NUMBER.read(value)
    return number if number is not None and number >= 0 else None


@remembered(4_096)  # the entries of a second, or of a file, share few times
def _instant(text: str) -> str | None:
    try:
        return from_iso(text)
    except ValueError:
        return None


def instant(value: object) -> str | None:
    """ISO 8601 text; None for all else. The beginning of a time that was cut off is no epoch number."""
    return _instant(value) if isinstance(value, str) else None


def http_version(protocol: object) -> str | None:
    """1.1 of HTTP/1.1; None for what is not HTTP."""
    if not isinstance(protocol, str) or not protocol.startswith("HTTP/"):
        return None
    return protocol[5:] or None


@remembered(256)
def _tls(name: str) -> tuple[str, str] | None:
    match = _TLS.fullmatch(name)
    if match is None:
        return None
    protocol, major, minor = match.groups()
    return protocol.lower(), f"{major}.{minor}" if minor else major


def move_tls_version(event: JsonObject, rest: JsonObject, source: str) -> None:
    """Makes `tls.version_protocol` and `tls.version` of TLSv1.2, TLSv12, "TLS 1.2" or SSLv3, which is `rest[source]`."""
    name = rest.get(source)
    found = _tls(name) if isinstance(name, str) else None
    if found is not None:
        del rest[source]
        tls = event.setdefault("tls", {})
        tls["version_protocol"], tls["version"] = found


def split_endpoint(record: JsonObject, source: str, end: str) -> None:
    """Makes `<end>` and `<end>_port` of `record[source]`, an address and a port. IPv6 may be in brackets."""
    address, colon, port = record.get(source, "").rpartition(":")
    if colon:
        del record[source]
        record[end] = address.removeprefix("[").removesuffix("]")
        record[f"{end}_port"] = port


def add_request(record: JsonObject, request: str) -> None:
    """Adds method, URL and protocol of a request line, as `method`, `scheme`, `domain`, `port`, `path`, `query` and `protocol`,
    or `original` for a URL that is not absolute; a dash or nothing is what is absent, and a URL may hold spaces. What is no
    request line is all in `request`."""
    method, _, rest = request.partition(" ")
    url, space, protocol = rest.rpartition(" ")
    if not space:
        record["request"] = request
        return
    found = _URL.fullmatch(url)
    if found is not None:
        for name, value in zip(_URL_PARTS, found.groups(), strict=True):
            if value and value != "-":
                record[name] = value
    elif url.strip("- "):
        record["original"] = url
    if method != "-":
        record["method"] = method
    if protocol != "-":
        record["protocol"] = protocol


@remembered(4_096)  # few user agents make most requests
def unescaped(text: str) -> str:
    """Text without its %-escapes; as it is where they are no UTF-8."""
    if "%" not in text:
        return text
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text
