"""What is watched of a Flink application.

Metrics and dimensions: developer guide, "Metrics and dimensions in Managed Service for Apache Flink"; thresholds follow "Use
CloudWatch Alarms with Amazon Managed Service for Apache Flink". An alarm is there as long as the environment has the application
run, and every deployment waits until it does.
"""

from __future__ import annotations

from aws_cdk import Duration, Fn
from aws_cdk import aws_cloudwatch as cloudwatch
from cdk_monitoring_constructs import CustomMetricGroup, CustomMetricWithAlarm, CustomThreshold, MonitoringFacade

from components.flink_application import FlinkApplication
from components.monitoring import LASTING, PERIOD, WINDOW
from components.stream import RecordStream
from config.model import Observability

BUSY_PERCENT = 80
FULL_HEAP_PERCENT = 90

_NAMESPACE = "AWS/KinesisAnalytics"
#: One sample an hour.
_KPU_PERIOD = Duration.hours(1)
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BREACHING = cloudwatch.TreatMissingData.BREACHING
_NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING
_MISSING = cloudwatch.TreatMissingData.MISSING


def monitor_application(
    facade: MonitoringFacade, application: FlinkApplication, settings: Observability, *, name: str, kpu_quota: int
) -> None:
    """Adds the application's widgets and alarms."""
    metrics = [
        # Nothing is reported of an application that does not run, which alarms too; an update restarts it within some minutes.
        # Deprecated since Flink 2.2, and the only metric of an outage whose dimensions the guide spells out.
        _lasting(application, "downtime", "Downtime", 0, "Critical", _BREACHING, "Milliseconds for which the job has not run."),
        _failed_checkpoints(application),
        _lasting(
            application, "cpuUtilization", "CPU", BUSY_PERCENT, "Warning", _NOT_BREACHING, "Percent: raise the parallelism."
        ),
        _lasting(
            application,
            "heapMemoryUtilization",
            "Heap",
            FULL_HEAP_PERCENT,
            "Warning",
            _NOT_BREACHING,
            "Percent: lower parallelism_per_kpu, or find what grows.",
        ),
        *(_behind(application, source, stream, settings) for source, stream in application.sources.items()),
    ]
    if application.settings.autoscaling:
        metrics.append(_kpus(application, kpu_quota))
    facade.monitor_custom(
        human_readable_name=f"Application {name}",
        alarm_friendly_name=name,
        metric_groups=[CustomMetricGroup(title=metric.alarm_friendly_name, metrics=[metric]) for metric in metrics],
    )


def _lasting(
    application: FlinkApplication,
    metric: str,
    alarm: str,
    threshold: float,
    severity: str,
    missing: cloudwatch.TreatMissingData,
    meaning: str,
) -> CustomMetricWithAlarm:
    """Above the threshold in most of the minutes of a window."""
    measured = _metric(metric, "Maximum", {"Application": application.name})
    return _alarmed(measured, alarm, severity, _threshold(threshold, missing, meaning, points=(LASTING, WINDOW)))


def _failed_checkpoints(application: FlinkApplication) -> CustomMetricWithAlarm:
    """The metric counts from the start of the job, so it is its growth that tells."""
    counted = _metric("numberOfFailedCheckpoints", "Average", {"Application": application.name})
    growth = cloudwatch.MathExpression(
        expression="RATE(failed)", using_metrics={"failed": counted}, period=PERIOD, label="numberOfFailedCheckpoints, growth"
    )
    meaning = "State was not saved: after a restart more is processed again. The application's log says why."
    return _alarmed(growth, "Failed-Checkpoints", "Warning", _threshold(0, _NOT_BREACHING, meaning))


def _behind(application: FlinkApplication, source: str, stream: RecordStream, settings: Observability) -> CustomMetricWithAlarm:
    """A stream goes by its name, with `_` where that has `-`. Of one that brings nothing no lag is reported."""
    name = Fn.join("_", Fn.split("-", stream.name))
    behind = _metric("millisBehindLatest", "Maximum", {"Application": application.name, "Flow": "Input", "Id": name})
    meaning = "Milliseconds the application is behind the end of its stream."
    limit = settings.iterator_age_seconds * 1_000
    return _alarmed(
        behind, f"Behind-{source.capitalize()}", "Critical", _threshold(limit, _MISSING, meaning, points=(LASTING, WINDOW))
    )


def _kpus(application: FlinkApplication, quota: int) -> CustomMetricWithAlarm:
    """The metric has the service's own KPU in it, so it passes the quota when all are in use."""
    used = _metric("KPUs", "Maximum", {"Application": application.name}, period=_KPU_PERIOD)
    meaning = "All KPUs of the quota are in use: autoscaling goes no further. Have the quota raised, and analytics.kpu_quota."
    return _alarmed(used, "KPUs", "Warning", _threshold(quota, _NOT_BREACHING, meaning))


def _threshold(
    threshold: float, missing: cloudwatch.TreatMissingData, meaning: str, points: tuple[int, int] = (1, 1)
) -> CustomThreshold:
    return CustomThreshold(
        threshold=threshold,
        comparison_operator=_ABOVE,
        datapoints_to_alarm=points[0],
        evaluation_periods=points[1],
        treat_missing_data_override=missing,
        additional_description=meaning,
    )


def _metric(name: str, statistic: str, dimensions: dict[str, str], *, period: Duration = PERIOD) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=_NAMESPACE, metric_name=name, statistic=statistic, dimensions_map=dimensions, period=period, label=name
    )


def _alarmed(
    metric: cloudwatch.Metric | cloudwatch.MathExpression, name: str, severity: str, threshold: CustomThreshold
) -> CustomMetricWithAlarm:
    return CustomMetricWithAlarm(metric=metric, alarm_friendly_name=name, add_alarm={severity: threshold})
