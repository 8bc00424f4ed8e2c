"""How the lake is asked: an Athena workgroup whose settings hold for every query in it, and the queries of `lake/queries`."""

from __future__ import annotations

from aws_cdk import aws_athena as athena
from constructs import Construct

from components.at_rest import AtRest
from components.bucket import DataBucket
from lake.named_queries import named_queries

#: Where results lie in the lake's bucket, until they expire.
RESULTS = "query-results"
ENGINE = "Athena engine version 3"
MIB = 2**20

_WorkGroup = athena.CfnWorkGroup


class LakeQueries(Construct):
    """A query that would read more than its limit is stopped; its results are encrypted, and go nowhere else."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        database: str,
        bucket: DataBucket,
        scanned_mib: int,
        at_rest: AtRest,
    ) -> None:
        """`name` is the workgroup's physical name; `scanned_mib` is what one query may read of the lake."""
        super().__init__(scope, construct_id)
        self.workgroup = _WorkGroup(
            self,
            "Workgroup",
            name=name,
            description="Weir: queries over the lake",
            # What is kept in it is the history of queries, which must not hold up the removal of an environment.
            recursive_delete_option=not at_rest.deletion_protection,
            work_group_configuration=_WorkGroup.WorkGroupConfigurationProperty(
                enforce_work_group_configuration=True,
                publish_cloud_watch_metrics_enabled=True,
                bytes_scanned_cutoff_per_query=scanned_mib * MIB,
                engine_version=_WorkGroup.EngineVersionProperty(selected_engine_version=ENGINE),
                result_configuration=_WorkGroup.ResultConfigurationProperty(
                    output_location=f"s3://{bucket.name}/{RESULTS}/",
                    encryption_configuration=_WorkGroup.EncryptionConfigurationProperty(
                        encryption_option="SSE_KMS", kms_key=at_rest.key.key_arn
                    ),
                ),
            ),
        )
        for query in named_queries().values():
            named = athena.CfnNamedQuery(
                self,
                "".join(word.title() for word in query.name.split("_")),
                name=query.name,
                description=query.description,
                database=database,
                work_group=name,
                query_string=query.sql,
            )
            named.add_resource_dependency(self.workgroup)
