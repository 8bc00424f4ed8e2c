"""What stands before and behind the Flink applications by configuration: a preparation, and outputs."""

from __future__ import annotations

import pytest

from tests.synth.applications import groups, stream, with_analytics
from tests.synth.synthesized import Pipeline, Synthesize

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:chat"
ROLE = "arn:aws:iam::123456789012:role/chat"
SIEM = "arn:aws:kinesis:us-east-1:123456789012:stream/siem"
LEDGER = "arn:aws:kinesis:us-east-1:123456789012:stream/ledger"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


class TestAPreparation:
    @pytest.fixture
    def pipeline(self, synthesize: Synthesize) -> Pipeline:
        prepare = {"folder": "lambdas/report", "batch_size": 100, "memory_mib": 256}
        return with_analytics(synthesize, prepare=prepare)

    def test_the_function_reads_events_and_writes_what_the_applications_read(self, pipeline: Pipeline) -> None:
        function = pipeline.one("AWS::Lambda::Function", "weir-dev-prepare")
        assert (function["Handler"], function["MemorySize"]) == ("report.handler.handler", 256)
        variables = function["Environment"]["Variables"]
        assert (variables["PREPARED_STREAM"], variables["ERRORS_STREAM"]) == ("weir-dev-prepared", "weir-dev-errors")
        (mapping,) = [
            properties
            for properties in map(pipeline.assembly.properties, pipeline.all("AWS::Lambda::EventSourceMapping"))
            if properties["FunctionName"] == "weir-dev-prepare"
        ]
        assert (mapping["EventSourceArn"], mapping["BatchSize"]) == (stream(pipeline, "events"), 100)
        assert groups(pipeline, "behaviour")["events"]["stream.arn"] == stream(pipeline, "prepared")
        assert pipeline.grants("Behaviour/Role", "kinesis:")[0][1] == [stream(pipeline, "prepared")]

    def test_it_may_write_to_the_streams_it_is_told(self, pipeline: Pipeline) -> None:
        writing = [grant for grant in pipeline.grants("Prepare/Role", "kinesis:") if grant[0] == ["kinesis:PutRecords"]]
        assert writing == [(["kinesis:PutRecords"], sorted(stream(pipeline, name) for name in ("prepared", "errors")))]


