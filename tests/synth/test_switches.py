"""Every optional part of an environment, on and off: the difference is the one that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from tests.synth.synthesized import Pipeline, Synthesize


def cluster(pipeline: Pipeline) -> dict[str, Any]:
    config: dict[str, Any] = pipeline.one("AWS::OpenSearchService::Domain")["ClusterConfig"]
    return config


@pytest.fixture(scope="module")
def public(synthesize: Synthesize) -> Pipeline:
    """Production without a VPC, collection, lake, direct put, or fine-grained access, on provisioned streams, in two zones."""
    stream = {"mode": "provisioned", "shards": 8}
    return synthesize(
        "prod",
        {
            "network": {"vpc": False},
            "collection": {"enabled": False},
            "lake": {"enabled": False},
            "direct_put": {"enabled": False},
            "streams": {"raw": stream, "events": stream},
            "search": {"fine_grained_access": False, "availability_zones": 2, "data_nodes": 4, "manager_nodes": 0},
            "alerting": {"emails": ["oncall@example.com", "ops@example.com"]},
            "functions": {"python": "3.12", "architecture": "x86_64"},
            "archive": {"infrequent_access_after_days": None, "expire_after_days": None},
        },
    )


def test_inside_a_vpc_functions_and_domain_are_in_its_private_subnets(prod: Pipeline) -> None:
    subnets = [each.ref for each in prod.all("AWS::EC2::Subnet")]
    assert len(subnets) == 3
    groups = {each.path: f"{each.name}.GroupId" for each in prod.all("AWS::EC2::SecurityGroup")}
    for function in prod.all("AWS::Lambda::Function"):
        assert prod.assembly.properties(function)["VpcConfig"] == {
            "SubnetIds": subnets,
            "SecurityGroupIds": [groups["Network/Functions"]],
        }
    assert prod.one("AWS::OpenSearchService::Domain")["VPCOptions"] == {
        "SubnetIds": subnets,
        "SecurityGroupIds": [groups["Domain/Access"]],
    }
    delivery = prod.one("AWS::KinesisFirehose::DeliveryStream", "weir-prod-direct-put")
    configured = delivery["AmazonopensearchserviceDestinationConfiguration"]["VpcConfiguration"]
    assert configured["SubnetIds"] == subnets
    assert configured["SecurityGroupIds"] == [groups["DirectPut/Caller"]]


def test_a_vpc_has_no_way_to_the_internet_but_endpoints(prod: Pipeline) -> None:
    assert prod.all("AWS::EC2::InternetGateway") == []
    assert prod.all("AWS::EC2::NatGateway") == []
    endpoints = [prod.assembly.properties(each) for each in prod.all("AWS::EC2::VPCEndpoint")]
    assert sorted((each["VpcEndpointType"], each["ServiceName"]) for each in endpoints) == [
        ("Gateway", "com.amazonaws.us-east-1.s3"),
        ("Interface", "com.amazonaws.us-east-1.kinesis-streams"),
        ("Interface", "com.amazonaws.us-east-1.sqs"),
    ]
    (flow,) = prod.all("AWS::EC2::FlowLog")
    assert prod.assembly.properties(flow)["TrafficType"] == "ALL"


def test_only_the_pipeline_reaches_the_domain_inside_a_vpc(prod: Pipeline) -> None:
    groups = {f"{each.name}.GroupId": each.path for each in prod.all("AWS::EC2::SecurityGroup")}
    rules = [prod.assembly.properties(each) for each in prod.all("AWS::EC2::SecurityGroupIngress")]
    found = {
        (groups[each["SourceSecurityGroupId"]], groups[each["GroupId"]], each["IpProtocol"], each["FromPort"], each["ToPort"])
        for each in rules
    }
    assert found == {
        ("Network/Functions", "Network/KinesisEndpoint", "tcp", 443, 443),
        ("Network/Functions", "Network/SqsEndpoint", "tcp", 443, 443),
        ("Network/Functions", "Domain/Access", "tcp", 443, 443),
        ("DirectPut/Caller", "Domain/Access", "tcp", 443, 443),
    }


def test_nat_gateways_give_the_private_subnets_a_way_out(synthesize: Synthesize) -> None:
    pipeline = synthesize("prod", {"network": {"nat_gateways": 1}})
    assert len(pipeline.all("AWS::EC2::NatGateway")) == 1
    assert len(pipeline.all("AWS::EC2::Subnet")) == 6
    public = [each for each in pipeline.all("AWS::EC2::Subnet") if "nat" in each.path]
    assert [pipeline.assembly.properties(each)["MapPublicIpOnLaunch"] for each in public] == [False] * 3
    function = pipeline.one("AWS::Lambda::Function", "weir-prod-normalise")
    private = [each.ref for each in pipeline.all("AWS::EC2::Subnet") if "pipeline" in each.path]
    assert function["VpcConfig"]["SubnetIds"] == private


def test_without_a_vpc_there_is_no_network(public: Pipeline) -> None:
    assert [each for each in public.assembly.resources.values() if each.type.startswith("AWS::EC2::")] == []
    assert "VpcConfig" not in public.one("AWS::Lambda::Function", "weir-prod-normalise")
    assert "VPCOptions" not in public.one("AWS::OpenSearchService::Domain")
    assert public.grants("Normalise/Role", "ec2:") == []


def test_without_direct_put_there_is_no_delivery_and_no_transform(public: Pipeline) -> None:
    assert {each.name for each in public.all("AWS::KinesisFirehose::DeliveryStream")} == {
        "weir-prod-archive",
        "weir-prod-errors-archive",
    }
    assert "weir-prod-transform" not in {each.name for each in public.all("AWS::Lambda::Function")}
    assert "DirectPutDelivery" not in public.templates["search"]["Outputs"]
    assert not [each.name for each in public.all("AWS::CloudWatch::Alarm") if "direct-put" in str(public.body(each))]
    writers = public.one("AWS::Lambda::Function", "weir-prod-content")["Environment"]["Variables"]["WRITER_ROLE_ARNS"]
    assert writers == ",".join(public.arn("AWS::IAM::Role", path) for path in ("Route/Role", "Report/Role"))


def test_without_a_lake_there_is_no_stack_no_bucket_and_no_alarm_of_it(public: Pipeline) -> None:
    assert "lake" not in public.templates
    assert {each.path for each in public.all("AWS::S3::Bucket")} == {"AccessLogs/Bucket", "Archive/Bucket", "Quarantine/Bucket"}
    assert "LakeBucket" not in public.templates["foundation"]["Outputs"]
    assert not [each.name for each in public.all("AWS::CloudWatch::Alarm") if "lake" in str(public.body(each))]


def test_without_collection_there_is_no_stack_no_queue_and_nobody_let_in_for_it(public: Pipeline, synthesize: Synthesize) -> None:
    assert "collection" not in public.templates
    assert public.all("AWS::SQS::Queue") == []
    assert "s3.amazonaws.com" not in str(public.one("AWS::KMS::Key")["KeyPolicy"])
    assert not [each.name for each in public.all("AWS::CloudWatch::Alarm") if "collect" in str(public.body(each))]
    inside = synthesize("prod", {"collection": {"enabled": False}})
    services = {inside.assembly.properties(each)["ServiceName"] for each in inside.all("AWS::EC2::VPCEndpoint")}
    assert services == {"com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.kinesis-streams"}


def test_provisioned_streams(public: Pipeline) -> None:
    raw = public.one("AWS::Kinesis::Stream", "weir-prod-raw")
    assert (raw["StreamModeDetails"], raw["ShardCount"]) == ({"StreamMode": "PROVISIONED"}, 8)
    errors = public.one("AWS::Kinesis::Stream", "weir-prod-errors")
    assert errors["StreamModeDetails"] == {"StreamMode": "ON_DEMAND"}


def test_two_zones_without_managers(public: Pipeline) -> None:
    assert cluster(public)["ZoneAwarenessConfig"] == {"AvailabilityZoneCount": 2}
    assert cluster(public)["DedicatedMasterEnabled"] is False


def test_one_zone_inside_a_vpc_takes_one_subnet(synthesize: Synthesize) -> None:
    pipeline = synthesize("staging", {"search": {"availability_zones": 1}})
    (first, *_) = [each.ref for each in pipeline.all("AWS::EC2::Subnet")]
    assert pipeline.one("AWS::OpenSearchService::Domain")["VPCOptions"]["SubnetIds"] == [first]
    assert cluster(pipeline)["ZoneAwarenessEnabled"] is False


def test_without_fine_grained_access(public: Pipeline) -> None:
    assert "AdvancedSecurityOptions" not in public.one("AWS::OpenSearchService::Domain")
    variables = public.one("AWS::Lambda::Function", "weir-prod-content")["Environment"]["Variables"]
    assert variables["FINE_GRAINED_ACCESS"] == "false"


def test_subscribers_are_asked(public: Pipeline, prod: Pipeline) -> None:
    topic = public.arn("AWS::SNS::Topic", "Alerts/Topic")
    subscriptions = [public.assembly.properties(each) for each in public.all("AWS::SNS::Subscription")]
    assert [(each["Protocol"], each["Endpoint"], each["TopicArn"]) for each in subscriptions] == [
        ("email", "oncall@example.com", topic),
        ("email", "ops@example.com", topic),
    ]
    assert prod.all("AWS::SNS::Subscription") == []


def test_runtime_and_architecture(public: Pipeline) -> None:
    for function in public.all("AWS::Lambda::Function"):
        properties = public.assembly.properties(function)
        assert (properties["Runtime"], properties["Architectures"]) == ("python3.12", ["x86_64"])
    for layer in public.all("AWS::Lambda::LayerVersion"):
        properties = public.assembly.properties(layer)
        assert (properties["CompatibleRuntimes"], properties["CompatibleArchitectures"]) == (["python3.12"], ["x86_64"])


def test_an_archive_kept_for_ever_in_standard(public: Pipeline) -> None:
    (rule,) = public.one("AWS::S3::Bucket", "Archive/Bucket")["LifecycleConfiguration"]["Rules"]
    assert "Transitions" not in rule
    assert "ExpirationInDays" not in rule


def test_defaults_of_bare_lines(synthesize: Synthesize) -> None:
    changes = {"normalisation": {"default_type": "vpc_flow", "default_tenant": "acme"}}
    pipeline = synthesize("dev", changes)
    for name in ("normalise", "transform"):
        variables = pipeline.one("AWS::Lambda::Function", f"weir-dev-{name}")["Environment"]["Variables"]
        assert (variables["DEFAULT_TYPE"], variables["DEFAULT_TENANT"]) == ("vpc_flow", "acme")


def test_formats_of_flow_logs(synthesize: Synthesize) -> None:
    formats = ["${version} ${vpc-id} ${srcaddr} ${dstaddr} ${action}", "${start} ${end} ${interface-id} ${bytes}"]
    pipeline = synthesize("dev", {"normalisation": {"vpc_flow_formats": formats}})
    for name in ("normalise", "transform"):
        variables = pipeline.one("AWS::Lambda::Function", f"weir-dev-{name}")["Environment"]["Variables"]
        assert variables["VPC_FLOW_FORMATS"] == "version vpc-id srcaddr dstaddr action,start end interface-id bytes"


def test_an_account_pins_every_stack(synthesize: Synthesize) -> None:
    pipeline = synthesize("prod", {"account": {"id": "210987654321", "region": "eu-central-1"}})
    assert {(stack.account, stack.region) for stack in pipeline.assembly.stacks.values()} == {("210987654321", "eu-central-1")}
    # Zones are picked by position, so that nothing has to be looked up.
    assert len(pipeline.all("AWS::EC2::Subnet")) == 3
