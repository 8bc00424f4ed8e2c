"""What stands before and behind the Flink applications by configuration: a preparation, and outputs."""

from __future__ import annotations

import pytest

from tests.synth.applications import groups, stream, with_analytics
from tests.synth.synthesized import Pipeline, Synthesize

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:chat"
ROLE = "arn:aws:iam::123456789012:role/chat"


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
