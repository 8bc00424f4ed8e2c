"""What the embedded AWS does not do, in one place: shown at every start, so that nobody takes it for tested. Data only."""

from __future__ import annotations

NOT_DONE = (
    "CloudWatch alarms of metric math: accepted, never evaluated",
    "KMS key policies and grants: accepted, not enforced",
    "CloudFormation execution role's own policy: not enforced",
    "OpenSearch domain: access policy and encryption not enforced; one local node stands behind it",
    "Managed Flink: one session cluster for all applications, state in the heap, Weir's own connector for streams with Apache's "
    "options; no autoscaling, no log in CloudWatch, and an application that does not start stays RUNNING",
    "Managed Flink Studio: no notebook runs; `analytics.studio` is refused in an environment with the local connector",
    "Athena: DuckDB runs the query, translated; only queries, of Parquet tables; no CloudWatch metrics",
)
