"""AWS::Athena::NamedQuery, which MiniStack's CloudFormation refuses though its Athena has named queries.

Source: CloudFormation template reference, AWS::Athena::NamedQuery: its reference is the id, and a change replaces it.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.services import athena
from ministack.services.cloudformation import provisioners

from localrun.emulator.layout import require


def accept() -> None:
    require(provisioners, "_RESOURCE_HANDLERS")["AWS::Athena::NamedQuery"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    _, _, answer = require(athena, "_create_named_query")({"Name": f"{stack_name}-{logical_id}", **properties})
    query_id: str = json.loads(answer)["NamedQueryId"]
    return query_id, {"NamedQueryId": query_id}


def update(query_id: str, _: dict[str, Any], properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    made = create(query_id, properties, stack_name)
    delete(query_id, properties)
    return made


def delete(query_id: str, properties: dict[str, Any]) -> None:
    require(athena, "_delete_named_query")({"NamedQueryId": query_id})
