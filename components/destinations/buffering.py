"""How long, and how much, Firehose gathers before it delivers."""

from __future__ import annotations

from dataclasses import dataclass

from components.destinations.rules import API, GUIDE, Rules


@dataclass(frozen=True, kw_only=True)
class Buffer:
    """Whichever is reached first starts a delivery. The defaults are Firehose's own (API reference, BufferingHints)."""

    seconds: int = 300
    mib: int = 5


@dataclass(frozen=True, kw_only=True)
class BufferLimits:
    """What a destination accepts, both ends included, and the page that says so."""

    seconds: tuple[int, int] = (0, 900)
    mib: tuple[int, int] = (1, 128)
    page: str = f"{API}/API_BufferingHints.html"


S3 = BufferLimits()
#: Partitions are delivered as objects of their own, and there is no zero buffering for them.
DYNAMIC_PARTITIONS = BufferLimits(seconds=(60, 900), mib=(64, 128), page=f"{GUIDE}/buffering.html")
#: A row group is made of what was gathered: less would be many small ones.
FORMAT_CONVERSION = BufferLimits(mib=(64, 128), page=f"{GUIDE}/record-format-conversion.html")
SEARCH_DOMAIN = BufferLimits(mib=(1, 100), page=f"{API}/API_AmazonopensearchserviceBufferingHints.html")
SEARCH_COLLECTION = BufferLimits(mib=(1, 100), page=f"{API}/API_AmazonOpenSearchServerlessBufferingHints.html")
HTTP_ENDPOINT = BufferLimits(mib=(1, 64), page=f"{API}/API_HttpEndpointBufferingHints.html")
SPLUNK = BufferLimits(seconds=(0, 60), mib=(1, 5), page=f"{API}/API_SplunkBufferingHints.html")

#: All `…RetryOptions` of the API reference have the same range; 0 means that nothing is tried again.
RETRY_SECONDS = (0, 7200)


def check_buffer(rules: Rules, buffer: Buffer, limits: BufferLimits, *, field: str = "buffer") -> None:
    """Raises DestinationError for a buffer the destination does not accept."""
    rules.within(buffer.seconds, f"{field}.seconds", "s", limits.seconds, limits.page)
    rules.within(buffer.mib, f"{field}.mib", "MiB", limits.mib, limits.page)


def check_retry(rules: Rules, seconds: int, page: str) -> None:
    """Raises DestinationError for a retry duration out of range."""
    rules.within(seconds, "retry_seconds", "s", RETRY_SECONDS, page)
