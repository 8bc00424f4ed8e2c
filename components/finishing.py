"""What the function `normalise` needs to shape and enrich events: its rules, and permission on what they name."""

from __future__ import annotations

import json
from typing import cast

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from components.at_rest import AtRest
from components.bucket import DataBucket
from components.function import PipelineFunction
from components.key import allow_key
from config.model import Environment

#: Metadata of the function: the objects it reads, for the check of the topology.
LOOKUP_FILES = "weir:lookup-files"


def finishing_rules(environment: Environment) -> str | None:
    """The rules as the function reads them: JSON, the sections `shaping` and `enrichment`. None where nothing is configured."""
    shaping, enrichment = environment.shaping, environment.enrichment
    configured = [shaping.rules, enrichment.geo, enrichment.user_agent, enrichment.threats, enrichment.accounts]
    if all(section is None or section == () for section in (*configured, enrichment.master_data)):
        return None
    written = enrichment.model_dump(mode="json", exclude_none=True)
    if enrichment.threats:
        for listed, model in zip(written["threats"]["lists"], enrichment.threats.lists, strict=True):
            listed["fields"] = model.looked_up
    return json.dumps({"shaping": shaping.model_dump(mode="json", exclude_none=True), "enrichment": written})


def finish_events(
    function: PipelineFunction,
    *,
    environment: Environment,
    lookups: DataBucket | None,
    master_data: dynamodb.ITable,
    at_rest: AtRest,
) -> None:
    """Tells the function where files and table are, and lets it read exactly those objects, and query the table."""
    if lookups:
        function.function.add_environment("LOOKUPS_BUCKET", lookups.name)
        lookups.grant_read(function.role, keys=environment.lookup_files)
        resource = cast(lambda_.CfnFunction, function.function.node.default_child)
        resource.add_metadata(LOOKUP_FILES, list(environment.lookup_files))
    if environment.enrichment.reads_table:
        function.function.add_environment("MASTER_DATA_TABLE", master_data.table_name)
        query = iam.PolicyStatement(actions=["dynamodb:Query"], resources=[master_data.table_arn])
        function.role.add_to_policy(query)
        allow_key(function.role, at_rest.key, through="dynamodb", actions=["kms:Decrypt"])
