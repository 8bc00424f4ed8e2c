"""Which key a resource is encrypted with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from topology.assembly import Assembly, AssemblyError, Resource

#: Where each type keeps its key (CloudFormation template reference).
_KEY: Mapping[str, Sequence[str | int]] = {
    "AWS::Kinesis::Stream": ("StreamEncryption", "KeyId"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
    "AWS::KinesisAnalyticsV2::Application": ("ApplicationConfiguration", "ApplicationEncryptionConfiguration", "KeyId"),
    "AWS::S3::Bucket": (
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        0,
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::OpenSearchService::Domain": ("EncryptionAtRestOptions", "KmsKeyId"),
    "AWS::Athena::WorkGroup": ("WorkGroupConfiguration", "ResultConfiguration", "EncryptionConfiguration", "KmsKey"),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
}


def key_of(assembly: Assembly, resource: Resource) -> Resource | None:
    """The customer-managed key of a resource; None when AWS's own keys do (or its type has none).

    Raises AssemblyError for a key that is not part of the assembly: what its policy says cannot be read.
    """
    value: object = assembly.properties(resource)
    for step in _KEY.get(resource.type, ()):
        if isinstance(value, dict):
            value = value.get(str(step))
        elif isinstance(value, list):
            value = value[int(step)]
    if not isinstance(value, str) or value.startswith("alias/aws/"):
        return None
    key = assembly.find(value, "AWS::KMS::Key")
    if key is None:
        raise AssemblyError(f"{resource.stack}/{resource.id}: its key {value} is not in the assembly, so its policy is not known")
    return key
