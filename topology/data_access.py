"""Data access policies of OpenSearch Serverless: who may do what with the indices of a collection.

They are lists of rules and not IAM documents, and name indices as `index/<collection>/<index>` (OpenSearch Service developer
guide, "Data access control for Amazon OpenSearch Serverless"). Read here as statements, guarding `index/<collection>`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from topology.assembly import Assembly
from topology.policies import Statement

#: What the resources of such rules begin with.
INDEX = "index/"


def index_statements(assembly: Assembly) -> Iterator[tuple[str, tuple[Statement, ...]]]:
    """(what is guarded, the statements about it) of every rule about indices."""
    for holder in assembly.of_type("AWS::OpenSearchServerless::AccessPolicy"):
        for number, entry in enumerate(json.loads(assembly.properties(holder)["Policy"])):
            for rule in entry["Rules"]:
                if rule["ResourceType"] != "index":
                    continue
                for resource in rule["Resource"]:
                    statement = Statement(
                        effect="Allow",
                        actions=tuple(rule["Permission"]),
                        resources=(resource,),
                        principals=tuple(("AWS", principal) for principal in entry["Principal"]),
                        conditions={},
                        origin=(holder.stack, holder.id, number),
                    )
                    yield "/".join(resource.split("/")[:2]), (statement,)
