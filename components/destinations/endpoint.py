"""What the destinations outside of AWS have in common."""

from __future__ import annotations

from aws_cdk import Token

from components.destinations.rules import Rules


def check_url(rules: Rules, url: str, field: str, longest: int, page: str) -> None:
    """Raises DestinationError for an address without TLS, or one too long; what is known at deployment only is not judged."""
    if Token.is_unresolved(url):
        return
    rules.require(url.startswith("https://"), field, f"{url!r} is not https; Firehose delivers over TLS only", page)
    rules.require(len(url) <= longest, field, f"the address has {len(url)} characters; shorten it to {longest}", page)
