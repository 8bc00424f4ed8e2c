"""Names of IP protocols, as `network.transport` spells them.

Numbers: IANA, "Protocol Numbers" (https://www.iana.org/assignments/protocol-numbers).
"""

from __future__ import annotations

from collections.abc import Mapping

TRANSPORT: Mapping[str, str] = {
    "1": "icmp",
    "2": "igmp",
    "6": "tcp",
    "17": "udp",
    "47": "gre",
    "50": "esp",
    "51": "ah",
    "58": "ipv6-icmp",
    "132": "sctp",
}
