"""Macie findings: sensitive data in S3 objects, and policies that weaken a bucket's protection.

Fields: Macie user guide, "Amazon EventBridge event schema for Macie findings"
(https://docs.aws.amazon.com/macie/latest/user/findings-publish-event-schemas.html), and Macie API reference, "Findings"
(https://docs.aws.amazon.com/macie/latest/APIReference/findings-describe.html), whose names are the same. What was found and where
stays as it is in one open object. A policy finding keeps its id through all its updates, so that the id does not identify the
event.
"""

from __future__ import annotations

from common.kinds import FLAG, LONG_WORD, SENTENCE, WHOLE, WORD
from common.logtype import JsonObject, ObjectType
from common.table import Table

_CATEGORIES = {"CLASSIFICATION": ["file"], "POLICY": ["configuration"]}


def recognise(record: JsonObject) -> bool:
    return record["category"] in ("CLASSIFICATION", "POLICY") and isinstance(record["resourcesAffected"], dict)


def _complete(event: JsonObject, rest: JsonObject) -> None:
    category = event.get("aws", {}).get("macie", {}).get("category")
    event["event"]["category"] = _CATEGORIES.get(category, ["intrusion_detection"])


_ACTOR = "policyDetails.actor"
_IDENTITY = f"{_ACTOR}.userIdentity"
_IDENTITIES = ("iamUser", "assumedRole", "federatedUser", "root", "awsAccount")
TABLE = Table(
    {
        "updatedAt": "@timestamp",
        "createdAt": "event.created",
        "severity.score": "event.severity",
        "severity.description": "aws.macie.severity",
        "description": "message",
        "title": "aws.macie.title",
        "id": "aws.macie.id",
        "type": "rule.name",
        "category": "aws.macie.category",
        "count": "aws.macie.count",
        "archived": "aws.macie.archived",
        "sample": "aws.macie.sample",
        "accountId": "cloud.account.id",
        "region": "cloud.region",
        "resourcesAffected.s3Bucket.name": "aws.macie.bucket",
        "resourcesAffected.s3Object.key": "file.path",
        "resourcesAffected.s3Object.size": "file.size",
        "classificationDetails.jobId": "aws.macie.job_id",
        "policyDetails.action.apiCallDetails.api": "event.action",
        "policyDetails.action.apiCallDetails.apiServiceName": "event.provider",
        f"{_IDENTITY}.iamUser.userName": "user.name",
        f"{_IDENTITY}.assumedRole.sessionContext.sessionIssuer.userName": "user.name",
        f"{_IDENTITY}.federatedUser.sessionContext.sessionIssuer.userName": "user.name",
        f"{_IDENTITY}.awsService.invokedBy": "user.name",
        **{f"{_IDENTITY}.{kind}.principalId": "user.id" for kind in _IDENTITIES},
        f"{_IDENTITY}.assumedRole.arn": "aws.macie.role",
        f"{_ACTOR}.domainDetails.domainName": "source.domain",
        f"{_ACTOR}.ipAddressDetails.ipAddressV4": "source.ip",
        f"{_ACTOR}.ipAddressDetails.ipCountry.name": "source.geo.country_name",
        f"{_ACTOR}.ipAddressDetails.ipCountry.code": "source.geo.country_iso_code",
        f"{_ACTOR}.ipAddressDetails.ipCity.name": "source.geo.city_name",
        f"{_ACTOR}.ipAddressDetails.ipGeoLocation": "source.geo.location",
        f"{_ACTOR}.ipAddressDetails.ipOwner.asn": "source.as.number",
        f"{_ACTOR}.ipAddressDetails.ipOwner.asnOrg": "source.as.organization.name",
    },
    own={
        **{f"aws.macie.{name}": WORD for name in ("id", "severity", "category", "bucket", "job_id")},
        "aws.macie.title": SENTENCE,
        "aws.macie.role": LONG_WORD,
        "aws.macie.count": WHOLE,
        "aws.macie.archived": FLAG,
        "aws.macie.sample": FLAG,
    },
    rest="aws.macie.other",
    constants={"event.kind": "alert", "event.type": ["info"]},
    complete=_complete,
)

LOG_TYPE = ObjectType(
    name="macie",
    dataset="aws.macie",
    title="Macie finding",
    page="https://docs.aws.amazon.com/macie/latest/user/findings-publish-event-schemas.html",
    arrival="EventBridge.",
    recognise=recognise,
    parse=TABLE.event,
    own=TABLE.own,
    fields=TABLE.fields,
    keys=("schemaVersion", "category", "resourcesAffected", "type"),
    detail_types=("Macie Finding",),
)