class TestOutputs:
    @pytest.fixture
    def pipeline(self, synthesize: Synthesize) -> Pipeline:
        outputs = [
            {"name": "chat", "stream": "findings", "function": {"arn": FUNCTION, "role": ROLE, "batch_size": 10}},
            {"name": "finding-copies", "stream": "findings", "delivery": {"buffer_seconds": 120}},
            {"name": "siem", "stream": "findings", "data_stream": {"arn": SIEM, "key": KEY}},
            {"name": "ledger", "stream": "findings", "data_stream": {"arn": LEDGER, "batch_size": 100, "timeout_seconds": 30}},
        ]
        return with_analytics(synthesize, outputs=outputs)

    def test_a_function_of_elsewhere_is_called_and_its_role_may_read(self, pipeline: Pipeline) -> None:
        (mapping,) = [
            properties
            for properties in map(pipeline.assembly.properties, pipeline.all("AWS::Lambda::EventSourceMapping"))
            if properties["FunctionName"] == "chat"
        ]
        assert (mapping["EventSourceArn"], mapping["BatchSize"]) == (stream(pipeline, "findings"), 10)
        assert mapping["DestinationConfig"] == {
            "OnFailure": {"Destination": pipeline.arn("AWS::S3::Bucket", "Quarantine/Bucket")}
        }
        (policy,) = [
            properties
            for properties in map(pipeline.assembly.properties, pipeline.all("AWS::IAM::Policy"))
            if properties["Roles"] == ["chat"]
        ]
        (reading,) = [each for each in policy["PolicyDocument"]["Statement"] if "kinesis:GetRecords" in each["Action"]]
        assert reading["Resource"] == stream(pipeline, "findings")

    def test_a_delivery_copies_to_its_folder_of_the_archive(self, pipeline: Pipeline) -> None:
        delivery = pipeline.one("AWS::KinesisFirehose::DeliveryStream", "weir-dev-finding-copies")
        source = delivery["KinesisStreamSourceConfiguration"]
        assert source["KinesisStreamARN"] == stream(pipeline, "findings")
        written = delivery["ExtendedS3DestinationConfiguration"]
        assert written["Prefix"].startswith("finding-copies/")
        assert written["BufferingHints"]["IntervalInSeconds"] == 120
        assert written["BucketARN"] == pipeline.arn("AWS::S3::Bucket", "Archive/Bucket")

    def test_a_function_copies_to_a_stream_there_is_already(self, pipeline: Pipeline) -> None:
        function = pipeline.one("AWS::Lambda::Function", "weir-dev-forward-siem")
        assert (function["Handler"], function["MemorySize"], function["Timeout"]) == ("forward.handler.handler", 512, 60)
        assert function["Environment"]["Variables"] == {
            "POWERTOOLS_SERVICE_NAME": "forward",
            "POWERTOOLS_METRICS_NAMESPACE": "Weir",
            "POWERTOOLS_LOG_LEVEL": "DEBUG",
            "OUTPUT_STREAM": SIEM,
        }

    def test_what_it_is_fed_by_has_every_reliability_setting(self, pipeline: Pipeline) -> None:
        (mapping,) = [
            properties
            for properties in map(pipeline.assembly.properties, pipeline.all("AWS::Lambda::EventSourceMapping"))
            if properties["FunctionName"] == "weir-dev-forward-ledger"
        ]
        mapping.pop("Tags")
        assert mapping == {
            "FunctionName": "weir-dev-forward-ledger",
            "EventSourceArn": stream(pipeline, "findings"),
            "StartingPosition": "TRIM_HORIZON",
            "BatchSize": 100,
            "MaximumBatchingWindowInSeconds": 0,
            "ParallelizationFactor": 1,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "BisectBatchOnFunctionError": True,
            # What waits for a stream waits until it is too old.
            "MaximumRetryAttempts": -1,
            "MaximumRecordAgeInSeconds": 12 * 3_600,
            "DestinationConfig": {"OnFailure": {"Destination": pipeline.arn("AWS::S3::Bucket", "Quarantine/Bucket")}},
            "MetricsConfig": {"Metrics": ["EventCount"]},
        }

    @pytest.mark.parametrize(("name", "arn", "keys"), [("siem", SIEM, [KEY]), ("ledger", LEDGER, [])])
    def test_it_may_write_that_stream_and_use_its_key_through_kinesis_only(
        self, pipeline: Pipeline, name: str, arn: str, keys: list[str]
    ) -> None:
        role = f"Output-{name}-Forward/Role"
        assert pipeline.grants(role, "kinesis:Put") == [(["kinesis:PutRecords"], [arn])]
        statements = pipeline.one("AWS::IAM::Policy", f"{role}/DefaultPolicy")["PolicyDocument"]["Statement"]
        foreign = [each for each in statements if each["Resource"] == KEY]
        condition = {"StringEquals": {"kms:ViaService": "kinesis.us-east-1.amazonaws.com"}}
        assert foreign == [
            {"Effect": "Allow", "Action": "kms:GenerateDataKey", "Resource": key, "Condition": condition} for key in keys
        ]

    def test_its_lag_and_what_it_gives_up_ring(self, pipeline: Pipeline) -> None:
        alarms = {
            properties["AlarmName"]: properties["Threshold"]
            for properties in map(pipeline.assembly.properties, pipeline.all("AWS::CloudWatch::Alarm"))
            if "-forward-siem" in properties["AlarmName"]
        }
        assert alarms == {
            "weir-dev-forward-siem-Iterator-Age-Max-Critical": 60_000,
            "weir-dev-forward-siem-Fault-Count-Warning": 0,
            "weir-dev-forward-siem-Throttled-Count-Warning": 0,
            "weir-dev-forward-siem-mapping-Quarantined-Warning": 0,
            "weir-dev-forward-siem-mapping-Dropped-Critical": 0,
        }
