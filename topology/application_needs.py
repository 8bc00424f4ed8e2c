"""What Flink applications and Studio notebooks need, and who starts them: actions, each with the page it comes from."""

from __future__ import annotations

from topology.use import Access, Use

_MANAGED_FLINK = "https://docs.aws.amazon.com/managed-flink/latest/java"
_CONNECTOR = "https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/datastream/kinesis/"
_KMS = "https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html"
_ACTIONS = "https://docs.aws.amazon.com/service-authorization/latest/reference"

READ_STREAM = Use(
    "the application reads the stream",
    (
        Access(
            ("kinesis:DescribeStreamSummary", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards"),
            ("{arn}",),
            _CONNECTOR,
        ),
        # More than DescribeStreamSummary tells; granted because one grant serves all readers of a stream.
        Access(("kinesis:DescribeStream",), ("{arn}",), _CONNECTOR, required=False),
    ),
    key_actions=("kms:Decrypt",),
    service="kinesis",
    page=_KMS,
)
SUBSCRIBE = Use(
    "the application reads the stream by enhanced fan-out",
    (
        Access(("kinesis:DescribeStreamConsumer", "kinesis:DescribeStreamSummary", "kinesis:ListShards"), ("{arn}",), _CONNECTOR),
        Access(("kinesis:DescribeStreamConsumer", "kinesis:SubscribeToShard"), ("{consumer}",), _CONNECTOR),
    ),
    key_actions=("kms:Decrypt",),
    service="kinesis",
    page=_KMS,
)
OPERATE = Use(
    "the function starts and stops the application",
    (
        Access(
            (
                "kinesisanalytics:DescribeApplication",
                "kinesisanalytics:DescribeApplicationOperation",
                "kinesisanalytics:ListApplicationOperations",
                "kinesisanalytics:StartApplication",
                "kinesisanalytics:StopApplication",
            ),
            ("{arn}",),
            f"{_ACTIONS}/list_amazonkinesisanalyticsv2.html",
        ),
    ),
    key_actions=(
        "kms:CreateGrant",
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
    ),
    service="kinesisanalytics",
    page=f"{_MANAGED_FLINK}/manage-cmk-api.html",
)
READ_APPLICATION_LOG = Use(
    "the function reads why an application does not run",
    (
        Access(
            ("logs:FilterLogEvents",),
            ("{arn}",),
            f"{_ACTIONS}/list_amazoncloudwatchlogs.html",
        ),
    ),
)
GO_ON = Use(
    "the function has itself go on",
    (Access(("lambda:InvokeFunction",), ("{arn}",), "https://docs.aws.amazon.com/lambda/latest/dg/invocation-async.html"),),
)
READ_CODE = Use(
    "the service reads the application's code",
    (Access(("s3:GetObject", "s3:GetObjectVersion"), ("{code}",), f"{_MANAGED_FLINK}/get-started-exercise.html"),),
)
WRITE_APPLICATION_LOG = Use(
    "the application writes its log",
    (
        Access(
            ("logs:DescribeLogGroups",),
            ("arn:aws:logs:{region}:{account}:log-group:*",),
            f"{_MANAGED_FLINK}/cloudwatch-logs.html",
        ),
        Access(
            ("logs:DescribeLogStreams",),
            ("arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:*",),
            f"{_MANAGED_FLINK}/cloudwatch-logs.html",
            within=("arn:aws:logs:{region}:{account}:log-group:{name}:*",),
        ),
        Access(
            ("logs:PutLogEvents",),
            ("arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:{log_stream}",),
            f"{_MANAGED_FLINK}/cloudwatch-logs.html",
            within=("arn:aws:logs:{region}:{account}:log-group:{name}:*",),
        ),
    ),
)
RUN_INSIDE_NETWORK = Use(
    "the application has interfaces in the VPC",
    (
        Access(
            (
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ),
            ("*",),
            f"{_MANAGED_FLINK}/vpc-permissions.html",
        ),
    ),
)
_CATALOG, _DATABASE = "arn:aws:glue:{region}:{account}:catalog", "arn:aws:glue:{region}:{account}:database/{name}"
_STUDIO = f"{_MANAGED_FLINK}/how-zeppelin-appendix-iam.html#how-zeppelin-iam-glue"
READ_CATALOG = Use(
    "the notebook finds tables in the database",
    (
        Access(("glue:GetDatabase",), (_CATALOG, _DATABASE, "arn:aws:glue:{region}:{account}:database/hive"), _STUDIO),
        Access(
            ("glue:GetTable", "glue:GetTables"),
            (_CATALOG, _DATABASE, "arn:aws:glue:{region}:{account}:table/{name}/*"),
            _STUDIO,
        ),
        Access(
            ("glue:GetUserDefinedFunction",),
            (_CATALOG, _DATABASE, "arn:aws:glue:{region}:{account}:userDefinedFunction/{name}/*"),
            _STUDIO,
        ),
        Access(("glue:GetDatabases",), ("*",), _STUDIO),
    ),
)
KEEP_BUILDS = Use(
    "the notebook keeps what it built of a note",
    (
        Access(
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
            ("{arn}",),
            f"{_MANAGED_FLINK}/how-notebook-durable.html",
        ),
        Access(
            ("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"),
            ("{arn}/{prefix}*",),
            f"{_MANAGED_FLINK}/how-notebook-durable.html",
        ),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    service="s3",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
KEEP_SNAPSHOTS = Use(
    "the service encrypts checkpoints and snapshots",
    (),
    key_actions=("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
    service="kinesisanalytics",
    page=f"{_MANAGED_FLINK}/manage-cmk-api.html",
)
KEEP_RUNNING_STATE = Use(
    "the service encrypts running state",
    (),
    key_actions=("kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"),
    service="kinesisanalytics",
    page=f"{_MANAGED_FLINK}/manage-cmk-api.html",
)
