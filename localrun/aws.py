"""Clients of the embedded AWS.

The emulator enforces IAM: the keys `test` are the account's root, and a session got by AssumeRole may do what its role may.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
import botocore.session
import orjson
from botocore.config import Config
from botocore.utils import parse_timestamp
from pybase64 import b64decode

from common.put_records import hasten

ACCOUNT = "000000000000"
REGION = "us-east-1"
ROOT_KEY = "test"

#: Proxies off: the endpoint is this machine. Path style: a bucket is no host name here.
CLIENT_CONFIG = Config(
    proxies={},
    s3={"addressing_style": "path"},
    retries={"total_max_attempts": 3, "mode": "standard"},
    max_pool_connections=50,
    tcp_keepalive=True,
)


@lru_cache(maxsize=1_024)
def parse_time(value: Any) -> datetime:
    """A time in an answer. Botocore works out the local time zone for each, which costs more than the rest of a record; records
    that were put together have one time."""
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else parse_timestamp(value)


def parse_records(**hook: Any) -> None:
    """The records of a GetRecords answer, as botocore gives them: it walks a model of each, which costs a reader half its CPU."""
    response = hook["response_dict"]
    if response["status_code"] != 200:
        return
    answer = orjson.loads(response["body"])
    records = answer.pop("Records")
    for record in records:
        record["Data"] = b64decode(record["Data"])
        record["ApproximateArrivalTimestamp"] = parse_time(record["ApproximateArrivalTimestamp"])
    response["body"] = orjson.dumps(answer)
    hook["customized_response_dict"]["Records"] = records


class _LocalCore(botocore.session.Session):
    """Sends every client of the session to one endpoint, whatever the environment or a profile says."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._local_endpoint = endpoint
        self.set_default_client_config(CLIENT_CONFIG)
        self.register("before-parse.kinesis.GetRecords", parse_records)
        hasten(self)
        self.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=parse_time)

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        kwargs["endpoint_url"] = kwargs.get("endpoint_url") or self._local_endpoint
        return super().create_client(*args, **kwargs)


def _local_session(endpoint: str, key: str, secret: str, token: str | None = None) -> boto3.Session:
    return boto3.Session(
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
        region_name=REGION,
        botocore_session=_LocalCore(endpoint),
    )


def session(endpoint: str) -> boto3.Session:
    """Session of the account's root user; `endpoint` is the emulator's URL, e.g. http://127.0.0.1:4566."""
    return _local_session(endpoint, ROOT_KEY, ROOT_KEY)


def role_credentials(endpoint: str, role_arn: str, session_name: str) -> dict[str, str]:
    """Credentials of an assumed role, as the environment variables every AWS client reads.

    Raises botocore's ClientError if there is no such role.
    """
    assumed = session(endpoint).client("sts").assume_role(RoleArn=role_arn, RoleSessionName=session_name)["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": assumed["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": assumed["SecretAccessKey"],
        "AWS_SESSION_TOKEN": assumed["SessionToken"],
    }


def role_session(endpoint: str, role_arn: str, session_name: str) -> boto3.Session:
    """Session with the permissions of a deployed role. Raises botocore's ClientError if there is no such role."""
    keys = role_credentials(endpoint, role_arn, session_name)
    return _local_session(endpoint, keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys["AWS_SESSION_TOKEN"])


def program_environment(endpoint: str, credentials: dict[str, str] | None = None) -> dict[str, str]:
    """Environment of a program that must reach the emulator and nothing else: this one's, without the user's own AWS settings."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    bypass = ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost")))
    keys = credentials or {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_KEY}
    return (
        environment
        | keys
        | {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": bypass,
            "no_proxy": bypass,
        }
    )
