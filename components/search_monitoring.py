"""What is watched of the search domain.

Thresholds follow OpenSearch Service's own recommendation (developer guide, "Recommended CloudWatch alarms for Amazon
OpenSearch Service"). The domain reports these every minute of its life: no data means it is not there, and alarms.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from cdk_monitoring_constructs import (
    CustomMetricGroup,
    CustomMetricWithAlarm,
    CustomThreshold,
    MonitoringFacade,
    OpenSearchClusterAutomatedSnapshotFailureThreshold,
    OpenSearchClusterIndexWritesBlockedThreshold,
    OpenSearchClusterNodesThreshold,
    OpenSearchClusterStatus,
    OpenSearchClusterStatusCustomization,
    OpenSearchKmsKeyErrorThreshold,
    OpenSearchKmsKeyInaccessibleThreshold,
    UsageThreshold,
)

from components.search_domain import SearchDomain
from config.model import Search

#: Percent of CPU or heap that, held for a quarter of an hour, will not hold a burst.
BUSY_PERCENT = 80
#: Free share of a node's volume below which it is time to grow; at 20 % free OpenSearch stops filling the node.
FREE_SHARE = 0.25

_PERIOD = Duration.minutes(5)
_BREACHING = cloudwatch.TreatMissingData.BREACHING


def monitor_domain(facade: MonitoringFacade, domain: SearchDomain, settings: Search) -> None:
    """Adds the domain's widgets and alarms."""
    busy = UsageThreshold(
        max_usage_percent=BUSY_PERCENT,
        period=_PERIOD,
        datapoints_to_alarm=3,
        evaluation_periods=3,
        treat_missing_data_override=_BREACHING,
    )
    managed = {"Warning": busy} if settings.manager_nodes else None
    facade.monitor_open_search_cluster(
        domain=domain.domain,
        human_readable_name="Search domain",
        alarm_friendly_name="search",
        add_cluster_status_alarm={
            # Yellow is usual for the minutes a replica moves in, red is missing data at once.
            "Warning": OpenSearchClusterStatusCustomization(
                status=OpenSearchClusterStatus.YELLOW, period=_PERIOD, datapoints_to_alarm=3, evaluation_periods=3
            ),
            "Critical": OpenSearchClusterStatusCustomization(status=OpenSearchClusterStatus.RED),
        },
        add_cluster_index_writes_blocked_alarm={
            "Critical": OpenSearchClusterIndexWritesBlockedThreshold(max_blocked_writes=0, period=_PERIOD)
        },
        add_cluster_node_count_alarm={
            "Warning": OpenSearchClusterNodesThreshold(
                min_nodes=settings.data_nodes + settings.manager_nodes,
                period=_PERIOD,
                datapoints_to_alarm=3,
                evaluation_periods=3,
            )
        },
        add_cpu_space_usage_alarm={"Warning": busy},
        add_jvm_memory_pressure_alarm={"Warning": busy},
        add_master_cpu_space_usage_alarm=managed,
        add_master_jvm_memory_pressure_alarm=managed,
        add_cluster_automated_snapshot_failure_alarm={
            "Warning": OpenSearchClusterAutomatedSnapshotFailureThreshold(max_failures=0)
        },
        add_kms_key_error_alarm={"Critical": OpenSearchKmsKeyErrorThreshold(max_errors=0)},
        add_kms_key_inaccessible_alarm={"Critical": OpenSearchKmsKeyInaccessibleThreshold(max_access_attempts=0)},
    )
    # The library's disk alarm is a share of the whole cluster; one full node blocks writes already.
    free = domain.domain.metric_free_storage_space(period=_PERIOD, statistic="Minimum", label="Fullest node, free MiB")
    low = CustomThreshold(
        threshold=FREE_SHARE * settings.volume_gib * 1024,
        comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        treat_missing_data_override=_BREACHING,
        additional_description="MiB free on the fullest node: shorten the retention, or grow search.volume_gib.",
    )
    facade.monitor_custom(
        human_readable_name="Search domain: free space",
        alarm_friendly_name="search-storage",
        metric_groups=[
            CustomMetricGroup(
                title="Free space",
                metrics=[CustomMetricWithAlarm(metric=free, alarm_friendly_name="Free-Space", add_alarm={"Critical": low})],
            )
        ],
    )
