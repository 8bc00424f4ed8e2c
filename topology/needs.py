"""What each kind of transfer needs: the one table of actions, each with the page it comes from."""

from __future__ import annotations

from topology.use import Access, Use

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg"
_FIREHOSE = "https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"

POLL_STREAM = Use(
    "Lambda's poller reads the stream",
    (
        Access(
            (
                "kinesis:DescribeStream",
                "kinesis:DescribeStreamSummary",
                "kinesis:GetRecords",
                "kinesis:GetShardIterator",
                "kinesis:ListShards",
            ),
            ("{arn}",),
            f"{_LAMBDA}/services-kinesis-create.html",
        ),
    ),
    key_actions=("kms:Decrypt",),
    service="kinesis",
    page="https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
)
PUT_RECORDS = Use(
    "batches of records are put",
    (Access(("kinesis:PutRecords",), ("{arn}",), "https://docs.aws.amazon.com/streams/latest/dev/controlling-access.html"),),
    key_actions=("kms:GenerateDataKey",),
    service="kinesis",
    page="https://docs.aws.amazon.com/streams/latest/dev/permissions-user-key-KMS.html",
)
DELIVER_FROM_STREAM = Use(
    "Firehose reads the stream",
    (
        Access(
            ("kinesis:DescribeStream", "kinesis:GetShardIterator", "kinesis:GetRecords", "kinesis:ListShards"),
            ("{arn}",),
            f"{_FIREHOSE}#using-iam-s3",
        ),
        # Less than DescribeStream tells; granted because one grant serves all readers of a stream.
        Access(("kinesis:DescribeStreamSummary",), ("{arn}",), f"{_FIREHOSE}#using-iam-s3", required=False),
    ),
    key_actions=("kms:Decrypt",),
    service="kinesis",
    page=f"{_FIREHOSE}#using-iam-s3",
)
PROCESS = Use(
    "Firehose calls the processor",
    (
        Access(
            ("lambda:InvokeFunction", "lambda:GetFunctionConfiguration"),
            ("{arn}",),
            f"{_FIREHOSE}#using-iam-s3",
            within=("{arn}", "{arn}:*"),
        ),
    ),
)
DELIVER_TO_BUCKET = Use(
    "Firehose writes objects",
    (
        Access(
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"), ("{arn}",), f"{_FIREHOSE}#using-iam-s3"
        ),
        Access(
            ("s3:AbortMultipartUpload", "s3:PutObject"),
            ("{arn}/{prefix}*",),
            f"{_FIREHOSE}#using-iam-s3",
            # A prefix may go on inside of a folder's name: `lake/day=`.
            within=("{arn}/{prefix}*", "{arn}/{folder}*"),
        ),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    service="s3",
    page=f"{_FIREHOSE}#using-iam-s3",
)
DELIVER_TO_DOMAIN = Use(
    "Firehose writes documents",
    (
        Access(("es:DescribeDomain", "es:DescribeDomains", "es:DescribeDomainConfig"), ("{arn}",), f"{_FIREHOSE}#using-iam-es"),
        Access(("es:ESHttpPost", "es:ESHttpPut"), ("{arn}/*",), f"{_FIREHOSE}#using-iam-es"),
        Access(
            ("es:ESHttpGet",),
            (
                "{arn}/_all/_settings",
                "{arn}/_cluster/stats",
                "{arn}/{index}*/_mapping/*",
                "{arn}/_nodes",
                "{arn}/_nodes/stats",
                "{arn}/_nodes/*/stats",
                "{arn}/_stats",
                "{arn}/{index}*/_stats",
            ),
            f"{_FIREHOSE}#using-iam-es",
        ),
    ),
)
DELIVER_TO_COLLECTION = Use(
    "Firehose writes documents",
    (
        Access(("aoss:APIAccessAll",), ("{arn}",), f"{_FIREHOSE}#using-iam-serverless"),
        # Judged by the collection's data access policy, which names indices and not ARNs.
        Access(
            ("aoss:CreateIndex", "aoss:UpdateIndex", "aoss:WriteDocument"),
            ("index/{name}/{index}",),
            f"{_FIREHOSE}#using-iam-serverless",
        ),
    ),
)
READ_COLUMNS = Use(
    "Firehose reads the columns of the table",
    (
        Access(
            ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"),
            (
                "arn:aws:glue:{region}:{account}:catalog",
                "arn:aws:glue:{region}:{account}:database/{database}",
                "arn:aws:glue:{region}:{account}:table/{database}/{table}",
            ),
            f"{_FIREHOSE}#using-iam-glue",
        ),
    ),
)
COMMIT_TO_TABLE = Use(
    "Firehose commits to the Iceberg table",
    (
        Access(
            ("glue:GetDatabase", "glue:GetTable", "glue:UpdateTable"),
            (
                "arn:aws:glue:{region}:{account}:catalog",
                "arn:aws:glue:{region}:{account}:database/{database}",
                "arn:aws:glue:{region}:{account}:table/{database}/{table}",
            ),
            f"{_FIREHOSE}#using-iam-iceberg",
        ),
    ),
)
WRITE_TABLE_FILES = Use(
    "Firehose writes the files of the Iceberg table",
    (
        Access(
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"),
            ("{arn}",),
            f"{_FIREHOSE}#using-iam-iceberg",
        ),
        Access(
            ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
            ("{arn}/{location}*",),
            f"{_FIREHOSE}#using-iam-iceberg",
            within=("{arn}/{location}*", "{arn}/{folder}/*"),
        ),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    service="s3",
    page=f"{_FIREHOSE}#using-iam-iceberg",
)
STAGE_FOR_COPY = Use(
    "Firehose leaves objects for COPY, and lets it read them",
    (
        Access(
            ("s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"), ("{arn}",), f"{_FIREHOSE}#using-iam-rs"
        ),
        # Also the manifests, of which the page says no place: the whole bucket, as it does.
        Access(("s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"), ("{arn}/*",), f"{_FIREHOSE}#using-iam-rs"),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    service="s3",
    page=f"{_FIREHOSE}#using-iam-rs",
)
READ_CREDENTIALS = Use(
    "Firehose reads the credentials",
    (
        Access(
            ("secretsmanager:GetSecretValue",),
            ("{arn}",),
            "https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-how.html",
        ),
    ),
    key_actions=("kms:Decrypt",),
    service="secretsmanager",
    page="https://docs.aws.amazon.com/firehose/latest/dev/secrets-manager-how.html",
)
KEEP_FAILED_BATCH = Use(
    "Lambda leaves a batch that kept failing",
    (
        Access(("s3:ListBucket",), ("{arn}",), f"{_LAMBDA}/kinesis-on-failure-destination.html"),
        # The object is named aws/lambda/<mapping>/<shard>/….
        Access(("s3:PutObject",), ("{arn}/aws/lambda/*",), f"{_LAMBDA}/kinesis-on-failure-destination.html"),
    ),
    key_actions=("kms:GenerateDataKey",),
    service="s3",
    page=f"{_LAMBDA}/kinesis-on-failure-destination.html",
)
STORE_OVERSIZED = Use(
    "the function stores events larger than their stream takes",
    (Access(("s3:PutObject",), ("{arn}/oversized/*",), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html"),),
    key_actions=("kms:GenerateDataKey",),
    service="s3",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
READ_LOOKUP = Use(
    "the function reads a file that events are enriched by",
    (Access(("s3:GetObject",), ("{arn}/{object}",), "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html"),),
    key_actions=("kms:Decrypt",),
    service="s3",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
READ_MASTER_DATA = Use(
    "master data is queried",
    (Access(("dynamodb:Query",), ("{arn}",), "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html"),),
    key_actions=("kms:Decrypt",),
    service="dynamodb",
    page="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html",
)
INDEX_DOCUMENTS = Use(
    "the function indexes documents by bulk",
    (Access(("es:ESHttpPost",), ("{arn}/_bulk",), "https://docs.opensearch.org/latest/api-reference/document-apis/bulk/"),),
)
APPLY_TEMPLATES = Use(
    "the function applies index templates",
    (
        Access(
            ("es:ESHttpPut",),
            ("{arn}/_component_template/*", "{arn}/_index_template/*"),
            "https://docs.opensearch.org/latest/im-plugin/index-templates/",
        ),
    ),
)
APPLY_ROLES = Use(
    "the function applies roles and who has them",
    (
        Access(
            ("es:ESHttpPut",),
            ("{arn}/_plugins/_security/api/roles/*", "{arn}/_plugins/_security/api/rolesmapping/*"),
            "https://docs.opensearch.org/latest/security/access-control/api/",
        ),
    ),
)
POLL_QUEUE = Use(
    "Lambda's poller reads the queue",
    (
        Access(
            ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"),
            ("{arn}",),
            f"{_LAMBDA}/services-sqs-configure.html",
        ),
    ),
    key_actions=("kms:Decrypt",),
    service="sqs",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
SEND_MESSAGES = Use(
    "the function sends messages",
    (
        Access(
            ("sqs:SendMessage",),
            ("{arn}",),
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html",
        ),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    service="sqs",
    page="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
)
NOTIFY_QUEUE = Use(
    "the queue is told of each object",
    (
        Access(
            ("sqs:SendMessage",),
            ("{arn}",),
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
        ),
    ),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
)
READ_OBJECTS = Use(
    "the function reads the objects it is told of",
    (
        Access(
            ("s3:GetObject", "s3:GetObjectVersion"),
            ("{arn}/{prefix}*",),
            "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html",
        ),
    ),
    key_actions=("kms:Decrypt",),
    service="s3",
    page="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
DECRYPT_OBJECTS = Use(
    "the function reads objects of another key",
    (
        # The key's own policy is not in the assembly, and may do without the role's.
        Access(
            ("kms:Decrypt",),
            ("{key_arn}",),
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
            required=False,
        ),
    ),
)
PUBLISH_ALARM = Use(
    "an alarm publishes to the topic",
    (Access(("sns:Publish",), ("{arn}",), "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html"),),
    key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
    page="https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
)
DELIVER_ACCESS_LOGS = Use(
    "S3 writes the bucket's access logs",
    (
        Access(
            ("s3:PutObject",),
            ("{arn}/{prefix}*",),
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html",
        ),
    ),
)
# What a node needs by itself.
ASSUME_ROLE = Use(
    "the service acts with the role",
    (
        Access(
            ("sts:AssumeRole",), ("{arn}",), "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-service.html"
        ),
    ),
)
WRITE_OWN_LOG = Use(
    "the function writes its log",
    (
        Access(
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            ("arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:*",),
            f"{_LAMBDA}/monitoring-cloudwatchlogs.html",
            within=("arn:aws:logs:{region}:{account}:log-group:{name}:*",),
        ),
    ),
)
REPORT_DELIVERY_ERRORS = Use(
    "Firehose reports what it could not deliver",
    (
        Access(
            ("logs:PutLogEvents",),
            ("arn:aws:logs:{region}:{account}:log-group:{name}:log-stream:{log_stream}",),
            f"{_FIREHOSE}#using-iam-s3",
            within=("arn:aws:logs:{region}:{account}:log-group:{name}:*",),
        ),
    ),
)
TRACE = Use(
    "the function is traced",
    (Access(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",), f"{_LAMBDA}/services-xray.html"),),
)
JOIN_NETWORK = Use(
    "the function has interfaces in the VPC",
    (
        Access(
            (
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:UnassignPrivateIpAddresses",
            ),
            ("*",),
            f"{_LAMBDA}/configuration-vpc.html",
        ),
    ),
)
DELIVER_INSIDE_NETWORK = Use(
    "Firehose has interfaces in the VPC",
    (
        Access(
            (
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcAttribute",
                "ec2:DescribeVpcs",
            ),
            ("*",),
            f"{_FIREHOSE}#using-iam-es-vpc",
        ),
    ),
)
ENCRYPT_LOG = Use(
    "CloudWatch Logs encrypts the log group",
    (),
    key_actions=("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    page="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
)
