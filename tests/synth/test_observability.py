"""Every alarm watches the right thing, from the threshold of the environment, and tells the topic."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.synthesized import Pipeline, Synthesize

ABOVE, BELOW = "GreaterThanThreshold", "LessThanThreshold"
IDLE_IS_FINE, SHOWN_AS_MISSING, ALARMS = "notBreaching", "missing", "breaching"

#: Alarm, without the environment's prefix: metric, dimensions, statistic, seconds, comparison, threshold, missing data,
#: data points to alarm / periods. `{}` stands for the prefix.
EXPECTED: dict[str, tuple[Any, ...]] = {}
for _function in ("normalise", "route", "report", "archive", "collect", "transform"):
    _named = {"FunctionName": f"{{}}-{_function}"}
    EXPECTED[f"{_function}-Fault-Count-Warning"] = ("AWS/Lambda Errors", _named, "Sum", 60, ABOVE, 0, IDLE_IS_FINE, (1, 1))
    EXPECTED[f"{_function}-Throttled-Count-Warning"] = ("AWS/Lambda Throttles", _named, "Sum", 60, ABOVE, 0, IDLE_IS_FINE, (1, 1))
for _function in ("normalise", "route", "report"):
    _named = {"FunctionName": f"{{}}-{_function}"}
    EXPECTED[f"{_function}-Iterator-Age-Max-Critical"] = (
        *("AWS/Lambda IteratorAge", _named, "Maximum", 60, ABOVE, 60_000, SHOWN_AS_MISSING, (3, 5)),
    )
for _stream in ("raw", "events", "errors"):
    EXPECTED[f"{_stream}-WriteThroughputExceeded-Warning"] = (
        *("AWS/Kinesis WriteProvisionedThroughputExceeded", {"StreamName": f"{{}}-{_stream}"}),
        *("Average", 60, ABOVE, 0, IDLE_IS_FINE, (1, 1)),
    )
EXPECTED["errors-stream-Rate-Warning"] = (
    *("AWS/Kinesis IncomingRecords", {"StreamName": "{}-errors"}, "Sum", 60, ABOVE, 100, IDLE_IS_FINE, (1, 1)),
)
EXPECTED["collect-queue-Age-Warning"] = (
    *("AWS/SQS ApproximateAgeOfOldestMessage", {"QueueName": "{}-collect"}, "Maximum", 60, ABOVE, 1_800, IDLE_IS_FINE, (1, 1)),
)
EXPECTED["collect-queue-Dead-Letters-Critical"] = (
    *("AWS/SQS ApproximateNumberOfMessagesVisible", {"QueueName": "{}-collect-dlq"}),
    *("Maximum", 60, ABOVE, 0, IDLE_IS_FINE, (1, 1)),
)
for _alarm, _delivery, _destination in (
    ("raw-archive", "archive", "DeliveryToS3"),
    ("errors-archive", "errors-archive", "DeliveryToS3"),
    ("lake", "lake", "DeliveryToS3"),
    ("direct-put", "direct-put", "DeliveryToAmazonOpenSearchService"),
):
    _named = {"DeliveryStreamName": f"{{}}-{_delivery}"}
    EXPECTED[f"{_alarm}-delivery-Freshness-Critical"] = (
        *(f"AWS/Firehose {_destination}.DataFreshness", _named, "Maximum", 60, ABOVE, 900, IDLE_IS_FINE, (1, 1)),
    )
    EXPECTED[f"{_alarm}-delivery-Success-Warning"] = (
        *(f"AWS/Firehose {_destination}.Success", _named, "Average", 60, BELOW, 0.99, IDLE_IS_FINE, (3, 5)),
    )
for _metric in ("FailedConversion.Records", "PartitionCountExceeded"):
    EXPECTED[f"lake-delivery-{_metric.replace('.', '-')}-Warning"] = (
        *(f"AWS/Firehose {_metric}", {"DeliveryStreamName": "{}-lake"}, "Sum", 60, ABOVE, 0, IDLE_IS_FINE, (1, 1)),
    )
for _alarm, _delivery in (("raw-archive", "archive"), ("errors-archive", "errors-archive"), ("lake", "lake")):
    EXPECTED[f"{_alarm}-delivery-Behind-Source-Critical"] = (
        *("AWS/Firehose KinesisMillisBehindLatest", {"DeliveryStreamName": f"{{}}-{_delivery}"}),
        *("Maximum", 60, ABOVE, 60_000, SHOWN_AS_MISSING, (3, 5)),
    )
for _alarm, _metric, _statistic, _seconds, _comparison, _threshold, _points in (
    ("Cluster-ClusterStatus-Warning", "ClusterStatus.yellow", "Maximum", 300, ABOVE, 0, (3, 3)),
    ("Cluster-ClusterStatus-Critical", "ClusterStatus.red", "Maximum", 60, ABOVE, 0, (1, 1)),
    ("CPU-Usage-Warning", "CPUUtilization", "Maximum", 300, ABOVE, 80, (3, 3)),
    ("Master-CPU-Usage-Warning", "MasterCPUUtilization", "Maximum", 300, ABOVE, 80, (3, 3)),
    ("Memory-Usage-Warning", "JVMMemoryPressure", "Maximum", 300, ABOVE, 80, (3, 3)),
    ("Master-Memory-Usage-Warning", "MasterJVMMemoryPressure", "Maximum", 300, ABOVE, 80, (3, 3)),
    ("Cluster-Nodes-Warning", "Nodes", "Minimum", 300, BELOW, 9, (3, 3)),
    ("Cluster-ClusterIndexWritesBlocked-Critical", "ClusterIndexWritesBlocked", "Maximum", 300, ABOVE, 0, (1, 1)),
    ("Cluster-AutomatedSnapshotFailure-Warning", "AutomatedSnapshotFailure", "Maximum", 60, ABOVE, 0, (1, 1)),
    ("Cluster-KMSKeyError-Critical", "KMSKeyError", "Maximum", 60, ABOVE, 0, (1, 1)),
    ("Cluster-KMSKeyInaccessible-Critical", "KMSKeyInaccessible", "Maximum", 60, ABOVE, 0, (1, 1)),
    ("storage-Free-Space-Critical", "FreeStorageSpace", "Minimum", 300, BELOW, 0.25 * 1000 * 1024, (1, 1)),
):
    EXPECTED[f"search-{_alarm}"] = (
        *(f"AWS/ES {_metric}", {"ClientId": "111122223333", "DomainName": "{}"}),
        *(_statistic, _seconds, _comparison, _threshold, ALARMS, _points),
    )


@pytest.fixture(scope="module")
def sized(synthesize: Synthesize) -> Pipeline:
    """Production, with the sizes the table is about."""
    return synthesize("prod", {"search": {"data_nodes": 6, "manager_nodes": 3, "volume_gib": 1000}})


def alarms(pipeline: Pipeline) -> dict[str, dict[str, Any]]:
    found = map(pipeline.assembly.properties, pipeline.all("AWS::CloudWatch::Alarm"))
    return {each["AlarmName"].removeprefix(f"weir-{pipeline.environment.name}-"): each for each in found}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_alarm_watches_its_metric(sized: Pipeline, name: str) -> None:
    metric, dimensions, statistic, seconds, comparison, threshold, missing, points = EXPECTED[name]
    alarm = alarms(sized)[name]
    (queried,) = alarm["Metrics"]
    watched = queried["MetricStat"]
    assert f"{watched['Metric']['Namespace']} {watched['Metric']['MetricName']}" == metric
    assert {each["Name"]: each["Value"] for each in watched["Metric"]["Dimensions"]} == {
        key: value.format("weir-prod") for key, value in dimensions.items()
    }
    assert (watched["Stat"], watched["Period"]) == (statistic, seconds)
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == (comparison, threshold)
    assert alarm["TreatMissingData"] == missing
    assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == points


@pytest.mark.parametrize(
    ("name", "path"),
    [("normalise", "RawToNormalise/Mapping"), ("route", "EventsToRoute/Mapping"), ("report", "ErrorsToReport/Mapping")],
)
def test_a_batch_given_up_raises_an_alarm(sized: Pipeline, name: str, path: str) -> None:
    (mapping,) = [each.ref for each in sized.all("AWS::Lambda::EventSourceMapping") if each.path == path]
    for alarm, metric in (
        (f"{name}-mapping-Quarantined-Warning", "OnFailureDestinationDeliveredEventCount"),
        (f"{name}-mapping-Dropped-Critical", "DroppedEventCount"),
    ):
        (queried,) = alarms(sized)[alarm]["Metrics"]
        assert queried["MetricStat"] == {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": "EventSourceMappingUUID", "Value": mapping}],
            },
            "Period": 60,
            "Stat": "Sum",
        }


def test_these_are_all_the_alarms(sized: Pipeline) -> None:
    mappings = {
        f"{function}-mapping-{what}"
        for function in ("normalise", "route", "report")
        for what in ("Quarantined-Warning", "Dropped-Critical")
    }
    assert set(alarms(sized)) == set(EXPECTED) | mappings


def test_every_alarm_tells_the_topic_when_it_starts_and_ends(pipeline: Pipeline) -> None:
    (topic,) = [each.arn for each in pipeline.all("AWS::SNS::Topic")]
    assert len(alarms(pipeline)) >= 30
    for name, alarm in alarms(pipeline).items():
        assert alarm["AlarmActions"] == [topic], name
        assert alarm["OKActions"] == [topic], name
        assert alarm["ActionsEnabled"] is True, name


def test_thresholds_follow_the_environment(synthesize: Synthesize) -> None:
    limits = {"iterator_age_seconds": 30, "delivery_freshness_seconds": 500, "errors_per_minute": 7}
    found = alarms(synthesize("dev", {"observability": limits}))
    assert found["route-Iterator-Age-Max-Critical"]["Threshold"] == 30_000
    assert found["raw-archive-delivery-Freshness-Critical"]["Threshold"] == 500
    assert found["errors-stream-Rate-Warning"]["Threshold"] == 7


def test_without_managers_nobody_watches_them(dev: Pipeline) -> None:
    assert not [name for name in alarms(dev) if "Master" in name]
    assert alarms(dev)["search-Cluster-Nodes-Warning"]["Threshold"] == 1


def test_there_is_one_dashboard(pipeline: Pipeline) -> None:
    assert pipeline.one("AWS::CloudWatch::Dashboard")["DashboardName"] == f"weir-{pipeline.environment.name}"
