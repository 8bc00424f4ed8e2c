"""Alarms and the dashboard: what is watched, from which threshold, and what missing data means.

Alarms go through cdk-monitoring-constructs, which writes a metric's dimensions once for the widget and the alarm. Metric
names: the developer guides of Lambda, Kinesis Data Streams, SQS, Firehose and OpenSearch Service, "Monitoring … with CloudWatch".
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from cdk_monitoring_constructs import (
    AlarmFactoryDefaults,
    CustomMetricGroup,
    CustomMetricWithAlarm,
    CustomThreshold,
    DefaultDashboardFactory,
    ErrorCountThreshold,
    MaxAgeThreshold,
    MetricFactoryDefaults,
    MonitoringFacade,
    RecordsThrottledThreshold,
    SnsAlarmActionStrategy,
)
from constructs import Construct

from components.destinations.delivery_stream import DeliveryStream
from components.event_source import StreamConsumer
from components.function import METRICS_NAMESPACE, PipelineFunction
from components.queue import FailingQueue, visibility_seconds
from components.stream import RecordStream
from config.model import Collection, Observability

#: Every alarm looks at minutes: what matters here is felt within minutes.
PERIOD = Duration.minutes(1)
#: A lag counts when it lasts: three of five minutes, so one slow batch wakes nobody.
LASTING, WINDOW = 3, 5
#: Less than this share of deliveries accepted, over the window, is trouble and not a hiccup Firehose retries by itself.
DELIVERY_SUCCESS = 0.99

_MISSING = cloudwatch.TreatMissingData.MISSING
_NOT_BREACHING = cloudwatch.TreatMissingData.NOT_BREACHING
_ABOVE = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
_BELOW = cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD


class PipelineMonitoring(Construct):
    """Watches the steps it is given; every alarm tells the topic, when it starts and when it is over."""

    def __init__(self, scope: Construct, construct_id: str, *, name: str, topic: sns.ITopic, settings: Observability) -> None:
        """`name` starts every alarm's name and is the dashboard's."""
        super().__init__(scope, construct_id)
        self._settings = settings
        self.facade = MonitoringFacade(
            self,
            "Facade",
            metric_factory_defaults=MetricFactoryDefaults(period=PERIOD),
            alarm_factory_defaults=AlarmFactoryDefaults(
                actions_enabled=True,
                action=SnsAlarmActionStrategy(on_alarm_topic=topic, on_ok_topic=topic),
                alarm_name_prefix=name,
                datapoints_to_alarm=1,
                evaluation_periods=1,
            ),
            dashboard_factory=DefaultDashboardFactory(self, "Dashboards", dashboard_name_prefix=name),
        )

    def header(self, text: str) -> None:
        """Starts a section of the dashboard."""
        self.facade.add_large_header(text)

    def function(self, function: PipelineFunction, *, name: str) -> None:
        """Errors and throttles of a function. No invocation is no error: missing data is fine."""
        self.facade.monitor_lambda_function(
            lambda_function=function.function,
            human_readable_name=name,
            alarm_friendly_name=name,
            add_fault_count_alarm={"Warning": ErrorCountThreshold(max_error_count=0)},
            add_throttles_count_alarm={"Warning": ErrorCountThreshold(max_error_count=0)},
        )

    def consumer(self, consumer: StreamConsumer, function: PipelineFunction, *, name: str) -> None:
        """A function that reads a stream: how far it lags, and what its mapping gave up.

        No age is reported while nothing arrives, and also when the mapping is disabled: MISSING shows that as insufficient
        data instead of calling it well.
        """
        age = MaxAgeThreshold(
            max_age_in_millis=self._settings.iterator_age_seconds * 1000,
            datapoints_to_alarm=LASTING,
            evaluation_periods=WINDOW,
            treat_missing_data_override=_MISSING,
        )
        self.facade.monitor_lambda_function(
            lambda_function=function.function,
            human_readable_name=name,
            alarm_friendly_name=name,
            is_iterator=True,
            add_max_iterator_age_alarm={"Critical": age},
            add_fault_count_alarm={"Warning": ErrorCountThreshold(max_error_count=0)},
            add_throttles_count_alarm={"Warning": ErrorCountThreshold(max_error_count=0)},
        )
        self.mapping(consumer, name=name)

    def mapping(self, consumer: StreamConsumer, *, name: str) -> None:
        """What the mapping of a consumer gave up."""
        dimensions = {"EventSourceMappingUUID": consumer.mapping.event_source_mapping_id}
        given_up = CustomThreshold(
            threshold=0,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="A batch was given up: look into the quarantine bucket, below aws/lambda/.",
        )
        dropped = CustomThreshold(
            threshold=0,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="A batch was given up and could not be kept: check the function role's grants on the bucket.",
        )
        self._custom(
            f"{name}: batches given up",
            f"{name}-mapping",
            _alarmed(
                _metric("AWS/Lambda", "OnFailureDestinationDeliveredEventCount", "Sum", dimensions),
                "Quarantined",
                "Warning",
                given_up,
            ),
            _alarmed(_metric("AWS/Lambda", "DroppedEventCount", "Sum", dimensions), "Dropped", "Critical", dropped),
        )

    def stream(self, stream: RecordStream, *, name: str) -> None:
        """Refused writes of a stream. It reports nothing while nothing is written: that is no refusal."""
        self.facade.monitor_kinesis_data_stream(
            stream_name=stream.name,
            human_readable_name=f"Stream {name}",
            alarm_friendly_name=name,
            add_write_provisioned_throughput_exceeded_alarm={
                "Warning": RecordsThrottledThreshold(max_records_throttled_threshold=0)
            },
        )

    def queue(self, queue: FailingQueue, settings: Collection, *, name: str) -> None:
        """A queue: the age of its oldest message, which failed once when it is older than a visibility timeout, and what was
        given up. An empty queue reports no age, and nothing is late."""
        seconds = visibility_seconds(settings.timeout_seconds)
        age = CustomThreshold(
            threshold=seconds,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="Seconds the oldest message has waited: its file is not read, or there are too many of them.",
        )
        given_up = CustomThreshold(
            threshold=0,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="A file could not be read: the function's log says why. Move the messages back when it can.",
        )
        waiting, dead = ({"QueueName": each.queue_name} for each in (queue.queue, queue.dead_letters))
        self._custom(
            f"Queue {name}",
            f"{name}-queue",
            _alarmed(_metric("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum", waiting), "Age", "Warning", age),
            _alarmed(
                _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", "Maximum", dead), "Dead-Letters", "Critical", given_up
            ),
        )

    def errors(self, stream: RecordStream) -> None:
        """The rate of records no step could process. Silence is the best news."""
        self._custom(
            "Records on errors",
            "errors-stream",
            _alarmed(
                _metric("AWS/Kinesis", "IncomingRecords", "Sum", {"StreamName": stream.name}),
                "Rate",
                "Warning",
                CustomThreshold(
                    threshold=self._settings.errors_per_minute,
                    comparison_operator=_ABOVE,
                    treat_missing_data_override=_NOT_BREACHING,
                    additional_description="Records a minute that a step could not process; each says its step and reason.",
                ),
            ),
        )

    def enrichment(self, *, service: str) -> None:
        """Files and tables that events are enriched by, as the function reports them. Events go on without."""
        unusable = CustomThreshold(
            threshold=0,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="A file or table that events are enriched by cannot be used; the last good one stays. The "
            "function's log says which and why.",
        )
        failures = _metric(METRICS_NAMESPACE, "EnrichmentFailures", "Sum", {"service": service})
        self._custom("Enrichment: unusable sources", f"{service}-enrichment", _alarmed(failures, "Unusable", "Warning", unusable))

    def delivery(self, stream: DeliveryStream, *, name: str) -> None:
        """A Firehose stream: age of its oldest undelivered record, accepted share where the destination reports one, and lag
        behind its source stream. Without records nothing is reported, and nothing is late.
        """
        dimensions = {"DeliveryStreamName": stream.name}
        freshness = CustomThreshold(
            threshold=self._settings.delivery_freshness_seconds,
            comparison_operator=_ABOVE,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="Seconds the oldest undelivered record has waited; the stream's log says why.",
        )
        success = CustomThreshold(
            threshold=DELIVERY_SUCCESS,
            comparison_operator=_BELOW,
            datapoints_to_alarm=LASTING,
            evaluation_periods=WINDOW,
            treat_missing_data_override=_NOT_BREACHING,
            additional_description="Share of deliveries the destination accepted; the stream's log says why not.",
        )
        reported = stream.metrics
        metrics = [
            _alarmed(_metric("AWS/Firehose", reported.freshness, "Maximum", dimensions), "Freshness", "Critical", freshness)
        ]
        if reported.success:
            accepted = _metric("AWS/Firehose", reported.success, "Average", dimensions)
            metrics.append(_alarmed(accepted, "Success", "Warning", success))
        if stream.reads_stream:
            lag = CustomThreshold(
                threshold=self._settings.iterator_age_seconds * 1000,
                comparison_operator=_ABOVE,
                datapoints_to_alarm=LASTING,
                evaluation_periods=WINDOW,
                treat_missing_data_override=_MISSING,
                additional_description="Milliseconds Firehose is behind the end of its source stream.",
            )
            behind = _metric("AWS/Firehose", "KinesisMillisBehindLatest", "Maximum", dimensions)
            metrics.append(_alarmed(behind, "Behind-Source", "Critical", lag))
        self.facade.monitor_kinesis_firehose(
            delivery_stream_name=stream.name, human_readable_name=f"Delivery {name}", alarm_friendly_name=name
        )
        self._custom(f"Delivery {name}", f"{name}-delivery", *metrics)

    def delivery_failures(self, stream: DeliveryStream, *, name: str) -> None:
        """What a Firehose stream counts as gone wrong: records its publishers could not put (a data stream as source is read
        no faster than Firehose can), and what its destination could not do with them. Silence is the best news.
        """
        failures = dict(stream.metrics.failures)
        if not stream.reads_stream:
            failures["ThrottledRecords"] = "Records were put faster than the stream's limit: ask for more, or spread them out."
        dimensions = {"DeliveryStreamName": stream.name}
        metrics = [
            _alarmed(
                _metric("AWS/Firehose", metric, "Sum", dimensions),
                metric.replace(".", "-"),
                "Warning",
                CustomThreshold(
                    threshold=0,
                    comparison_operator=_ABOVE,
                    treat_missing_data_override=_NOT_BREACHING,
                    additional_description=meaning,
                ),
            )
            for metric, meaning in failures.items()
        ]
        if metrics:
            self._custom(f"Delivery {name}: failures", f"{name}-delivery", *metrics)

    def _custom(self, title: str, alarm_name: str, *metrics: CustomMetricWithAlarm) -> None:
        self.facade.monitor_custom(
            human_readable_name=title,
            alarm_friendly_name=alarm_name,
            metric_groups=[CustomMetricGroup(title=title, metrics=list(metrics))],
        )


def _metric(namespace: str, name: str, statistic: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace, metric_name=name, statistic=statistic, dimensions_map=dimensions, period=PERIOD, label=name
    )


def _alarmed(metric: cloudwatch.Metric, name: str, severity: str, threshold: CustomThreshold) -> CustomMetricWithAlarm:
    return CustomMetricWithAlarm(metric=metric, alarm_friendly_name=name, add_alarm={severity: threshold})
