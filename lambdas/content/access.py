"""The domain's own roles, and which IAM roles have them.

API: OpenSearch documentation, "Security API" (https://docs.opensearch.org/latest/security/access-control/api/).
"""

from __future__ import annotations

from typing import Any

from content.domain import Domain

WRITER = "weir_writer"

#: Writing documents, and making the index that the first one of a day goes to. Without `manage`, which the Firehose developer
#: guide suggests beside these: the templates make the mapping, so nobody who writes has to change one.
_WRITER_ROLE: dict[str, Any] = {
    "cluster_permissions": ["cluster_monitor", "indices:data/write/bulk"],
    "index_permissions": [
        {
            "index_patterns": ["logs-*", "weir-*"],
            "allowed_actions": ["crud", "create_index", "indices:admin/auto_create", "indices:data/write/bulk*"],
        }
    ],
}


def apply(domain: Domain, writers: tuple[str, ...]) -> None:
    """Creates the writer's role, and maps the IAM roles with these ARNs to it; earlier mappings of it are replaced."""
    base = "/_plugins/_security/api"
    domain.put(f"{base}/roles/{WRITER}", _WRITER_ROLE)
    domain.put(f"{base}/rolesmapping/{WRITER}", {"backend_roles": list(writers)})
